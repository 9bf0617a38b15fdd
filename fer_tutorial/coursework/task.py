"""What a key says of an assignment: its tasks, and what earns how many marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fer_tutorial.course import Draw

LEVELS = (0, 1, 2, 3)  # of a criterion: the highest earns all its marks


@dataclass(frozen=True)
class Property:
    """Something that holds of a right answer, and that can be tried.

    Attributes:
        words: what holds, as feedback says it.
        marks: that it earns.
        check: gets the answer (called by the names of its parameters), what to draw inputs from, and the student's
            variant; raises :class:`fer_tutorial.course.Wrong` if it does not hold.
    """

    words: str
    marks: int
    check: Callable[[Any, Draw, Mapping[str, Any]], None]


@dataclass(frozen=True)
class CodeTask:
    """A task that is answered by a function and marked by what holds of it.

    Attributes:
        name: as in the first line of its cell, "a1.3".
        function: that the answer must define.
        properties: in the order in which they are tried; the most telling first.
        forbidden: names that the answer must not use, such as ``backward``.
        seconds: of computing, for all calls of the answer together.
    """

    name: str
    function: str
    properties: tuple[Property, ...]
    forbidden: tuple[str, ...] = ()
    seconds: float = 20.0

    @property
    def marks(self) -> int:
        return sum(each.marks for each in self.properties)


@dataclass(frozen=True)
class Criterion:
    """One of the things that a person looks for in a text.

    Attributes:
        words: what.
        marks: of the highest level.
        anchors: what a text of level 0, 1, 2 and 3 is like.
    """

    words: str
    marks: int
    anchors: tuple[str, str, str, str]


@dataclass(frozen=True)
class WrittenTask:
    """A task that is answered by a text and marked by a person."""

    name: str
    criteria: tuple[Criterion, ...]

    @property
    def marks(self) -> int:
        return sum(each.marks for each in self.criteria)


Task = CodeTask | WrittenTask
