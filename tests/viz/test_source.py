"""Listings of the package's own code."""

import re
from pathlib import Path

import pytest

import fer_tutorial
from fer_tutorial.errors import UserError
from fer_tutorial.papers.tcl import TCL
from fer_tutorial.training import LabelStore
from fer_tutorial.training.distributed import AllGather
from fer_tutorial.viz import show_source
from fer_tutorial.viz import source as source_module


def documented(x):
    """First line.

    More lines.
    """

    # a comment stays
    return x


class Documented:
    """A class."""

    def method(self):
        """A method."""
        return "not a docstring"

    def only_words(self):
        """Nothing but words."""


def test_docstrings_are_left_out_and_code_and_comments_are_kept():
    assert repr(show_source(documented)) == "def documented(x):\n    # a comment stays\n    return x"


def test_docstrings_are_kept_on_request():
    assert '"""First line.' in repr(show_source(documented, docstring=True))


def test_classes_lose_the_docstrings_of_their_methods_and_stay_valid_python():
    code = repr(show_source(Documented))
    assert '"""' not in code
    assert 'return "not a docstring"' in code
    scope: dict = {}
    exec(code, scope)
    assert scope["Documented"]().method() == "not a docstring"
    assert scope["Documented"]().only_words() is None


def test_methods_are_dedented():
    assert repr(show_source(Documented.method)).startswith("def method(self):\n    return")


def test_modules_can_be_shown():
    assert "def show_source" in repr(show_source(source_module))


def test_notebooks_get_a_highlighted_listing():
    assert show_source(documented)._repr_markdown_().startswith("```python\ndef documented(x):")


@pytest.mark.parametrize("thing", [len, 3, documented(1)])
def test_what_has_no_source_is_refused(thing):
    with pytest.raises(UserError, match="no Python source"):
        show_source(thing)


def test_a_listing_of_the_package_says_whence_it_is():
    *_, whence = show_source(TCL.training_step)._repr_markdown_().split("\n\n")
    assert whence == (
        "`fer_tutorial.papers.tcl.TCL.training_step` in `fer_tutorial/papers/tcl.py`, "
        "tested in `tests/papers/test_tcl.py`"
    )
    assert show_source(documented)._repr_markdown_().endswith("```")


@pytest.mark.parametrize("thing", [TCL, show_source, LabelStore, AllGather])
def test_the_files_it_names_are_there(thing):
    for file in re.findall(r"`([^`]+\.py)`", show_source(thing)._repr_markdown_().rpartition("```")[2]):
        assert (Path(fer_tutorial.__file__).parents[1] / file).is_file(), file
