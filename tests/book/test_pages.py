"""The built pages in a browser without a network: nothing is fetched, nothing fails, figures react, phones can read."""

import re

import pytest
from fontTools.ttLib import TTFont

from tools import notebooks

FONTS = notebooks.REPOSITORY / "book" / "_static" / "icons"
FIGURE = "figure_to_operate.html"


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_every_page_needs_no_network_and_logs_no_error(visit, pages, color_scheme):
    for path in sorted(pages.rglob("*.html")):
        name = str(path.relative_to(pages))
        if name.startswith("_static"):
            continue
        page = visit(name, color_scheme)
        for figure in page.locator(".fer-figure").all():
            figure.locator(".fer-caption").wait_for()
            drawn = figure.locator(".fer-stage").evaluate("stage => stage.childNodes.length")
            if not drawn or figure.locator(".fer-error").count():
                visit.problems.append(f"{name}: a figure drew nothing: {figure.inner_text()[:200]}")
        if page.evaluate("document.documentElement.dataset.theme") != color_scheme:
            visit.problems.append(f"{name}: not in {color_scheme} colors")
        page.close()
    assert visit.problems == []


def test_every_page_fits_a_phone(visit, names):
    for name in names:
        page = visit(name, width=390)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            visit.problems.append(f"{name} is {width} pixels wide")
        page.close()
    assert visit.problems == []


def test_every_picture_has_words(visit, names):
    for name in names:
        page = visit(name)
        for image in page.locator("article :is(img, .fer-plot)").all():
            alt = image.get_attribute("alt") or image.get_attribute("aria-label") or ""
            if not alt.strip() or "_images/" in alt:  # Sphinx puts the file's name where there are no words
                visit.problems.append(f"{name}: {image.evaluate('node => node.outerHTML')[:60]} has no description")
        page.close()
    assert visit.problems == []


@pytest.mark.parametrize(("width", "height"), [(1300, 900), (390, 844)])
def test_there_is_a_figure_to_operate_within_six_screens(visit, width, height):
    far = []
    for path in notebooks.find():
        if "InteractiveFigure(" not in path.read_text(encoding="utf-8"):
            continue
        page = visit(f"{path.stem}.html", width=width)
        top = page.locator(".fer-figure").first.evaluate("figure => figure.getBoundingClientRect().top + scrollY")
        if top > 6 * height:
            far.append(f"{path.stem}: {top / height:.1f} screens")
        page.close()
    assert far == []


def test_formulas_are_typeset_and_numbered(visit):
    page = visit(FIGURE)
    assert page.locator("div.math math[display=block] mfrac").count() == 1
    assert page.locator("div.math .eqno").inner_text().startswith("(")
    assert page.locator("a.reference.internal", has_text=re.compile(r"equation \(\d")).count() == 1
    assert visit.problems == []


def test_a_figure_follows_keyboard_and_mouse(visit):
    page = visit(FIGURE)
    label = page.locator(".fer-figure output")
    label.get_by_text("neutral", exact=True).wait_for()
    page.get_by_label("word", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert label.inner_text() == "happiness"
    page.keyboard.press("End")
    assert label.inner_text() == "</script>surprise"
    page.get_by_role("button", name="reset").click()
    assert label.inner_text() == "neutral"
    assert visit.problems == []


def test_a_figure_changes_colors_with_the_page(visit):
    page = visit(FIGURE)
    figure = page.locator(".fer-figure")
    figure.locator("output").wait_for()
    seen = set()
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.wait_for_function("document.querySelector('.fer-stage').dataset.redrawn")
        seen.add(
            figure.evaluate("node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor].join()")
        )
    assert len(seen) == 2
    assert visit.problems == []


def test_a_figure_says_what_it_shows(visit):
    page = visit(FIGURE)
    figure = page.get_by_role("group", name="Move the slider.")
    description = figure.get_by_text("A word that changes.")
    assert not description.is_visible()
    figure.get_by_text("Description in words").click()
    assert description.is_visible()


def test_without_scripts_the_words_remain(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / FIGURE).as_uri())
    assert page.get_by_text("A word that changes.").is_visible()
    context.close()


def test_search_works_from_disk_and_quotes(visit):
    page = visit("search.html", query="?q=happiness")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li .context mark").first.inner_text().lower().startswith("happ")
    assert visit.problems == []


def test_a_chapter_opens_in_colab_and_is_downloaded_as_its_plain_notebook_and_edited_as_its_source(pages):
    links = re.findall(r'href="([^"]+)"', (pages / "dacl.html").read_text())
    project = "github.com/fer-tutorial/fer-tutorial"
    assert f"https://colab.research.google.com/{project.replace('.com', '')}/blob/main/notebooks/dacl.ipynb" in links
    assert f"https://{project}/edit/main/book/dacl.ipynb" in links
    assert "_sources/dacl.ipynb" in links
    assert (pages / "_sources" / "dacl.ipynb").read_text() == (
        notebooks.REPOSITORY / "notebooks" / "dacl.ipynb"
    ).read_text()


def test_search_finds_both_spellings(visit):
    found = []
    for word in ("regularization", "regularisation"):
        page = visit("search.html", query=f"?q={word}")
        page.locator("#search-results li .context").first.wait_for()
        page.get_by_text("Search finished").wait_for()
        found.append(page.locator("#search-results li a").all_inner_texts())
    # Names in the code have one spelling.
    british, american = ({title for title in titles if not title.startswith("fer_tutorial.")} for titles in found)
    assert british == american


def test_citations_and_bibliography_share_a_style(visit):
    page = visit("bibliography.html")
    entries = page.locator("ul.references > li").all_inner_texts()
    assert any(entry.startswith("Wang, Kai") for entry in entries)
    assert not [entry for entry in entries if entry.startswith("[")]


def test_every_icon_is_in_the_font(visit):
    for name in ("index.html", "scn.html"):
        page = visit(name)
        icons = page.evaluate(
            """[...document.querySelectorAll("i[class*='fa'], span[class*='fa-']")]
                .map((icon) => [icon.className, getComputedStyle(icon, "::before").content])"""
        )
        assert icons
        drawn = {FONTS / "icons.woff", FONTS / "github.woff"}
        known = {chr(code) for font in drawn for code in TTFont(font).getBestCmap()}
        assert [icon for icon, content in icons if content.strip('"') not in known] == []
