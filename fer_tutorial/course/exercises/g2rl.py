"""Exercises of the chapter "G2RL: action unit intensities by heatmaps and geometry"."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from fer_tutorial.course import Draw, exercise
from fer_tutorial.metrics import icc_3_1
from fer_tutorial.papers.g2rl import adjacency, gaussian_heatmap


def points(draw: Draw) -> Iterator[tuple[Tensor, float, tuple[int, int], float]]:
    """A point on a pixel, between pixels, at the border, outside; maps that are higher and that are wider."""
    yield torch.tensor([1.0, 0.0]), 3.0, (1, 3), 1.0
    yield torch.tensor([0.3, 1.6]), 4.0, (3, 2), 1.5
    yield torch.tensor([-0.4, 3.2]), 2.5, (3, 5), 2.0
    yield draw.numbers(2, low=0, high=6), 0.5, (7, 5), 0.7
    yield draw.numbers(2, low=0, high=6), 5.0, (6, 9), 3.0


@exercise(
    "g2rl.heatmap",
    draw=points,
    mistakes={
        "the peak should be as high as the intensity, without the factor of a density": lambda p, i, size, sigma: (
            gaussian_heatmap(p, torch.tensor(i), size, sigma, "density")
        ),
        "the point is (x, y), column first": lambda p, i, size, sigma: gaussian_heatmap(
            p.flip(0), torch.tensor(i), size, sigma
        ),
    },
    hints=(
        "The squared distance to the point splits into a part along x and a part along y.",
        "Make a column of y and a row of x with torch.arange, and let broadcasting build the map.",
        "return intensity * torch.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * sigma**2)) with x of shape "
        "(1, w) and y of shape (h, 1)",
    ),
)
def _(point: Tensor, intensity: float, size: tuple[int, int], sigma: float) -> Tensor:
    return gaussian_heatmap(point, torch.tensor(intensity), size, sigma)


def densities(draw: Draw) -> Iterator[tuple[Tensor, float]]:
    """The paper's targets with the peak in the middle, beside it, in a corner and between pixels; and an empty one."""
    cases = (
        ((1.0, 1.0), 4.0, (3, 3), 1.0),
        ((3.0, 0.0), 5.0, (2, 4), 2.0),
        ((4.0, 2.0), 1.5, (7, 5), 0.8),
        ((1.3, 4.6), 2.0, (6, 8), 1.5),
        ((0.0, 0.0), 0.0, (3, 4), 1.0),
    )
    for point, intensity, size, sigma in cases:
        yield gaussian_heatmap(torch.tensor(point), torch.tensor(intensity), size, sigma, "density"), sigma


@exercise(
    "g2rl.read_density",
    draw=densities,
    hints=(
        "What is the value of the paper's target at its own center, where the exponential is 1?",
        "The peak is I / (2 pi sigma^2), so the intensity is the peak times something.",
        "return heatmap.max() * 2 * math.pi * sigma**2",
    ),
)
def _(heatmap: Tensor, sigma: float) -> Tensor:
    return heatmap.max() * 2 * math.pi * sigma**2


def gaussians(draw: Draw) -> Iterator[tuple[Tensor]]:
    """Peaks on the middle pixel and to both sides of it, of all heights and widths."""
    x = torch.tensor([-1.0, 0.0, 1.0])
    for shift, sigma, height in (
        (0.3, 1.0, 1.0),
        (-0.45, 2.0, 3.0),
        (0.0, 1.5, 4.0),
        (0.1, 0.7, 0.2),
        (-0.5, 3.0, 5.0),
    ):
        yield (height * torch.exp(-((x - shift) ** 2) / (2 * sigma**2)),)


@exercise(
    "g2rl.subpixel",
    draw=gaussians,
    mistakes={"take logarithms first": lambda v: (v[2] - v[0]) / (2 * (2 * v[1] - v[0] - v[2]))},
    hints=(
        "Take logarithms: the three points then lie on a parabola a - (x - d)^2 / (2 sigma^2).",
        "A parabola through (-1, l), (0, c), (1, r) has its peak at (r - l) / (2 (2c - l - r)).",
        "l, c, r = values.log(); return (r - l) / (2 * (2 * c - l - r))",
    ),
)
def _(values: Tensor) -> Tensor:
    low, center, high = values.log()
    return (high - low) / (2 * (2 * center - low - high))


def graphs(draw: Draw) -> Iterator[tuple[Tensor, float]]:
    """Graphs of different sizes; the face itself may be larger or smaller; two nodes may lie in one place."""
    yield torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), 1.0
    yield draw.numbers(4, 2), 0.5
    yield 20 * draw.numbers(6, 2), 0.8
    yield draw.numbers(4, 2)[[0, 1, 2, 3, 3]], 0.3


@exercise(
    "g2rl.adjacency",
    draw=graphs,
    hints=(
        "All pairs of differences are nodes[:, None] - nodes[None, :], of shape (n, n, 2).",
        "The mean distance is over the n (n - 1) pairs of different nodes. Degrees are row sums, diagonal included.",
        "w = exp(-d**2 / (2 * (scale * d.sum() / (n * (n - 1)))**2)); r = w.sum(1).rsqrt(); return r[:, None] * w * r",
    ),
)
def _(nodes: Tensor, scale: float) -> Tensor:
    return adjacency(nodes[None], "gaussian", scale)[0]


def ratings(draw: Draw) -> Iterator[tuple[Tensor, Tensor]]:
    """Unrelated ratings, related ones, a constant offset, another scale, a rater who always says the same."""
    for n in (3, 4, 12):
        yield draw.numbers(n, low=0, high=5), draw.numbers(n, low=0, high=5)
    coded = draw.numbers(6, low=0, high=4)
    yield coded + draw.numbers(6, low=-1, high=1), coded
    yield coded + 1, coded
    yield coded / 4, coded
    yield torch.full_like(coded, 2.0), coded


@exercise(
    "g2rl.icc",
    draw=ratings,
    mistakes={
        "this is the correlation, which does not see unequal scales": lambda p, t: torch.corrcoef(torch.stack([p, t]))[
            0, 1
        ]
    },
    hints=(
        "Put prediction and code side by side as two columns; BMS compares rows, EMS is what rows and columns leave.",
        "BMS = 2 * variance of the row means (divided by n - 1). EMS = half the variance of the differences.",
        "bms = 2 * ((p + t) / 2).var(); ems = (p - t).var() / 2; return (bms - ems) / (bms + ems)",
    ),
)
def _(predicted: Tensor, coded: Tensor) -> Tensor:
    return icc_3_1(predicted[:, None], coded[:, None])[0]
