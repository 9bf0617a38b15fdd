"""Which text counts as an answer; what comes of running it is tested with the corpus."""

import pytest

from fer_tutorial.coursework.answers import defined, find_answers, helper_cells, without_magic
from fer_tutorial.coursework.notebook import Cell
from tests.coursework.submissions import PRODUCT, WRONG_PRODUCT, line


def found(assignment, *cells):
    return find_answers(cells, assignment)["t.1"]


def marked(source, **options):
    return Cell(True, line("t.1", 5) + source, **options)


def test_by_first_line_by_metadata_by_function(assignment):
    assert PRODUCT in found(assignment, marked(PRODUCT)).source
    by_metadata = found(assignment, Cell(True, PRODUCT, "t.1"))
    by_function = found(assignment, Cell(True, PRODUCT))
    assert by_metadata.source == by_function.source == PRODUCT
    assert by_metadata.notes == by_function.notes == ("the first line of the answer is missing",)
    assert found(assignment, Cell(True, "x = 1")).source is None


def test_the_first_line_outweighs_metadata_and_function(assignment):
    cell = Cell(True, line("t.2", 4) + PRODUCT, "t.1")
    assert found(assignment, cell).source is None
    assert find_answers([cell], assignment)["t.2"].copies == 1


def test_a_task_of_another_assignment_does_not_count(assignment):
    assert found(assignment, Cell(True, line("scn.1", 5) + "def rank(): ...")).source is None
    assert found(assignment, Cell(True, line("scn.1", 5) + PRODUCT)).source  # but its function does


@pytest.mark.parametrize(
    "stub", ["", "# nothing\n", 'def product(x, y):\n    """FACTOR times x times y."""\n    return NotImplemented']
)
def test_a_stub_is_no_answer(stub, assignment):
    assert found(assignment, marked(stub)).source is None


def test_the_last_complete_answer_counts(assignment):
    cells = [marked(PRODUCT), Cell(True, "x = 1"), marked(WRONG_PRODUCT), Cell(True, "x = 2"), marked("def pro")]
    answer = found(assignment, *cells)
    assert WRONG_PRODUCT in answer.source
    assert answer.copies == 3
    assert answer.notes == ("3 answers; the last complete one counts",)


def test_halves_are_joined(assignment):
    answer = found(assignment, marked("def product(x, y):\n    z = x"), Cell(True, "    return z * y"))
    assert answer.source.endswith("z = x\n    return z * y")
    assert answer.notes == ("the answer was split over cells",)
    assert found(assignment, marked(PRODUCT), Cell(True, "product(1, 2)")).source.endswith(PRODUCT)


def test_text_is_what_stands_below_the_first_line(assignment):
    text = Cell(False, f"**{line('t.3', 6).strip()}**\n\nBecause\n\nof this.")
    assert find_answers([text], assignment)["t.3"].source == "Because\n\nof this."
    more = Cell(False, "And of that.", "t.3")
    assert find_answers([text, more], assignment)["t.3"].source == "Because\n\nof this.\nAnd of that."


def test_helpers_are_those_that_say_so():
    cells = [
        Cell(True, "#@ helpers\na = 1"),
        Cell(True, "b = 2"),
        Cell(False, "#@ helpers\nc"),
        Cell(True, "#@ helpers: x\n!ls\nd"),
    ]
    assert helper_cells(cells) == ["#@ helpers\na = 1", "#@ helpers: x\n\nd"]


def test_magic_is_left_out_where_the_rest_is_python():
    assert without_magic("%pip install x\n!ls\nx = 1") == "\n\nx = 1"
    assert without_magic("x = (7\n  % 2)") == "x = (7\n  % 2)"


def test_names_defined():
    assert defined("def f(): ...\nclass C: ...\na, b = 1, 2\nc: int = 3\nd.e = 4") >= {"f", "C", "a", "b", "c"}
    assert defined("def f(") == set()
