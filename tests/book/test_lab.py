"""The figures in JupyterLab, by keyboard: controls get their keys, and the notebook stays as it is."""

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

from tests.book.conftest import LOCAL, figure_cell, open_page
from tests.helpers.chapter_figures import chapter_figures
from tests.helpers.operate_figures import controls, operate, picture

STORED = ("dacl_pull", "tcl_negatives")
LIVE = """from fer_tutorial.viz import InteractiveFigure

InteractiveFigure("scn_softmax", {data!r}, caption="Made by a kernel.", alt="Bars.")"""


@pytest.fixture(scope="module")
def notebook(browser, lab):
    """The page of an open notebook: figures in their stored form, and a cell that makes one with a kernel."""
    address, folder, token = lab
    figures = chapter_figures()
    cells = [new_markdown_cell("# Figures"), *(figure_cell(figures[name]) for name in STORED)]
    cells += [new_code_cell(LIVE.format(data=figures["scn_softmax"].data)), new_markdown_cell("The end.")]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    written = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(written, folder / "figures.ipynb")
    NotebookNotary(data_dir=str(folder.parent / "data")).sign(written)  # trusted, as if it had been executed here
    asked: list[str] = []
    here = (*LOCAL, address, address.replace("http:", "ws:"))
    page = open_page(browser, f"{address}lab/tree/figures.ipynb?token={token}", asked, allowed=here)
    page.set_default_timeout(120_000)  # JupyterLab is large, and a kernel imports torch
    page.locator(".fer-figure .fer-status").first.wait_for()
    yield page
    page.context.close()
    assert [line for line in asked if line.startswith("asked the network")] == []


def source_of_cells(page) -> list[str]:
    return page.evaluate(
        "[...jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.sharedModel.getSource())"
    )


def drive(figure) -> None:
    """Every control of a figure by keyboard; the focus stays, the figure follows, no cell is lost."""
    page = figure.page
    before = source_of_cells(page)
    assert len(before) == len(STORED) + 3
    status, drawn = figure.get_by_role("status"), picture(figure)
    for control in controls(figure).values():
        words = status.inner_text()
        operate(control, "keyboard")
        expect(status).not_to_have_text(words)
        for key in ("x", "d", "d", "ArrowDown", "ArrowLeft"):
            control.press(key)
            expect(control).to_be_focused()
    assert picture(figure) != drawn
    assert source_of_cells(page) == before


@pytest.mark.parametrize("which", range(len(STORED)), ids=STORED)
def test_a_stored_figure_keeps_its_keys(notebook, which):
    figure = notebook.locator(".fer-figure").nth(which)
    figure.scroll_into_view_if_needed()
    drive(figure)


def test_a_figure_of_a_running_kernel_keeps_its_keys(notebook):
    notebook.get_by_text("InteractiveFigure(").click()
    notebook.keyboard.press("Shift+Enter")
    figure = notebook.get_by_role("group", name="Made by a kernel.")
    figure.wait_for()
    figure.scroll_into_view_if_needed()
    drive(figure)
