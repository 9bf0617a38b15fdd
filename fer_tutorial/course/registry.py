"""Where exercises are written down and found again."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import torch

from fer_tutorial.course import exercises
from fer_tutorial.errors import UserError

HINT_LEVELS = 3
SECTION = "\n# %% "  # begins a solution; its exercise's name follows


class Wrong(Exception):
    """Raised by an exercise's checker: one sentence that says what differs, on which input."""


@dataclass(frozen=True)
class Exercise:
    """A question the package can mark: ``checker(answer)`` returns when the answer is right and raises Wrong if not."""

    name: str
    checker: Callable[[Any], None]
    hints: tuple[str, ...]


_exercises: dict[str, Exercise] = {}


def exercise(name: str, hints: tuple[str, str, str]) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register the decorated function as the checker of exercise ``name``.

    Args:
        name: "chapter.what", where ``chapter`` is the module of :mod:`fer_tutorial.course.exercises` it stands in.
        hints: three, from a nudge to nearly the answer.

    Raises:
        ValueError: not exactly three hints, or a name without a chapter.

    >>> @exercise("demo.double", hints=("Read the name.", "Add x to itself.", "return 2 * x"))
    ... def _(answer):
    ...     if answer(3) != 6:
    ...         raise Wrong(f"for x = 3 your function gives {answer(3)}, not 6")
    """
    if len(hints) != HINT_LEVELS:
        raise ValueError(f"exercise {name} has {len(hints)} hints; give {HINT_LEVELS}")
    if "." not in name:
        raise ValueError(f"exercise {name!r} has no chapter; name it chapter.what")

    def register(checker: Callable[[Any], None]) -> Callable[[Any], None]:
        _exercises[name] = Exercise(name, checker, tuple(hints))
        return checker

    return register


def chapters() -> list[str]:
    """The chapters that have exercises, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(exercises.__path__))


def exercise_names(chapter: str) -> list[str]:
    """The exercises of one chapter, in the order in which its module writes them."""
    importlib.import_module(f"{exercises.__name__}.{chapter}")
    return [name for name in _exercises if name.partition(".")[0] == chapter]


def find(name: str) -> Exercise:
    """The exercise called ``name``; its chapter's module is imported only now.

    Raises:
        UserError: there is none of that name; the sentence offers the closest one.
    """
    chapter = name.partition(".")[0]
    if name not in _exercises and chapter in chapters():
        exercise_names(chapter)
    if name not in _exercises:
        known = [known for chapter in chapters() for known in exercise_names(chapter)]
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        remedy = f"did you mean {close[0]!r}?" if close else f"the chapters with exercises are {', '.join(chapters())}"
        raise UserError(f"there is no exercise called {name!r}; {remedy}")
    return _exercises[name]


def solution_of(name: str) -> str:
    """The code that solves exercise ``name``: its section of the chapter's module in ``course/solutions``.

    Raises:
        UserError: no exercise has this name.

    >>> print(solution_of("center_loss.by_hand"))
    loss_by_hand = 0.5 * ((2**2 + 1**2) + (0**2 + 1**2) + (1**2 + 2**2))
    """
    chapter = find(name).name.partition(".")[0]
    text = files("fer_tutorial.course.solutions").joinpath(f"{chapter}.py").read_text(encoding="utf-8")
    sections = dict(section.split("\n", 1) for section in text.split(SECTION)[1:])
    return sections[name].strip()


def expect_close(actual: Any, expected: Any, where: str, tolerance: float = 1e-5) -> None:
    """Raise Wrong unless ``actual`` has the shape and, within ``tolerance``, the values of ``expected``.

    Args:
        actual: what the reader's answer gave: a number, a list, an array or a tensor.
        expected: the right value.
        where: the input, for the sentence: "with margin 0.2", "the loss of two samples".
        tolerance: allowed error, absolute and relative to the expected value.

    >>> expect_close([1.0, 2.5], torch.tensor([1.0, 2.0]), "the two means")
    Traceback (most recent call last):
    ...
    fer_tutorial.course.registry.Wrong: the two means: expected [1, 2], got [1, 2.5]
    """
    if actual is None:
        raise Wrong(f"{where}: got None; is a return statement missing?")
    try:
        got, want = _as_array(actual), _as_array(expected)
    except (TypeError, ValueError):
        raise Wrong(f"{where}: expected numbers, got {type(actual).__name__}") from None
    if got.shape != want.shape:
        raise Wrong(f"{where}: expected shape {want.shape}, got {got.shape}")
    if not np.allclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True):
        raise Wrong(f"{where}: expected {_in_words(want)}, got {_in_words(got)}")


def _as_array(value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    elif isinstance(value, list | tuple):
        value = [_as_array(item) for item in value]
    return np.asarray(value, dtype=np.float64)


def _in_words(values: np.ndarray, most: int = 12) -> str:
    shown = np.round(values, 4) + 0.0  # adding zero turns -0 into 0
    if shown.ndim == 0:
        return f"{shown:.4g}"
    text = ", ".join(f"{value:.4g}" for value in shown.reshape(-1)[:most])
    if shown.size > most:
        text += ", ..."
    return f"[{text}]" + (f" of shape {shown.shape}" if shown.ndim > 1 else "")
