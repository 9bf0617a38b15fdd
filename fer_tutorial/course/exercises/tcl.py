"""Exercises of the chapter "TCL: negatives for a triplet-center loss"."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fer_tutorial.course import Draw, exercise, number_exercise
from fer_tutorial.papers.tcl import center_distance, nearest_wrong_class, negative_centers, triplet_center_loss

number_exercise(
    "tcl.by_hand",
    1.0,
    hints=(
        "In each dimension look at the two wrong centers alone and take the coordinate that is closer to 1, then to 0.",
        "The wrong centers are (2, 3) and (-1, 1). Closer to 1 is 2; closer to 0 is 1. So the negative is (2, 1).",
        "Half the squared distance to (2, 1) from (1, 0) is 1/2 (1 + 1).",
    ),
)


def batches(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Embeddings, labels and centers: near the own center and far from it, two classes and more."""
    for m, d, classes, spread in (
        (2, 1, 3, 3.0),
        (1, 2, 2, 0.3),
        (4, 3, 5, 0.3),
        (5, 4, 3, 3.0),
        (6, 3, 2, 2.0),
        (8, 5, 4, 0.6),
    ):
        labels, centers = draw.labels(m, classes), draw.numbers(classes, d)
        yield (centers[labels] + spread * draw.numbers(m, d)).mul(100).round().div(100), labels, centers


def triplets(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, float]]:
    """Batches with negatives anywhere, and margins for which the hinge is open everywhere, nowhere, and in part."""
    for margin in (2.0, 0.5, 60.0):
        for features, labels, centers in batches(draw):
            yield features, labels, centers, draw.numbers(*features.shape), margin


@exercise(
    "tcl.loss",
    draw=triplets,
    gradients=("x", "centers", "negatives"),
    mistakes={
        "this is the sum over the batch": lambda x, y, c, n, margin: len(x) * triplet_center_loss(x, y, c, n, margin),
        "the hinge belongs to each sample, before the mean": lambda x, y, c, n, margin: torch.relu(
            (center_distance(x, c[y]) + margin - center_distance(x, n)).mean()
        ),
        "the halves are missing": lambda x, y, c, n, margin: 2 * triplet_center_loss(x, y, c, n, margin / 2),
    },
    hints=(
        "Each sample needs two distances: to the center of its own class, and to its negative.",
        "D is half the squared distance. The hinge keeps own + margin - other where that is positive.",
        "own = 0.5 * (x - centers[labels]).pow(2).sum(1); other = 0.5 * (x - negatives).pow(2).sum(1); "
        "return torch.relu(own + margin - other).mean()",
    ),
)
def _(x: Tensor, labels: Tensor, centers: Tensor, negatives: Tensor, margin: float) -> Tensor:
    return triplet_center_loss(x, labels, centers, negatives, margin)


@exercise(
    "tcl.nearest",
    draw=batches,
    mistakes={"some samples got their own class as the negative": lambda x, y, c: torch.cdist(x, c).argmin(1)},
    hints=(
        "After some training the nearest center of all is the sample's own, which is the one that must not be taken.",
        "Compute all distances, (m, K), and make those to the own centers infinite before taking the smallest.",
        "d = (x[:, None] - centers).pow(2).sum(2); d[range(len(x)), labels] = torch.inf; return d.argmin(1)",
    ),
)
def _(x: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    return nearest_wrong_class(x, labels, centers)


@exercise(
    "tcl.fully_synthesized",
    draw=batches,
    gradients=("centers",),
    mistakes={
        "this is the nearest wrong center; choose anew in every dimension": lambda x, y, c: negative_centers(
            "nearest", x, y, c
        ),
        "the own class must not be chosen": lambda x, y, c: c.gather(0, (x[:, None] - c).abs().argmin(1)),
    },
    hints=(
        "The gaps |x_ij - c_kj| form a tensor (m, K, d): one for every sample, class and dimension.",
        "Make the own class's gaps infinite, take argmin over the classes, and look the coordinates up with gather.",
        "g = (x[:, None] - centers).abs(); g[range(len(x)), labels] = torch.inf; return centers.gather(0, g.argmin(1))",
    ),
)
def _(x: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    return negative_centers("fully_synthesized", x, labels, centers)


def parents(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, int]]:
    """Every count from none of the dimensions to all of them; no two entries of a sample's attention are alike."""
    for m, d in ((1, 3), (3, 4), (4, 6)):
        for count in (1, 0, *range(2, d + 1)):
            attention = torch.stack([draw.order(97)[:d].add(1).div(100) for _ in range(m)])
            yield draw.numbers(m, d), draw.numbers(m, d), attention, count


def mixed(synthetic: Tensor, real: Tensor, attention: Tensor, count: int) -> Tensor:
    chosen = torch.zeros_like(attention).bool().scatter(1, attention.topk(count, 1).indices, True)
    return torch.where(chosen, synthetic, real)


@exercise(
    "tcl.semi_synthesized",
    draw=parents,
    gradients=("synthetic", "real"),
    mistakes={
        "the selected dimensions come from the synthesized parent": lambda s, r, a, count: mixed(r, s, a, count),
        "select those with the largest attention": lambda s, r, a, count: mixed(s, r, -a, count),
    },
    hints=(
        "You have both parents already: the nearest wrong center and the fully synthesized one. Choose per dimension.",
        "The selected dimensions of a sample are those with its largest attention: topk over dim 1.",
        "chosen = torch.zeros_like(attention).bool().scatter(1, attention.topk(count, 1).indices, True); "
        "return torch.where(chosen, synthetic, real)",
    ),
)
def _(synthetic: Tensor, real: Tensor, attention: Tensor, count: int) -> Tensor:
    return mixed(synthetic, real, attention, count)
