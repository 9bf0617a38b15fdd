"""Where exercises are kept and found again."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from fer_tutorial.course import exercises
from fer_tutorial.errors import UserError

HINT_LEVELS = 3
SECTION = "\n# %% "  # begins a solution; its exercise's name follows


class Wrong(Exception):
    """An answer is not right: one sentence that says what differs, on which input.

    Args:
        reason: the sentence.
        inputs: the input on which it differs, by the names of the parameters.
    """

    def __init__(self, reason: str, inputs: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.inputs = dict(inputs or {})


@dataclass(frozen=True)
class Exercise:
    """A question that the package can mark.

    Attributes:
        name: "chapter.what".
        hints: three, from a nudge to nearly the answer.
        checker: gets the answer, guarded (``trying.Answer``); returns if it is right, raises :class:`Wrong` if not.
        written: the function by which the exercise was written down, its reference or its judge; None for a number.
        may_call: functions of the package that the answer may build on; any other makes it "not yours".
    """

    name: str
    hints: tuple[str, ...]
    checker: Callable[[Any], None]
    written: Callable[..., Any] | None = None
    may_call: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.hints) != HINT_LEVELS:
            raise ValueError(f"exercise {self.name} has {len(self.hints)} hints; give {HINT_LEVELS}")
        if "." not in self.name:
            raise ValueError(f"exercise {self.name!r} has no chapter; name it chapter.what")


_exercises: dict[str, Exercise] = {}


def register(task: Exercise) -> None:
    """Keep ``task`` under its name."""
    _exercises[task.name] = task


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
