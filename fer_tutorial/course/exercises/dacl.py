"""Exercises of the chapter "DACL: deep attentive center loss"."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fer_tutorial.course import Draw, exercise
from fer_tutorial.papers.dacl import sparse_center_loss, sparse_center_update


def outputs(draw: Draw) -> Iterator[tuple[Tensor]]:
    """Pairs of several samples, at last so large that their exponentials overflow."""
    for m, d in ((1, 1), (1, 3), (3, 4), (5, 3)):
        yield (draw.numbers(m, 2 * d),)
    yield (200 * draw.numbers(3, 8),)


@exercise(
    "dacl.attention",
    draw=outputs,
    gradients=("outputs",),
    mistakes={
        "these are the shares of 'out'": lambda o: o.view(len(o), -1, 2).softmax(2)[..., 0],
        "the two outputs of one dimension stand side by side": lambda o: o.view(len(o), 2, -1).softmax(1)[:, 1],
    },
    hints=(
        "The 2d numbers of a sample are d pairs: the first two belong to dimension 1, the next two to dimension 2.",
        "Reshape to (m, d, 2), take a softmax over the last axis, and keep index 1, which stands for 'in'.",
        "return outputs.view(len(outputs), -1, 2).softmax(dim=2)[..., 1]",
    ),
)
def _(outputs: Tensor) -> Tensor:
    return outputs.view(len(outputs), -1, 2).softmax(dim=2)[..., 1]


def batches(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Features, attention, labels that leave a class out, centers."""
    yield draw.numbers(3, 2), draw.shares(3, 2), torch.tensor([0, 2, 2]), draw.numbers(4, 2)
    yield draw.numbers(1, 2), draw.shares(1, 2), torch.tensor([1]), draw.numbers(2, 2)
    for m, d, classes in ((4, 3, 5), (6, 4, 3), (5, 6, 4)):
        yield draw.numbers(m, d), draw.shares(m, d), draw.labels(m, classes - 1), draw.numbers(classes, d)


@exercise(
    "dacl.sparse_center_loss",
    draw=batches,
    gradients=("features", "attention", "centers"),
    mistakes={
        "the half is missing": lambda x, a, y, c: 2 * sparse_center_loss(x, a, y, c),
        "divide by the number of samples": lambda x, a, y, c: len(x) * sparse_center_loss(x, a, y, c),
    },
    hints=(
        "centers[labels] has the right center for every sample, in the order of the batch.",
        "Square the difference, multiply by the attention entry by entry, sum over everything; then divide by 2m.",
        "return (attention * (features - centers[labels]) ** 2).sum() / (2 * len(features))",
    ),
)
def _(features: Tensor, attention: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    return sparse_center_loss(features, attention, labels, centers)


def steps(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, float]]:
    for alpha in (0.5, 1.0, 0.25, 0.0):
        for features, attention, labels, centers in batches(draw):
            yield centers, features, attention, labels, alpha


@exercise(
    "dacl.center_step",
    draw=steps,
    mistakes={
        "the attention is missing": lambda c, x, a, y, alpha: sparse_center_update(c, x, torch.ones_like(a), y, alpha),
    },
    hints=(
        "The attention stands in the numerator alone; the denominator still counts samples, not attention.",
        "For class k: sum a * (c_k - x) over its samples, divide by 1 + n_k, and take alpha times that off the center.",
        "For each k with mine = labels == k: new[k] = centers[k] - alpha * (attention[mine] * (centers[k] - "
        "features[mine])).sum(0) / (1 + mine.sum())",
    ),
)
def _(centers: Tensor, features: Tensor, attention: Tensor, labels: Tensor, alpha: float) -> Tensor:
    return sparse_center_update(centers, features, attention, labels, alpha)


@exercise(
    "dacl.step_ratio",
    draw=lambda draw: ((10, 4, 0.1), (64, 9, 0.01), (128, 31, 0.5), (32, 0, 0.02)),
    hints=(
        "Write both steps of a center as a number times the same sum over the samples of the class.",
        "The official step is alpha / (1 + n) times the sum; gradient descent's is alpha * lambda / m times the sum.",
        "return m / (lambda_ * (1 + n))",
    ),
)
def _(m: int, n: int, lambda_: float) -> float:
    return m / (lambda_ * (1 + n))


@exercise(
    "dacl.scale_free",
    draw=batches,
    gradients=("features", "attention", "centers"),
    may_call=("sparse_center_loss",),
    mistakes={
        "this is the sparse center loss itself": sparse_center_loss,
        "divide by the mean of each sample, not of the batch": lambda x, a, y, c: sparse_center_loss(
            x, a / a.mean(), y, c
        ),
        "divide by the mean, not by the largest": lambda x, a, y, c: sparse_center_loss(
            x, a / a.amax(1, keepdim=True), y, c
        ),
    },
    hints=(
        "The loss falls with the attention because it is proportional to it. Divide by something that falls as well.",
        "Divide each sample's attention by its own mean over the dimensions before it weighs the squares.",
        "weights = attention / attention.mean(dim=1, keepdim=True), and then the sparse center loss with the weights.",
    ),
)
def _(features: Tensor, attention: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    return sparse_center_loss(features, attention / attention.mean(dim=1, keepdim=True), labels, centers)
