"""The papers' files are written by one hand: keys to the book's equations, one dialect, one order."""

import ast
import importlib
import inspect
import json
import re
from pathlib import Path

import pytest

from fer_tutorial.methods import METHODS

REPOSITORY = Path(__file__).resolve().parents[2]
PAPERS = REPOSITORY / "fer_tutorial" / "papers"
NAMES = tuple(METHODS)

# Equations of the book that no file of the papers computes, and why.
NOT_IN_PAPERS = {
    "eq-cl-gradient": "autograd's",
    "eq-dacl-share": "computed in the chapter",
    "eq-dacl-sigmoid": "another form of eq-dacl-attention",
    "eq-dacl-ratio": "of two steps, for the argument alone",
    "eq-dacl-mean-one-gradient": "autograd's",
    "eq-scn-gradient": "autograd's",
    "eq-scn-gap": "a consequence of eq-scn-relabel for two classes",
    "eq-tcl-gradient": "autograd's",
    "eq-tcl-linear": "another form of the argument of eq-tcl-loss",
    "eq-tcl-bound": "an inequality, which a test checks",
    "eq-g2rl-icc": "in fer_tutorial/metrics.py",
}


def book_labels():
    """The labels of all equations in the chapters of the papers."""
    labels = []
    for name in NAMES:
        notebook = REPOSITORY / "book" / f"{name}.ipynb"
        if notebook.is_file():
            cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            labels += re.findall(r":label: (eq-[\w-]+)", "".join("".join(cell["source"]) + "\n" for cell in cells))
    return labels


def source(name):
    return (PAPERS / f"{name}.py").read_text(encoding="utf-8")


def keys(text):
    return re.findall(r"# (eq-[\w-]+)", text)


def public(name):
    """The module's own public functions and classes, in their order."""
    module = importlib.import_module(f"fer_tutorial.papers.{name}")
    values = [value for key, value in vars(module).items() if not key.startswith("_")]
    kinds = [value for value in values if inspect.isfunction(value) or inspect.isclass(value)]
    return [value for value in kinds if value.__module__ == module.__name__]


EVERYTHING = [pytest.param(value, id=f"{name}.{value.__name__}") for name in NAMES for value in public(name)]


def test_every_equation_that_is_computed_has_its_key_beside_the_code_once():
    """A label of several formulas stands at the line that computes the first of them."""
    labels = book_labels()
    assert len(labels) == len(set(labels)) > 40
    found = [key for name in NAMES for key in keys(source(name))]
    assert sorted(found) == sorted(set(labels) - set(NOT_IN_PAPERS))
    assert set(NOT_IN_PAPERS) <= set(labels)


@pytest.mark.parametrize("name", NAMES)
def test_a_key_ends_a_line_of_code(name):
    for line in source(name).splitlines():
        if keys(line):
            assert line.split("#")[0].strip()
            assert re.search(r"\S  # eq-[\w-]+(; .*)?$", line)


@pytest.mark.parametrize("name", NAMES)
def test_the_papers_own_numbers_stand_in_docstrings_alone(name):
    comments = [line.split("#", 1)[1] for line in source(name).splitlines() if "  # " in line]
    assert not [comment for comment in comments if "Eq." in comment]


@pytest.mark.parametrize("value", EVERYTHING)
def test_docstrings_speak_one_dialect(value):
    """Summary, formula, symbols, Args, Returns or Shapes, Raises, Example, Source: in this order."""
    text = inspect.getdoc(value)
    if value.__name__ in ("Relabeling", "check_importance"):  # a table of fields, and a check
        return
    order = [
        ".. math::",
        "\nwhere\n",
        "\nArgs:\n",
        "\nReturns:\n",
        "\nShapes: ",
        "\nRaises:\n",
        "\nExample:\n",
        "\nSource: ",
    ]
    places = [text.find(part) for part in order]
    assert [place for place in places if place >= 0] == sorted(place for place in places if place >= 0)
    assert (places[0] >= 0) == (places[1] >= 0)  # a formula comes with its symbols
    assert text.splitlines()[0].endswith((".", "?"))
    assert ">>> " in text[places[6] :]
    if inspect.isclass(value):
        own_arguments = "__init__" in vars(value)
        assert (places[2] >= 0) == own_arguments
    else:
        assert min(places[2], places[3]) >= 0


@pytest.mark.parametrize("value", [param for param in EVERYTHING if keys(inspect.getsource(param.values[0]))])
def test_what_computes_an_equation_states_it_and_where_it_is_from(value):
    text = inspect.getdoc(value)
    assert ".. math::" in text
    assert "\nSource: " in text


@pytest.mark.parametrize("name", NAMES)
def test_functions_come_first_and_the_network_last(name):
    kinds = [node for node in ast.parse(source(name)).body if isinstance(node, ast.ClassDef)]
    assert kinds[-1].name == METHODS[name].network.split(":")[1]
    rulers = re.findall(r"^# --- (\w+(?: of the network| network)?)", source(name), flags=re.MULTILINE)
    order = ["equations", "parts of the network", "the network"]
    assert [order.index(ruler) for ruler in rulers] == sorted(order.index(ruler) for ruler in rulers)
    assert rulers[-1] == "the network"
