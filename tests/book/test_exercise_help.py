"""Under every exercise of a chapter stands one box with its hints and its solution, closed."""

import re

import nbformat
import pytest

from fer_tutorial.course.registry import chapters, exercise_names, find, solution_of
from tools import notebooks

NOTEBOOKS = {path.stem: notebooks.read(path) for path in notebooks.find()}


def _exercises(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """The source of every cell to fill in, with that of the cell below it."""
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    return [
        (cell.source, notebook.cells[number + 1].source)
        for number, cell in enumerate(notebook.cells)
        if "exercise" in tags[number]
    ]


def test_every_exercise_stands_in_a_chapter_once():
    asked = [re.search(r'^check\("(.+?)"', code, re.M)[1] for n in NOTEBOOKS.values() for code, _ in _exercises(n)]
    assert sorted(asked) == sorted(name for chapter in chapters() for name in exercise_names(chapter))


@pytest.mark.parametrize("notebook", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_the_help_is_that_of_the_cell_above(notebook):
    for code, below in _exercises(notebook):
        name = re.search(r'^check\("(.+?)"', code, re.M)[1]
        assert below == f"```{{exercise-help}} {name}\n```"
        assert solution_of(name) not in code


def test_hints_and_solution_are_closed_until_asked_for(visit):
    page = visit("center_loss.html")
    box = page.locator(".fer-exercise-help").nth(1)
    hint, code = find("center_loss.loss").hints[0], "def my_center_loss("
    assert box.get_by_role("link", name="Colab").get_attribute("href").endswith("/center_loss.ipynb")
    assert not box.get_by_text(hint).is_visible()
    box.get_by_text("Hint 1", exact=True).click()
    assert box.get_by_text(hint).is_visible()
    assert not box.get_by_text(code).is_visible()
    box.get_by_text("Solution", exact=True).click()
    assert box.get_by_text(code).is_visible()
    assert visit.problems == []


def test_a_page_has_a_box_for_every_exercise(pages):
    for stem, notebook in NOTEBOOKS.items():
        html = (pages / f"{stem}.html").read_text(encoding="utf-8")
        assert html.count("sd-tab-set fer-exercise-help") == len(_exercises(notebook))
