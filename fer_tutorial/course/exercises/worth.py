"""The exercise of the chapter "What the methods are worth"."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from fer_tutorial.course import Draw, exercise


def repeated(draw: Draw) -> Iterator[tuple[Tensor, float]]:
    """Differences under one condition, and under several, with the quantile that belongs to so many seeds."""
    for seeds, conditions, t in ((2, 1, 12.7), (3, 2, 4.3), (5, 4, 2.78), (8, 5, 2.36)):
        yield draw.numbers(seeds, conditions, low=-0.1, high=0.1), t


@exercise(
    "worth.interval",
    draw=repeated,
    results=("the mean", "half the width"),
    mistakes={
        "this counts every condition as a seed; average the conditions of a seed first": lambda d, t: (
            d.mean(),
            t * d.flatten().std() / d.numel() ** 0.5,
        ),
        "divide the squared deviations by n - 1, not by n": lambda d, t: _interval(d, t, correction=0),
        "this is for a single difference; divide by the root of n": lambda d, t: _interval(d, t, power=0),
    },
    hints=(
        "How many independent repetitions are there? What one seed does under several conditions is one repetition.",
        "Average each row first. What is left are n numbers, one a seed, and the interval is theirs.",
        "d = differences.mean(1); return d.mean(), t * d.std() / len(d) ** 0.5",
    ),
)
def _(differences: Tensor, t: float) -> tuple[Tensor, Tensor]:
    return _interval(differences, t)


def _interval(differences: Tensor, t: float, correction: int = 1, power: float = 0.5) -> tuple[Tensor, Tensor]:
    d = differences.mean(1)
    return d.mean(), t * d.std(correction=correction) / len(d) ** power
