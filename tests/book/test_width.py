"""Nothing is cut: what is wider than its column breaks, or can be scrolled by eye, by hand and by keyboard."""

FOLDS = "for (const fold of document.querySelectorAll('details')) fold.open = true"

# What is too wide, outside the interactive figures: its kind, by how much, how it begins, whether it can be scrolled.
WIDE = """() => {
  const kinds = {
    formula: ".bd-article .formula",
    output: ".bd-article .cell_output pre",
    table: ".bd-article .text_html > div:has(> table.dataframe), .bd-article .pst-scrollable-table-container",
    code: ".bd-article pre:not(.cell_output pre)",
  };
  const wide = [];
  for (const [kind, selector] of Object.entries(kinds)) {
    for (const box of document.querySelectorAll(selector)) {
      const over = box.scrollWidth - box.clientWidth;
      if (over <= 1 || box.closest(".fer-figure") || !box.checkVisibility()) continue;
      const reachable = box.tabIndex === 0 && box.hasAttribute("aria-label");
      const visible = getComputedStyle(box).overflowX === "auto" && box.classList.contains("more-to-the-right");
      wide.push([kind, over, box.innerText.slice(0, 60), reachable && visible]);
    }
  }
  return wide;
}"""
# What is wider than the column and does not scroll by itself is cut or hangs out.
HANGING = """() => {
  const column = (document.querySelector(".bd-article") || document.querySelector("main")).getBoundingClientRect();
  const scrolling = "pre, .formula, .pst-scrollable-table-container, .text_html > div:has(> table.dataframe)";
  return [...document.querySelectorAll(".bd-article :is(table, pre, span.math, img, .fer-plot, p, li, dd)")]
    .filter((node) => node.checkVisibility() && !node.closest(`.fer-figure, ${scrolling}`))
    .filter((node) => node.getBoundingClientRect().right > column.right + 1)
    .map((node) => `${node.nodeName} ${node.textContent.slice(0, 60)}`);
}"""


def opened(visit, name, width):
    page = visit(name, width=width)
    page.evaluate(FOLDS)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page


def test_on_a_desktop_only_code_may_be_wider_than_its_column(visit, names):
    cut = []
    for name in names:
        page = opened(visit, name, 1300)
        cut += [f"{name}: {kind} by {over}: {text}" for kind, over, text, _ in page.evaluate(WIDE) if kind != "code"]
        page.close()
    assert cut == []


def test_what_is_too_wide_can_be_scrolled(visit, names):
    stuck, seen = [], 0
    for width in (1300, 390):
        for name in names:
            page = opened(visit, name, width)
            wide = page.evaluate(WIDE)
            seen += len(wide)
            stuck += [f"{name} at {width}: {kind}: {text}" for kind, _, text, scrolls in wide if not scrolls]
            stuck += [f"{name} at {width}: {text}" for text in page.evaluate(HANGING)]
            page.close()
    assert stuck == []
    assert seen


def test_the_keyboard_scrolls_what_is_too_wide(visit):
    page = opened(visit, "scn.html", 390)
    box = page.locator(".bd-article .formula[tabindex='0']").first
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_what_fits_is_no_stop_of_the_tab_key(visit):
    page = visit("figure_to_operate.html")
    assert page.locator(".bd-article .formula").get_attribute("tabindex") is None
