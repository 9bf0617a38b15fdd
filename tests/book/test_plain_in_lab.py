"""A plain notebook in JupyterLab: nothing of MyST is left, every formula is typeset, hints and solutions are folded."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.book.test_plain_notebooks import code, tokens, words
from tools.notebooks import REPOSITORY

CHAPTER = "dacl"

# What stands in the texts; JupyterLab hides what is out of sight, so it is not asked what is seen.
WORDS = """texts => texts.map(text => {
  const words = text.cloneNode(true);
  for (const other of words.querySelectorAll("code, mjx-container")) other.remove();
  return words.textContent;
}).join("\\n")"""


@pytest.fixture(scope="module")
def notebook(lab, browser):
    """The page of the notebook once JupyterLab has rendered all of it, which it does in its spare time."""
    address, folder, token = lab
    shutil.copy(REPOSITORY / "notebooks" / f"{CHAPTER}.ipynb", folder)
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.goto(f"{address}doc/tree/{CHAPTER}.ipynb?token={token}")
    rendered = page.locator(".jp-MarkdownCell .jp-RenderedMarkdown")
    expect(rendered).to_have_count(len(words(CHAPTER)), timeout=180_000)
    yield page
    context.close()


def test_nothing_of_myst_is_left(notebook):
    texts = notebook.locator(".jp-MarkdownCell .jp-RenderedMarkdown")
    seen = texts.evaluate_all(WORDS)
    assert "Attention that fades" in seen
    assert not re.search(r"\{[a-z:+-]+\}|^\([\w-]+\)=|\$\$|\\(frac|tag|begin)", seen, re.MULTILINE)
    assert not [listing for listing in texts.locator("pre").all_text_contents() if listing.startswith((":", "* -"))]


def test_every_formula_is_typeset_and_has_its_number(notebook):
    typed = "\n\n".join(words(CHAPTER))
    formulas = sum(token.type == "math_block" for token in tokens(typed))
    expect(notebook.locator(".jp-MarkdownCell mjx-container[display=true]")).to_have_count(formulas)
    numbers = notebook.locator("mjx-assistive-mml mlabeledtr > mtd:first-child").all_text_contents()
    assert numbers == [f"({number})" for number in re.findall(r"\\tag\{([\d.]+)\}", typed)]
    assert notebook.locator("mjx-merror, [data-mjx-error]").count() == 0


def test_hints_solutions_and_set_up_are_folded(notebook):
    details = notebook.locator(".jp-MarkdownCell details")
    expect(details).to_have_count("\n".join(words(CHAPTER)).count("<details>"))
    assert notebook.locator(".jp-MarkdownCell details[open]").count() == 0
    folded = [cell for cell in code(CHAPTER) if cell.metadata.get("jupyter", {}).get("source_hidden")]
    expect(notebook.locator(".jp-CodeCell .jp-InputPlaceholder")).to_have_count(len(folded))


def test_a_reference_leads_to_its_equation(notebook):
    link = notebook.locator(".jp-MarkdownCell a[href^='#eq-']").first
    equation = notebook.locator(
        ".jp-Cell", has=notebook.locator(f"[data-jupyter-id='{link.get_attribute('href')[1:]}']")
    )
    expect(equation).not_to_be_in_viewport()
    link.click()
    expect(equation).to_be_in_viewport(timeout=30_000)


def test_every_plot_is_seen_though_the_notebook_is_not_trusted(notebook):
    previews = [
        output
        for cell in code(CHAPTER)
        for output in cell.outputs
        if {"image/png", "image/jpeg"}.intersection(output.get("data", {}))
    ]
    assert len(previews) >= 8
    pictures = notebook.locator(".jp-OutputArea-output.jp-RenderedImage img")
    expect(pictures).to_have_count(len(previews))
    assert all(pictures.evaluate_all("pictures => pictures.map(({ naturalWidth }) => naturalWidth > 100)"))
    assert notebook.locator(".jp-RenderedSVG").count() == 0  # it would need trust, and is why there is a preview
