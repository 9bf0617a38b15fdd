"""Tasks that are experiments: a table of paired runs that a student made, and what is computed of any such table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from fer_tutorial.course import Wrong
from fer_tutorial.coursework.assignment import load
from fer_tutorial.coursework.task import Criterion

Row = dict[str, Any]
LEAST_SEEDS = 5
QUANTILES = {5: 2.7764, 6: 2.5706, 8: 2.3646, 10: 2.2622, 12: 2.2010}  # of Student's t, 97.5 %, for n pairs


class Column(NamedTuple):
    """What a column of a table of runs holds.

    Attributes:
        words: what, for a sentence.
        fits: whether a value is that.
    """

    words: str
    fits: Callable[[Any], bool]


SEED = Column("whole numbers from 0 to 9999", lambda value: type(value) is int and 0 <= value < 10_000)
COUNT = Column("whole numbers from 0", lambda value: type(value) is int and value >= 0)
WEIGHT = Column("numbers from 0 to 1000", lambda value: type(value) in (int, float) and 0 <= value <= 1000)
SHARE = Column("numbers from 0 to 1", lambda value: type(value) is float and 0 <= value <= 1)


def one_of(values: Sequence[Any]) -> Column:
    """A column of a few values.

    >>> one_of([0, 5]).words
    '0 or 5'
    """
    return Column(" or ".join(map(str, values)), lambda value: type(value) is type(values[0]) and value in values)


def read_rows(answer: Any, columns: Mapping[str, Column]) -> list[Row]:
    """The table ``results`` of an answer.

    Raises:
        Wrong: it is none, or holds something else.
    """
    rows = answer.value("results")
    if type(rows) is not list or not all(type(row) is dict and set(row) == set(columns) for row in rows):
        raise Wrong(f"results should be a list of rows with {', '.join(columns)}")
    for name, column in columns.items():
        if not all(column.fits(row[name]) for row in rows):
            raise Wrong(f"the column {name} should hold {column.words}")
    return rows


def expect_pairs(rows: Sequence[Row], column: str, settings: int) -> list[Any]:
    """The settings that were compared, in order.

    Raises:
        Wrong: there are not so many, or not the same seeds, five or more, each once, with all of them.
    """
    found = sorted({row[column] for row in rows})
    if len(found) != settings:
        raise Wrong(f"expected runs with {settings} values of {column}, got {len(found)}")
    seeds = [sorted(row["seed"] for row in rows if row[column] == setting) for setting in found]
    if any(each != seeds[0] for each in seeds) or len(set(seeds[0])) != len(seeds[0]):
        raise Wrong(f"expected the same seeds, each once, with every {column}")
    if len(seeds[0]) < LEAST_SEEDS:
        raise Wrong(f"expected five seeds or more, got {len(seeds[0])}")
    return found


def run_again(key: str, function: str, variant: Mapping[str, Any], *arguments: Any) -> Any:
    """What a function gives that the assignment gives to students, with their parameters.

    Args:
        key: the file of the assignment's key.
        function: its name in the cells tagged ``given``.
        variant: the student's parameters.
        arguments: of the function.
    """
    return _run(key, function, tuple(sorted(variant.items())), arguments)


@lru_cache(maxsize=4096)
def _run(key: str, function: str, variant: tuple[tuple[str, Any], ...], arguments: tuple[Any, ...]) -> Any:
    return _given(key, variant)[function](*arguments)


@lru_cache(maxsize=8)
def _given(key: str, variant: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "key"}
    for cell in load(Path(key).parent).given(dict(variant)):
        exec(compile(cell, "a given cell", "exec"), space)
    return space


def mean_and_half(gains: Sequence[float], quantiles: Mapping[int, float] = QUANTILES) -> tuple[float, float]:
    """The mean of paired gains, and half the width of its interval by Student's t.

    >>> mean, half = mean_and_half([0.1, 0.3, 0.1, 0.3, 0.2])
    >>> round(mean, 3), round(half, 3)
    (0.2, 0.124)
    """
    values = torch.tensor(gains, dtype=torch.float64)
    return values.mean().item(), (quantiles[len(values)] * values.std() / len(values) ** 0.5).item()


# What a person looks for in the report of an experiment.
QUESTION = Criterion(
    "the question was stated before the runs",
    3,
    ("no question", "a topic", "a question with a measure", "and what would count as yes and as no"),
)
BASELINE = Criterion(
    "the baseline is fair",
    3,
    ("none", "differs in more than what is asked about", "differs in nothing else", "and tuned alike"),
)
INTERVAL = Criterion(
    "the interval is read rightly",
    3,
    ("not used", "quoted", "read as what the data allow", "and told from what one would like to know"),
)
LIMITS = Criterion(
    "limits",
    3,
    ("none", "commonplaces", "limits of this very experiment", "and what to do about the largest"),
)
