"""The reference has every public name of the package; the map has every equation, with links that lead somewhere."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from tools import notebooks

PACKAGE = notebooks.REPOSITORY / "fer_tutorial"
PAPERS = sorted(path.stem for path in (PACKAGE / "papers").glob("*.py") if path.stem not in ("__init__", "checks"))
ROOMS = ("faces", "datasets", "training", "viz", "course")


def _described(pages: Path) -> set[str]:
    """The last parts of all names that the reference describes."""
    texts = [path.read_text(encoding="utf-8") for path in (pages / "reference").glob("*.html")]
    return {name for text in texts for name in re.findall(r'id="fer_tutorial\.(\S+?)"', text)}


@pytest.mark.parametrize("paper", PAPERS)
def test_every_public_function_of_a_paper_is_described(pages, paper):
    tree = ast.parse((PACKAGE / "papers" / f"{paper}.py").read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    public = {node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")}
    missing = {name for name in public if f"papers.{paper}.{name}" not in _described(pages)}
    assert not missing - {"Method"}


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_offers_is_described(pages, room):
    module = import_module(f"fer_tutorial.{room}")
    offered = {name for name in module.__all__ if callable(getattr(module, name))}
    described = {name.rpartition(".")[2] for name in _described(pages)}
    assert not offered - described


def test_the_map_has_a_row_for_every_numbered_equation(pages):
    labels = {
        label
        for path in notebooks.find()
        for cell in notebooks.read(path).cells
        if cell.cell_type == "markdown"
        for label in re.findall(r"^:label: (eq-\S+)", cell.source, re.MULTILINE)
    }
    page = (pages / "equations.html").read_text(encoding="utf-8")
    assert page.count("<tr") == 1 + len(labels)
    for row in page.split("<tr")[2:]:
        assert re.search(r"equation \(\d+\.\d+\)", row)
    for module, name in re.findall(r'href="reference/(\w+)\.html#fer_tutorial\.(\S+?)"', page):
        assert f'id="fer_tutorial.{name}"' in (pages / "reference" / f"{module}.html").read_text(encoding="utf-8")


def test_the_map_leads_from_an_equation_to_its_function_test_and_exercise(pages):
    page = (pages / "equations.html").read_text(encoding="utf-8")
    row = next(row for row in page.split("<tr") if "fer_tutorial.papers.dacl.sparse_center_update" in row)
    assert "tests/papers/test_dacl.py" in row
    assert "dacl.center_step" in row


def test_a_listing_leads_to_its_reference_source_and_tests(pages):
    page = (pages / "dacl.html").read_text(encoding="utf-8")
    (line,) = re.findall(
        r'<p class="fer-whence">(?:(?!</p>).)*papers\.dacl\.sparse_center_loss<.*?</p>', page, re.DOTALL
    )
    assert 'href="reference/dacl.html#fer_tutorial.papers.dacl.sparse_center_loss"' in line
    assert "/blob/main/fer_tutorial/papers/dacl.py" in line
    assert "/blob/main/tests/papers/test_dacl.py" in line
