"""What a reader calls: check an answer, get a hint, see the solution and the score."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch

from fer_tutorial.course.registry import HINT_LEVELS, Exercise, Wrong, find, solution_of
from fer_tutorial.errors import UserError

CORRECT, WRONG, UNANSWERED = "correct", "not yet right", "not answered yet"


@dataclass(frozen=True)
class Verdict:
    """What came of checking one answer: ``status`` is one of the three constants above."""

    name: str
    status: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.status}" + (f" ({self.reason})" if self.reason else "")


class _Unanswered(Exception):
    """The answer is still the stub the chapter started with."""


_session: dict[str, Verdict] = {}
_seen: set[str] = set()  # the exercises whose solution was shown


def check(name: str, answer: Any) -> None:
    """Print whether ``answer`` solves exercise ``name``, and remember it for :func:`score`.

    An answer that is still ``...`` or ``NotImplemented``, or a function that returns or raises that, is "not answered
    yet".  An answer that raises an error is not yet right, and the verdict repeats what it raised.

    Args:
        name: "chapter.what", as the chapter writes it.
        answer: a value or a function; the chapter says which.

    Raises:
        UserError: no exercise has this name.

    >>> check("center_loss.by_hand", ...)
    center_loss.by_hand: not answered yet
    """
    verdict = verdict_on(find(name), answer)
    _session[name] = verdict
    print(verdict)


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

    Columns: ``exercise``, ``verdict`` ("correct", "not yet right" or "not answered yet"), ``solution`` ("seen" or "").
    """
    rows = [(verdict.name, verdict.status, "seen" if verdict.name in _seen else "") for verdict in _session.values()]
    return pd.DataFrame(rows, columns=["exercise", "verdict", "solution"])


def verdict_on(task: Exercise, answer: Any) -> Verdict:
    """Mark ``answer`` without printing.  Random numbers are seeded for the checker and then put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            _refuse_stub(answer)
            task.checker(_watched(answer))
        except (_Unanswered, NotImplementedError):
            return Verdict(task.name, UNANSWERED)
        except Wrong as error:
            return Verdict(task.name, WRONG, str(error))
        except Exception as error:
            return Verdict(task.name, WRONG, f"your answer raised {_sentence(error)}")
    return Verdict(task.name, CORRECT)


def _refuse_stub(value: Any) -> None:
    if value is ... or value is NotImplemented:
        raise _Unanswered


def _watched(answer: Any) -> Any:
    """``answer`` itself or, where it is a plain function, one that notices a stub's return value."""
    if not (inspect.isfunction(answer) or isinstance(answer, functools.partial)):
        return answer
    function: Callable[..., Any] = answer

    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        value = function(*args, **kwargs)
        for part in value if isinstance(value, tuple) else (value,):
            _refuse_stub(part)
        return value

    return watched


def _sentence(error: Exception) -> str:
    """Type and first line of the message, without memory addresses, which differ from run to run."""
    lines = str(error).strip().splitlines()
    message = re.sub(r" at 0x[0-9a-fA-F]+", "", lines[0]) if lines else ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
