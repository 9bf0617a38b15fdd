"""What a reader calls: check an answer, get a hint, see the solution and the score."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from fer_tutorial.course.registry import HINT_LEVELS, Exercise, Wrong, find, solution_of
from fer_tutorial.course.trying import Answer, Unanswered, as_before, sentence
from fer_tutorial.errors import UserError

CORRECT, BORROWED, WRONG, UNANSWERED = "correct", "right, but not yours", "not yet right", "not answered yet"


@dataclass(frozen=True)
class Verdict:
    """What came of checking one answer.

    Attributes:
        name: the exercise's.
        status: "correct", "right, but not yours", "not yet right" or "not answered yet".
        reason: one sentence, if there is more to say.
        inputs: of a function that is not yet right, the input on which it differs, by the names of the parameters; try
            your function on it with ``mine(*verdict.inputs.values())``.
    """

    name: str
    status: str
    reason: str = ""
    inputs: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}: {self.status}" + (f" ({self.reason})" if self.reason else "")

    def _ipython_display_(self) -> None:
        """A cell that ends in ``check(...)`` shows the printed line, and not the verdict once more."""


_session: dict[str, Verdict] = {}
_seen: set[str] = set()  # the exercises whose solution was shown


def check(name: str, answer: Any) -> Verdict:
    """Print whether ``answer`` solves exercise ``name``, and remember it for :func:`score`.

    A function is tried on inputs of many sizes and must give the right values, let gradients through where it is asked
    to, and leave what it is given as it was.  The sentence shows the smallest input on which it differs.

    An answer that is still ``...`` or ``NotImplemented``, or a function that returns or raises that, is "not answered
    yet".  An answer that raises an error, or still runs after ten seconds, is not yet right.  One that gives the right
    values but calls a function of fer_tutorial to get them is "right, but not yours": while the answer runs, it is
    watched which functions of this package it calls.

    Args:
        name: "chapter.what", as the chapter writes it.
        answer: a value or a function; the chapter says which.

    Returns:
        What was printed, with the input on which a function differs.

    Raises:
        UserError: no exercise has this name.

    >>> verdict = check("center_loss.by_hand", ...)
    center_loss.by_hand: not answered yet
    """
    verdict = verdict_on(find(name), answer)
    _session[name] = verdict
    print(verdict)
    return verdict


def hint(name: str, level: int = 1) -> None:
    """Print hint ``level`` (1 to 3, from a nudge to nearly the answer) of exercise ``name``.

    Raises:
        UserError: no exercise has this name, or ``level`` is not 1, 2 or 3.
    """
    if level not in range(1, HINT_LEVELS + 1):
        raise UserError(f"there is no hint {level}; ask for level 1, 2 or 3")
    print(f"Hint {level} of {HINT_LEVELS}: {find(name).hints[level - 1]}")


def solution(name: str) -> None:
    """Print the code that solves exercise ``name``; :func:`score` says from then on that it was seen.

    Raises:
        UserError: no exercise has this name.

    >>> solution("center_loss.by_hand")
    loss_by_hand = 0.5 * ((2**2 + 1**2) + (0**2 + 1**2) + (1**2 + 2**2))
    """
    code = solution_of(name)
    _seen.add(name)
    print(code)


def score() -> pd.DataFrame:
    """This session's exercises, one row each in the order of first checking, with the latest verdict.

    Columns: ``exercise``, ``verdict`` (as :func:`check` printed it, without the reason), ``solution`` ("seen" or "").
    """
    rows = [(verdict.name, verdict.status, "seen" if verdict.name in _seen else "") for verdict in _session.values()]
    return pd.DataFrame(rows, columns=["exercise", "verdict", "solution"])


def verdict_on(task: Exercise, answer: Any) -> Verdict:
    """Mark ``answer`` without printing.  Random numbers are seeded for the checker and then put back."""

    try:
        with as_before():
            guarded = Answer(answer)
            task.checker(guarded)
    except Unanswered:
        return Verdict(task.name, UNANSWERED)
    except Wrong as error:
        return Verdict(task.name, WRONG, str(error), error.inputs)
    except Exception as error:  # of an object that cannot be compared, or of its gradient
        return Verdict(task.name, WRONG, f"what your answer gives raised {sentence(error)}")
    borrowed = [name for name in guarded.borrowed if name not in task.may_call]
    if borrowed:
        return Verdict(task.name, BORROWED, f"this calls fer_tutorial's own {borrowed[0]}")
    return Verdict(task.name, CORRECT)
