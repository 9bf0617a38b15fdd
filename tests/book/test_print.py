"""On paper: black on white from either theme, and nothing cut at the edge."""

import pytest

BRIGHTNESS = """() => [...document.querySelectorAll(".bd-article :is(p, li, pre, h1, h2, td, math)")].map((node) => {
  const [red, green, blue] = getComputedStyle(node).color.match(/\\d+/g).map(Number);
  return [0.3 * red + 0.6 * green + 0.1 * blue, node.textContent.slice(0, 40)];
})"""
CUT = """() => [...document.querySelectorAll(".bd-article :is(pre, .formula, table)")]
  .filter((box) => !box.closest(".fer-figure") && box.checkVisibility())
  .filter((box) => box.scrollWidth > box.clientWidth + 1
    || box.getBoundingClientRect().right > document.querySelector(".bd-article").getBoundingClientRect().right + 1)
  .map((box) => box.textContent.trim().slice(0, 60))"""
PAPER = 718  # pixels: A4 between the margins of a browser


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_paper_is_black_on_white(visit, color_scheme):
    page = visit("dacl.html", color_scheme)
    page.emulate_media(media="print", color_scheme=color_scheme)
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    pale = [text for brightness, text in page.evaluate(BRIGHTNESS) if brightness > 100]
    assert pale == []
    for selector in ("body", ".bd-article"):
        background = page.locator(selector).evaluate("node => getComputedStyle(node).backgroundColor")
        assert background in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    page.emulate_media(media="screen", color_scheme=color_scheme)
    page.wait_for_function(f"document.documentElement.dataset.theme === '{color_scheme}'")


def test_paper_cuts_nothing(visit, names):
    cut = []
    for name in names:
        page = visit(name, width=PAPER)
        page.emulate_media(media="print")
        cut += [f"{name}: {text}" for text in page.evaluate(CUT)]
        page.close()
    assert cut == []
