"""What a reader sees of a chapter's code: equations and experiments, in the page's column; the rest is folded."""

import ast

import nbformat
import pytest

from tools import notebooks

COLUMN = 80  # characters of the page's column
FOLDED = {"hide-input", "hide-cell", "remove-cell"}
DRAWING = {"plt", "sns", "axes", "InteractiveFigure", "question"}
TABLES = {"Study", "DataFrame", "read_csv", "compare", "comparison_table"}
NOTEBOOKS = {path.stem: notebooks.read(path) for path in notebooks.find()}
each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS.values(), ids=NOTEBOOKS)


def _visible(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    return [cell for cell in code if not FOLDED & set(cell.metadata.get("tags", []))]


def _lines(cells: list[nbformat.NotebookNode]) -> int:
    return sum(len(cell.source.splitlines()) for cell in cells)


def _names(cell: nbformat.NotebookNode) -> set[str]:
    nodes = list(ast.walk(ast.parse(cell.source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@each_notebook
def test_no_visible_line_is_wider_than_the_column(notebook):
    lines = [line for cell in _visible(notebook) for line in cell.source.splitlines()]
    assert [line for line in lines if len(line) > COLUMN] == []


@each_notebook
def test_drawing_and_tables_are_folded(notebook):
    visible = _visible(notebook)
    others = [cell for cell in visible if any(n in DRAWING | TABLES or n.startswith("plot_") for n in _names(cell))]
    assert _lines(others) <= 0.15 * _lines(visible), [cell.source.splitlines()[0] for cell in others]


@each_notebook
def test_imports_are_folded(notebook):
    imports = (ast.Import, ast.ImportFrom)
    visible = [node for cell in _visible(notebook) for node in ast.parse(cell.source).body]
    assert sum(node.end_lineno - node.lineno + 1 for node in visible if isinstance(node, imports)) <= 12


@each_notebook
def test_what_is_folded_says_what_it_is(notebook):
    for cell in notebook.cells:
        if "hide-input" in cell.metadata.get("tags", []):
            assert cell.metadata.get("mystnb", {}).get("code_prompt_show"), cell.source
