"""The checks that a student's copy holds: one small example each, and no more of the key."""

from __future__ import annotations

from typing import Any

from fer_tutorial.course import Wrong, expect_close
from fer_tutorial.course.trying import Answer, Unanswered, as_before

PASSED = "public check passed (the hidden inputs decide)"
UNANSWERED = "not answered yet"


def public_check(function: Any, *inputs: Any, expected: Any) -> None:
    """Print whether ``function`` gives what is expected for one example.

    >>> public_check(lambda x: 2 * x, 3.0, expected=6.0)
    public check passed (the hidden inputs decide)
    """
    try:
        with as_before():
            given = Answer(function)(**{f"input {number}": value for number, value in enumerate(inputs, start=1)})
        if type(expected) is tuple:
            if type(given) not in (tuple, list) or len(given) != len(expected):
                raise Wrong(f"expected {len(expected)} values")
            for number, (part, right) in enumerate(zip(given, expected, strict=True), start=1):
                _expect(part, right, f"value {number}")
        else:
            _expect(given, expected, "this example")
        print(PASSED)
    except Unanswered:
        print(UNANSWERED)
    except Wrong as error:
        print(f"not yet right ({error})")


def _expect(given: Any, right: Any, where: str) -> None:
    if type(right) is not str:
        expect_close(given, right, where, tolerance=1e-3)
    elif given != right:
        raise Wrong(f"{where}: expected {right!r}, got {given!r}")
