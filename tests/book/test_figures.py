"""Every figure of the chapters in the built page: each control by mouse, keyboard and touch, in both themes, on a
desktop and on a phone; what it tells in words; sizes."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.book.conftest import open_page
from tests.helpers.chapter_figures import NAMES, chapter_figures
from tests.helpers.operate_figures import PICTURE, controls, operate, picture

SCREENS = {
    "desktop": {"viewport": {"width": 1300, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
}

# Controls that change numbers alone, or what the next step will do.
WORDS_ALONE = {"let the attention learn, too", "δ1, rank margin", "margin", "tell the expression"}

FITS = "figure => figure.scrollWidth <= figure.clientWidth"
LETTERS = """figure => [...figure.querySelectorAll(".fer-stage svg text")].map(
    text => [text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize), text.textContent])"""


@pytest.fixture(scope="module", params=["light", "dark"])
def theme(request):
    return request.param


@pytest.fixture(scope="module", params=SCREENS)
def page(browser, figures_page, theme, request):
    problems: list[str] = []
    page = open_page(browser, figures_page.as_uri(), problems, color_scheme=theme, **SCREENS[request.param])
    page.problems, page.ways = problems, ["keyboard", "touch" if request.param == "phone" else "mouse"]
    yield page
    page.context.close()


def find(page, name):
    """A figure that is drawn, with its faces."""
    figure = page.locator(f".fer-figure[id^=fer-{name.replace('_', '-')}-]")
    figure.scroll_into_view_if_needed()
    expect(figure.get_by_role("status")).not_to_be_empty()
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    return figure


def start_again(figure, at_first: str, words: str) -> None:
    figure.get_by_role("button", name="Start again").click()
    expect(figure.get_by_role("status")).to_have_text(words)
    figure.page.wait_for_function(
        f"([figure, first]) => ({PICTURE})(figure) === first", arg=[figure.element_handle(), at_first]
    )


def test_every_figure_of_the_book_is_here():
    assert sorted(chapter_figures()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_control_changes_picture_and_words_and_can_be_undone(page, name):
    figure = find(page, name)
    status = figure.get_by_role("status")
    at_first, words = picture(figure), status.inner_text()
    for label in controls(figure):
        for way in page.ways:
            operate(controls(figure)[label], way)
            expect(status).not_to_have_text(words)
            if label not in WORDS_ALONE:
                page.wait_for_function(
                    f"([figure, first]) => ({PICTURE})(figure) !== first", arg=[figure.element_handle(), at_first]
                )
            start_again(figure, at_first, words)
    assert page.problems == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_heard_is_what_is_seen(page, name):
    figure = find(page, name)
    for label, control in controls(figure).items():
        role = {"range": "slider", "select-one": "combobox", "checkbox": "checkbox"}.get(
            control.evaluate("node => node.type"), "button"
        )
        expect(control).to_have_role(role)
        expect(control).to_have_accessible_name(label)
    assert figure.locator("[role=status], [aria-live], output").count() == 1
    described = figure.locator(".fer-description p").last.text_content()
    assert described == f"Now: {figure.get_by_role('status').text_content()}"
    for drawing in figure.locator(".fer-stage :is(svg, canvas, img, .fer-card):not([aria-hidden=true])").all():
        assert drawing.get_attribute("aria-label")


@pytest.mark.parametrize("name", NAMES)
def test_letters_and_controls_are_large_enough(page, name):
    figure = find(page, name)
    for control in figure.locator("input, select, button, summary").all():
        assert control.bounding_box()["height"] >= 24
    assert [(size, text) for size, text in figure.evaluate(LETTERS) if size < 10] == []
    assert figure.evaluate(FITS)


@pytest.fixture
def visit_figures(browser, figures_page):
    """``visit_figures(...)``: the page, in a context with these settings; ``visit_figures.problems`` as everywhere."""

    def visit(**settings):
        opened.append(open_page(browser, figures_page.as_uri(), visit.problems, **settings))
        return opened[-1]

    visit.problems, opened = [], []
    yield visit
    for page in opened:
        page.context.close()


def test_no_figure_scrolls_sideways_on_the_smallest_phone(visit_figures):
    page = visit_figures(viewport={"width": 320, "height": 640})
    too_wide = [
        name for name in NAMES if find(page, name).evaluate("figure => figure.scrollWidth > figure.clientWidth")
    ]
    assert too_wide == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_controls_and_words_stay_in_sight_on_a_phone(visit_figures):
    figure = find(visit_figures(**SCREENS["phone"]), "scn_batch")
    figure.locator(".fer-card").last.evaluate("card => card.scrollIntoView({ block: 'center' })")
    expect(figure.get_by_label("δ2, relabel margin")).to_be_in_viewport(ratio=1)
    expect(figure.get_by_role("status")).to_be_in_viewport(ratio=1)


def stop_clock(page) -> None:
    """From now on time in the page passes when the test says so; what was said before is long ago."""
    tomorrow = datetime.now() + timedelta(days=1)
    page.clock.install(time=tomorrow)
    page.clock.pause_at(tomorrow + timedelta(minutes=1))


def test_a_film_is_shown_frame_by_frame_and_read_out_now_and_then(visit_figures):
    page = visit_figures()
    figure = find(page, "center_loss_training")
    status, epoch = figure.get_by_role("status"), figure.get_by_label("epoch")
    stop_clock(page)
    figure.get_by_role("button", name="Play").click()
    read_out = []
    for frame in range(4):
        assert epoch.input_value() == str(frame)
        expect(status).to_contain_text(f"After epoch {frame + 1},")
        read_out.append(status.get_attribute("aria-live"))
        page.clock.run_for(700)
    assert read_out == ["polite", "off", "off", "off"]
    figure.get_by_role("button", name="Pause").click()
    assert status.get_attribute("aria-live") == "polite"
    page.clock.run_for(7000)
    assert epoch.input_value() == "4"


def test_who_asked_for_less_motion_steps_by_hand(visit_figures):
    page = visit_figures(reduced_motion="reduce")
    figure = find(page, "center_loss_training")
    stop_clock(page)
    for frame in range(3):
        figure.get_by_role("button", name="Play one epoch").click()
        page.clock.run_for(7000)
        assert figure.get_by_label("epoch").input_value() == str(frame)


def test_what_attention_selects_matters_to_one_strategy_alone(visit_figures):
    figure = find(visit_figures(), "tcl_negatives")
    strategy, selects = (
        figure.get_by_role("combobox", name=name, exact=True) for name in ("negative", "attention selects")
    )
    for text in strategy.locator("option").all_inner_texts():
        strategy.select_option(label=text)
        assert selects.is_enabled() == (text == "semi-synthesized")
    strategy.select_option(label="semi-synthesized")
    before, words = picture(figure), figure.get_by_role("status").inner_text()
    selects.select_option(label="x2")
    assert picture(figure) != before
    assert figure.get_by_role("status").inner_text() != words


@pytest.mark.parametrize("place", [(0.3, 0.3), (0.1, 0.9), (0.7, 0.55), (0.25, 0.6)])
def test_no_line_runs_through_the_name_of_the_samples_class(visit_figures, place):
    figure = find(visit_figures(), "tcl_negatives")
    plane = figure.get_by_role("img")
    box = plane.bounding_box()
    plane.click(position={"x": place[0] * box["width"], "y": place[1] * box["height"]})
    name = figure.locator("svg text", has_text="neutral")
    left, top, width, height = name.evaluate("text => ['x', 'y', 'width', 'height'].map(what => text.getBBox()[what])")
    (x1, y1), (x2, y2) = (
        map(float, point.split(",")) for point in figure.locator("polyline").first.get_attribute("points").split()
    )
    for share in range(101):
        x, y = x1 + share / 100 * (x2 - x1), y1 + share / 100 * (y2 - y1)
        assert not (left < x < left + width and top < y < top + height)
