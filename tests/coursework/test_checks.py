import pytest

from fer_tutorial.course import Wrong
from fer_tutorial.coursework.checks import results

NAMES = ("half", "double", "square")


def answer(x):
    return [x / 2, 2 * x, x * x]


def test_only_what_is_asked_for_is_looked_at():
    assert results(answer, NAMES, 1)(x=3) == 6
    assert results(answer, NAMES, 2, 0)(x=3) == (9, 1.5)


@pytest.mark.parametrize("given", [None, 3, (1, 2), "abc", {1: 1, 2: 2, 3: 3}])
def test_another_number_of_results(given):
    with pytest.raises(Wrong, match="expected 3 results: half, double, square"):
        results(lambda x: given, NAMES, 1)(x=3)
