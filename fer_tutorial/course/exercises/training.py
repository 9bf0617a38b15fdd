"""Exercises of the chapter "Training for real"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fer_tutorial.course import Wrong, exercise, expect_close


@exercise(
    "training.batch_statistics",
    hints=(
        "The mean is easy, because all processes have equally many rows. The variance has two sources.",
        "Rows scatter around the mean of their own process, and the means scatter around the mean of all.",
        "return means.mean(0), variances.mean(0) + means.var(0, correction=0)",
    ),
)
def _(answer: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
    rows = torch.randn(3, 4, 2) + torch.arange(3.0)[:, None, None]  # (processes, rows of each, channels)
    means, variances = rows.mean(1), rows.var(1, correction=0)
    mean, variance = _two(answer(means, variances), "the mean and the variance")
    where = "three processes of four rows, two channels"
    expect_close(mean, rows.flatten(0, 1).mean(0), f"mean of {where}")
    if _close(variance, variances.mean(0)):
        raise Wrong(f"variance of {where}: the processes' own means differ as well, and that is missing")
    if _close(variance, variances.mean(0) + means.var(0)):
        raise Wrong(f"variance of {where}: divide the means' squared deviations by their number, not by one less")
    expect_close(variance, rows.flatten(0, 1).var(0, correction=0), f"variance of {where}")


@exercise(
    "training.paired",
    hints=(
        "Subtract first, seed by seed; whatever a seed does to both methods alike is then gone.",
        "The standard error of a mean of n differences is their standard deviation (n - 1 below) over the root of n.",
        "d = np.subtract(a, b); return d.mean(), d.std(ddof=1) / len(d) ** 0.5",
    ),
)
def _(answer: Callable[[list[float], list[float]], tuple[float, float]]) -> None:
    a, b = [0.62, 0.55, 0.70, 0.66], [0.60, 0.54, 0.69, 0.62]
    differences = np.subtract(a, b)
    mean, error = _two(answer(a, b), "the mean difference and its standard error")
    where = "of four seeds"
    expect_close(mean, differences.mean(), f"the mean difference {where}")
    right = differences.std(ddof=1) / 2
    if _close(error, ((np.var(a, ddof=1) + np.var(b, ddof=1)) / 4) ** 0.5):
        raise Wrong(f"the standard error {where}: this is that of unpaired runs; subtract seed by seed first")
    if _close(error, differences.std() / 2):
        raise Wrong(f"the standard error {where}: divide the squared deviations by n - 1, not by n")
    if _close(error, 2 * right):
        raise Wrong(f"the standard error {where}: this is the spread of one difference; divide by the root of n")
    expect_close(error, right, f"the standard error {where}")


def _two(given: Any, what: str) -> tuple[Any, Any]:
    if not (isinstance(given, tuple | list) and len(given) == 2):
        raise Wrong(f"expected two values, {what}")
    return given[0], given[1]


def _close(given: Any, wrong: Any) -> bool:
    """Whether an answer is a usual mistake's."""
    try:
        expect_close(given, wrong, "")
    except Wrong:
        return False
    return True
