"""Exercises of the chapter "G2RL: action unit intensities by heatmaps and geometry"."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from fer_tutorial.course import Wrong, exercise, expect_close
from fer_tutorial.metrics import icc_3_1
from fer_tutorial.papers.g2rl import adjacency, gaussian_heatmap


@exercise(
    "g2rl.heatmap",
    hints=(
        "The squared distance to the point splits into a part along x and a part along y.",
        "Make a column of y and a row of x with torch.arange, and let broadcasting build the map.",
        "return intensity * torch.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * sigma**2)) with x of shape "
        "(1, w) and y of shape (h, 1)",
    ),
)
def _(answer: Callable[[Tensor, float, tuple[int, int], float], Tensor]) -> None:
    row = answer(torch.tensor([1.0, 0.0]), 3.0, (1, 3), 1.0)
    side = 3 * math.exp(-0.5)
    expect_close(row, [[side, 3.0, side]], "intensity 3 at x = 1 of a map 1 high and 3 wide", tolerance=1e-4)
    point = torch.tensor([2.3, 4.6])
    expected = gaussian_heatmap(point, torch.tensor(4.0), (7, 5), 1.5)
    expect_close(answer(point, 4.0, (7, 5), 1.5), expected, "intensity 4 at (2.3, 4.6) of a map 7 high and 5 wide")


@exercise(
    "g2rl.read_density",
    hints=(
        "What is the value of the paper's target at its own center, where the exponential is 1?",
        "The peak is I / (2 pi sigma^2), so the intensity is the peak times something.",
        "return heatmap.max() * 2 * math.pi * sigma**2",
    ),
)
def _(answer: Callable[[Tensor, float], Tensor]) -> None:
    for intensity, sigma in ((5.0, 2.0), (1.5, 1.0)):
        heatmap = gaussian_heatmap(torch.tensor([4.0, 4.0]), torch.tensor(intensity), (9, 9), sigma, "density")
        expect_close(answer(heatmap, sigma), intensity, f"intensity {intensity} at σ = {sigma}", tolerance=1e-4)


@exercise(
    "g2rl.subpixel",
    hints=(
        "Take logarithms: the three points then lie on a parabola a - (x - d)^2 / (2 sigma^2).",
        "A parabola through (-1, l), (0, c), (1, r) has its peak at (r - l) / (2 (2c - l - r)).",
        "l, c, r = values.log(); return (r - l) / (2 * (2 * c - l - r))",
    ),
)
def _(answer: Callable[[Tensor], Tensor]) -> None:
    for shift, sigma in ((0.0, 1.0), (0.3, 1.5), (-0.45, 2.0)):
        x = torch.tensor([-1.0, 0.0, 1.0])
        values = 3 * torch.exp(-((x - shift) ** 2) / (2 * sigma**2))
        expect_close(answer(values), shift, f"a Gaussian of σ = {sigma} centered at {shift}", tolerance=1e-3)


@exercise(
    "g2rl.adjacency",
    hints=(
        "All pairs of differences are nodes[:, None] - nodes[None, :], of shape (n, n, 2).",
        "The mean distance is over the n (n - 1) pairs of different nodes. Degrees are row sums, diagonal included.",
        "w = exp(-d**2 / (2 * (scale * d.sum() / (n * (n - 1)))**2)); r = w.sum(1).rsqrt(); return r[:, None] * w * r",
    ),
)
def _(answer: Callable[[Tensor, float], Tensor]) -> None:
    for nodes, scale in ((torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), 1.0), (torch.randn(6, 2), 0.5)):
        expected = adjacency(nodes[None], "gaussian", scale)[0]
        expect_close(answer(nodes, scale), expected, f"{len(nodes)} nodes, scale {scale}", tolerance=1e-4)


@exercise(
    "g2rl.icc",
    hints=(
        "Put prediction and code side by side as two columns; BMS compares rows, EMS is what rows and columns leave.",
        "BMS = 2 * variance of the row means (divided by n - 1). EMS = half the variance of the differences.",
        "bms = 2 * ((p + t) / 2).var(); ems = (p - t).var() / 2; return (bms - ems) / (bms + ems)",
    ),
)
def _(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    for n in (4, 30):
        predicted, coded = 5 * torch.rand(n), 5 * torch.rand(n)
        expected = icc_3_1(predicted[:, None], coded[:, None])[0]
        expect_close(answer(predicted, coded), expected, f"{n} random pairs", tolerance=1e-4)
    predicted = 5 * torch.rand(10)
    value = float(answer(predicted + 1, predicted))
    if not math.isclose(value, 1.0, abs_tol=1e-4):
        raise Wrong(f"a constant offset between prediction and code: expected 1, got {value:.4f}")
