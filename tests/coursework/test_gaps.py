import pytest

from fer_tutorial.coursework.gaps import solution_lines, with_solution, without_solution
from fer_tutorial.errors import UserError

SOURCE = """def f(x):
    y = 2 * x
    # BEGIN SOLUTION
    #| y = y  # a fault to mend
    y = y + 1
    # END SOLUTION
    # BEGIN SOLUTION
    return y
    # END SOLUTION"""


def test_a_gap_has_its_own_stub_or_the_usual_one():
    assert without_solution(SOURCE).split("\n") == [
        "def f(x):",
        "    y = 2 * x",
        "    y = y  # a fault to mend",
        "    return NotImplemented  # instead of this line, your code",
    ]


def test_the_solution_has_neither_marks_nor_stubs():
    assert with_solution(SOURCE) == "def f(x):\n    y = 2 * x\n    y = y + 1\n    return y"


def test_a_stub_may_be_indented_otherwise():
    assert without_solution("    # BEGIN SOLUTION\n#| x = 1\n    x = 2\n    # END SOLUTION") == "x = 1"


def test_the_lines_of_a_solution():
    assert solution_lines(SOURCE) == ["y = y + 1", "return y"]


@pytest.mark.parametrize(
    "source", ["# BEGIN SOLUTION", "# END SOLUTION", "# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION"]
)
def test_marks_come_in_pairs(source):
    with pytest.raises(UserError, match="pairs"):
        without_solution(source)
