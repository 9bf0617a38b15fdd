"""Notebooks go stale when what they were made from changes, and only then; and the comparison can fail."""

import json

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from safetensors.torch import save_file

from tests.helpers.executed_notebook import save_executed
from tools import notebooks
from tools.notebooks import NotebookError

CELLS = [
    "import sys\nsys.path.insert(0, '..')\nimport fer_tutorial",
    "fer_tutorial.double(int(open('../data/number.txt').read()))",
]


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A little project: a package, a data file, a lock and one notebook that uses all of them."""
    monkeypatch.setattr(notebooks, "REPOSITORY", tmp_path)
    files = {
        "fer_tutorial/__init__.py": "def double(x):\n    return 2 * x\n",
        "fer_tutorial/unused.py": "",
        "data/number.txt": "21",
        "data/unused.txt": "0",
        "requirements.lock": "numpy==2\n",
        "_config.yml": "repository:\n  url: https://example.org/book\n",
        "tools/setup_cell.py": 'print("REPOSITORY_URL")\n',
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "book").mkdir()
    return tmp_path / "book" / "chapter.ipynb"


def save(path, *cells):
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Title"), *map(new_code_cell, cells)]), path)
    return path


@pytest.mark.parametrize("kept", [True, False])
def test_outputs_are_written_with_what_they_were_made_from_whether_python_keeps_compiled_modules_or_not(
    book, monkeypatch, kept
):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "" if kept else "1")
    notebooks.execute(save(book, *CELLS))
    notebook = json.loads(book.read_text())
    assert notebook["cells"][2]["outputs"][0]["data"]["text/plain"] == ["42"]
    made_from = notebook["metadata"]["fer_tutorial"]["files"]
    assert set(made_from) == {"fer_tutorial/__init__.py", "data/number.txt", "requirements.lock"}
    assert notebooks.reasons(book) == []


def test_weights_that_python_does_not_open_itself_count_as_read(book):
    save_file({"x": torch.ones(1)}, book.parent.parent / "data/weights.safetensors")
    code = "from safetensors.torch import load_file\nload_file('../data/weights.safetensors')['x']"
    notebooks.execute(save(book, code))
    assert "data/weights.safetensors" in notebooks.read(book).metadata["fer_tutorial"]["files"]


def test_executing_again_changes_no_byte(book):
    notebooks.execute(save(book, *CELLS, "{'b', 'a', 'c'}", "print(1)\nprint(2)\nsys.stderr.write('3')"))
    first = book.read_bytes()
    notebooks.execute(book)
    assert book.read_bytes() == first


def test_a_changed_file_makes_it_stale_only_if_it_was_used(book):
    notebooks.execute(save(book, *CELLS))
    used = ["fer_tutorial/__init__.py", "data/number.txt", "requirements.lock"]
    for file in [*used, "fer_tutorial/unused.py", "data/unused.txt"]:
        path = book.parent.parent / file
        before = path.read_text()
        path.write_text(before + "\n")
        assert notebooks.reasons(book) == ([f"{file} changed"] if file in used else [])
        path.unlink()
        assert notebooks.reasons(book) == ([f"{file} is missing"] if file in used else [])
        path.write_text(before)
    assert notebooks.reasons(book) == []


def test_changed_code_makes_it_stale_and_changed_prose_does_not(book):
    notebooks.execute(save(book, "1 + 1"))
    notebook = notebooks.read(book)
    notebook.cells[0].source = "# Another title"
    notebooks.write(book, notebook)
    assert notebooks.reasons(book) == []
    notebook.cells[1].source = "1 + 2"
    notebooks.write(book, notebook)
    assert notebooks.reasons(book) == ["its code changed"]


def test_a_notebook_without_outputs_is_stale(book):
    assert notebooks.reasons(save(book, "1")) == ["it was never executed"]


def test_a_failing_cell_leaves_the_notebook_as_it_was(book):
    before = save(book, "1", "1 / 0").read_bytes()
    with pytest.raises(NotebookError, match=r"book/chapter\.ipynb stopped:[\s\S]*ZeroDivisionError"):
        notebooks.execute(book)
    assert book.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "what"),
    [("<object at 0x7f0000000000>", "a memory address"), ("/tmp/ipykernel_12/3.py:1", "a path of this machine")],
)
def test_outputs_nobody_can_reproduce_are_refused(book, text, what):
    cell = new_code_cell("1", outputs=[new_output("stream", text=text)])
    with pytest.raises(NotebookError, match=f"cell 0 of book/chapter.ipynb prints {what}"):
        notebooks.check_outputs(book, new_notebook(cells=[cell]))


def test_a_widget_without_static_form_is_refused_and_one_with_it_keeps_only_that(book):
    view = "application/vnd.jupyter.widget-view+json"

    def showing(data):
        return new_notebook(cells=[new_code_cell("1", outputs=[new_output("display_data", data)])])

    with pytest.raises(NotebookError, match="no static form; use InteractiveFigure"):
        notebooks.check_outputs(book, showing({view: {}}))
    both = notebooks.normalize(showing({view: {}, "text/html": "<p>"}))
    assert both.cells[0].outputs[0].data == {"text/html": "<p>"}
    notebooks.check_outputs(book, both)


def test_the_canonical_form_drops_what_changes_without_meaning(book):
    notebook = new_notebook(cells=[new_code_cell("1"), new_code_cell("1"), new_markdown_cell("text")])
    notebook.metadata = {"widgets": {"state": 1}, "language_info": {"version": "3.11.7"}, "mystnb": {"x": 1}}
    notebook.cells[0].metadata = {"execution": {"iopub.execute_input": "now"}, "tags": ["a"], "collapsed": True}
    again = notebooks.normalize(nbformat.from_dict(json.loads(json.dumps(notebook))))
    for cell in notebook.cells:
        cell.id = "random" + cell.id
    notebooks.normalize(notebook)
    assert notebooks.text(notebook) == notebooks.text(again)
    assert notebook.cells[0].metadata == {"tags": ["a"]}
    assert "version" not in notebook.metadata.language_info
    assert "widgets" not in notebook.metadata
    assert len({cell.id for cell in notebook.cells}) == 3


def test_a_large_notebook_is_refused(book):
    with pytest.raises(NotebookError, match="bytes, more than 1,000,000"):
        notebooks.write(book, new_notebook(cells=[new_markdown_cell("x" * notebooks.SIZE_LIMIT)]))
    assert not book.exists()


def test_the_set_up_cell_goes_below_the_title_once_with_the_address_of_the_configuration(book):
    notebooks.stamp(save(book, "1"))
    first = book.read_bytes()
    notebooks.stamp(book)
    assert book.read_bytes() == first
    cells = notebooks.read(book).cells
    assert [cell.source for cell in cells] == ["# Title", 'print("https://example.org/book")', "1"]
    assert "nbval-ignore-output" in cells[1].metadata.tags


def test_stale_names_everything_that_is_wrong_and_fails(book, capsys):
    save(book, "1")
    assert notebooks.main(["stale"]) == 1
    said = capsys.readouterr().out
    assert all(words in said for words in ("never executed", "set-up cell", "canonical form"))
    for command in (["stamp"], ["execute"]):
        assert notebooks.main(command) == 0
    capsys.readouterr()
    assert notebooks.main(["stale"]) == 0
    assert capsys.readouterr().out == ""


def test_a_path_that_is_no_notebook_is_named(capsys):
    assert notebooks.main(["execute", "nothing.ipynb"]) == 2
    assert "nothing.ipynb is not a notebook" in capsys.readouterr().err


def test_the_comparison_passes_a_right_output_and_fails_a_wrong_one(tmp_path, capfd):
    right = save_executed(tmp_path / "right.ipynb", ("6 * 7", "42"))
    wrong = save_executed(tmp_path / "wrong.ipynb", ("6 * 7", "42"), ("6 * 8", "49"))
    assert notebooks.main(["test", "--jobs", "1", str(right)]) == 0
    capfd.readouterr()
    assert notebooks.main(["test", "--jobs", "1", str(right), str(wrong)]) == 1
    said = capfd.readouterr().out
    assert "1 failed, 2 passed" in said
    assert "mismatch 'text/plain'" in said


def test_the_comparison_is_made_under_another_rounding_where_one_is_asked_for(tmp_path):
    code = "import os\n[os.environ.get(name) for name in ('ATEN_CPU_CAPABILITY', 'ONEDNN_MAX_CPU_ISA')]"
    path = save_executed(tmp_path / "rounding.ipynb", (code, "['avx2', 'AVX2']"))
    assert notebooks.main(["test", "--jobs", "1", "--rounding", "avx2", str(path)]) == 0
    assert notebooks.main(["test", "--jobs", "1", str(path)]) == 1


def test_the_comparison_fails_where_no_cell_ran(tmp_path, capfd):
    nbformat.write(new_notebook(cells=[new_markdown_cell("only words")]), tmp_path / "words.ipynb")
    assert notebooks.main(["test", "--jobs", "1", str(tmp_path / "words.ipynb")]) == 1
    assert "no cell ran" in capfd.readouterr().err
