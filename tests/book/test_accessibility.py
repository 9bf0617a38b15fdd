"""What axe-core finds, in both themes, on a desktop and on a phone, with every fold open; how far the Tab key goes."""

import shutil
import subprocess
import tarfile

import pytest

PACKAGE = "axe-core@4.14.1"
AT_MOST = 20  # presses of the Tab key
FOLDS = "for (const fold of document.querySelectorAll('details')) fold.open = true"
VIOLATIONS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`));
}"""


@pytest.fixture(scope="session")
def axe(request) -> str:
    """The script of axe-core, fetched once into pytest's cache."""
    folder = request.config.cache.mkdir(PACKAGE.replace("@", "-"))
    script = folder / "axe.min.js"
    if not script.exists():
        if shutil.which("npm") is None:
            pytest.skip("no npm here: install Node.js to test the pages with axe-core")
        fetched = subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, capture_output=True, text=True)
        if fetched.returncode:
            pytest.skip(f"npm could not fetch {PACKAGE}, so the pages are not tested with it: {fetched.stderr[-200:]}")
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            content = archive.extractfile("package/axe.min.js").read()
        script.write_bytes(content)
    return script.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [1300, 390])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_nothing_serious(visit, names, axe, color_scheme, width):
    found = []
    for name in names:
        page = visit(name, color_scheme, width=width)
        page.add_style_tag(content="* { transition: none !important; }")  # judged at rest, not while colors change
        page.evaluate(FOLDS)
        page.evaluate(axe)
        if violations := page.evaluate(VIOLATIONS):  # seen once, on a busy machine, of a page still between two themes
            page.wait_for_timeout(2000)
            violations = page.evaluate(VIOLATIONS)
        found += [f"{name}: {violation}" for violation in violations]
        page.close()
    assert found == []


def test_the_first_figure_is_a_few_tabs_away(visit, names):
    """By the link at the top of the page, past contents, code and text."""
    far, seen = [], 0
    for name in names:
        page = visit(name)
        if not page.locator(".fer-figure").count():
            continue
        seen += 1
        for _ in range(AT_MOST):
            page.keyboard.press("Tab")
            if page.evaluate("Boolean(document.activeElement.closest('.fer-figure'))"):
                break
            if page.evaluate("document.activeElement.textContent") == "Skip to the first figure":
                page.keyboard.press("Enter")
        else:
            far.append(f"{name}: not within {AT_MOST} tabs")
        page.close()
    assert far == []
    assert seen > 5


def test_what_was_printed_has_no_copy_button(visit):
    page = visit("dacl.html")
    page.locator(".cell_input .copybtn").first.wait_for(state="attached")
    assert page.locator(".cell_output .copybtn").count() == 0


def test_a_fold_is_called_what_is_written_on_it(visit):
    page = visit("dacl.html")
    assert page.locator("details.admonition > summary[aria-label]").count() == 0
    assert page.get_by_text("Show code cell content").count()
