"""Exercises of the chapter "Training for real"."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from fer_tutorial.course import Draw, exercise


def statistics(draw: Draw) -> Iterator[tuple[Tensor, Tensor]]:
    """Means and variances of processes whose means differ, and of one that is alone."""
    for processes, channels in ((2, 1), (1, 2), (3, 4), (5, 3)):
        yield draw.numbers(processes, channels), draw.numbers(processes, channels, low=0.1)


@exercise(
    "training.batch_statistics",
    draw=statistics,
    results=("the mean", "the variance"),
    mistakes={
        "the processes' own means differ as well, and that is missing": lambda m, v: (m.mean(0), v.mean(0)),
        "divide the means' squared deviations by their number, not by one less": lambda m, v: (
            m.mean(0),
            v.mean(0) + m.var(0),
        ),
    },
    hints=(
        "The mean is easy, because all processes have equally many rows. The variance has two sources.",
        "Rows scatter around the mean of their own process, and the means scatter around the mean of all.",
        "return means.mean(0), variances.mean(0) + means.var(0, correction=0)",
    ),
)
def _(means: Tensor, variances: Tensor) -> tuple[Tensor, Tensor]:
    return means.mean(0), variances.mean(0) + means.var(0, correction=0)


def accuracies(draw: Draw) -> Iterator[tuple[list[float], list[float]]]:
    for seeds in (2, 4, 3, 7):
        first, second = (draw.numbers(seeds, low=0.4, high=0.9).double().mul(100).round().div(100) for _ in range(2))
        yield first.tolist(), second.tolist()


@exercise(
    "training.paired",
    draw=accuracies,
    results=("the mean difference", "its standard error"),
    mistakes={
        "this is that of unpaired runs; subtract seed by seed first": lambda a, b: (
            np.mean(a) - np.mean(b),
            ((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(a)) ** 0.5,
        ),
        "divide the squared deviations by n - 1, not by n": lambda a, b: _paired(a, b, ddof=0),
        "this is the spread of one difference; divide by the root of n": lambda a, b: _paired(a, b, power=0),
    },
    hints=(
        "Subtract first, seed by seed; whatever a seed does to both methods alike is then gone.",
        "The standard error of a mean of n differences is their standard deviation (n - 1 below) over the root of n.",
        "d = np.subtract(a, b); return d.mean(), d.std(ddof=1) / len(d) ** 0.5",
    ),
)
def _(a: list[float], b: list[float]) -> tuple[float, float]:
    return _paired(a, b)


def _paired(a: list[float], b: list[float], ddof: int = 1, power: float = 0.5) -> tuple[float, float]:
    differences = np.subtract(a, b)
    return float(differences.mean()), float(differences.std(ddof=ddof) / len(differences) ** power)
