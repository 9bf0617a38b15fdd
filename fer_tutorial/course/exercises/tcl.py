"""Exercises of the chapter "TCL: negatives for a triplet-center loss"."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fer_tutorial.course import Wrong, exercise, expect_close
from fer_tutorial.papers.tcl import nearest_wrong_class, negative_centers, selected_dimensions, triplet_center_loss


def _batch() -> tuple[Tensor, Tensor, Tensor]:
    """Twelve embeddings of five dimensions near their own of four centers, labels, centers."""
    labels, centers = torch.arange(12) % 4, torch.randn(4, 5)
    return centers[labels] + 0.3 * torch.randn(12, 5), labels, centers


@exercise(
    "tcl.by_hand",
    hints=(
        "In each dimension look at the two wrong centers alone and take the coordinate that is closer to 1, then to 0.",
        "The wrong centers are (2, 3) and (-1, 1). Closer to 1 is 2; closer to 0 is 1. So the negative is (2, 1).",
        "Half the squared distance to (2, 1) from (1, 0) is 1/2 (1 + 1).",
    ),
)
def _(answer: float) -> None:
    expect_close(answer, 1.0, "the distance D to the fully synthesized negative", tolerance=1e-4)


@exercise(
    "tcl.loss",
    hints=(
        "Each sample needs two distances: to the center of its own class, and to its negative.",
        "D is half the squared distance. The hinge keeps own + margin - other where that is positive.",
        "own = 0.5 * (x - centers[labels]).pow(2).sum(1); other = 0.5 * (x - negatives).pow(2).sum(1); "
        "return torch.relu(own + margin - other).mean()",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]) -> None:
    x, c = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0], [2.0, 0.0]])
    expect_close(answer(x, torch.tensor([0]), c, c[[1]], 0.3), 0.3, "a sample halfway between both centers, margin 0.3")
    x, y, c = _batch()
    n = negative_centers("nearest", x, y, c)
    expect_close(answer(x, y, c, n, 8.0), triplet_center_loss(x, y, c, n, 8.0), "a batch of twelve, margin 8")
    value = answer(x.requires_grad_(), y, c, n, 8.0)
    if not (isinstance(value, Tensor) and value.requires_grad):
        raise Wrong("the loss carries no gradient back to the features; compute it with torch operations alone")


@exercise(
    "tcl.nearest",
    hints=(
        "After some training the nearest center of all is the sample's own, which is the one that must not be taken.",
        "Compute all distances, (m, K), and make those to the own centers infinite before taking the smallest.",
        "d = (x[:, None] - centers).pow(2).sum(2); d[range(len(x)), labels] = torch.inf; return d.argmin(1)",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    x, y, c = _batch()
    given = answer(x, y, c)
    if torch.is_tensor(given) and given.shape == y.shape and (given == y).any():
        own = int((given == y).sum())
        raise Wrong(f"twelve samples near their own centers: {own} of them got their own class as the negative")
    expect_close(given, nearest_wrong_class(x, y, c), "twelve samples near their own centers")


@exercise(
    "tcl.fully_synthesized",
    hints=(
        "The gaps |x_ij - c_kj| form a tensor (m, K, d): one for every sample, class and dimension.",
        "Make the own class's gaps infinite, take argmin over the classes, and look the coordinates up with gather.",
        "g = (x[:, None] - centers).abs(); g[range(len(x)), labels] = torch.inf; return centers.gather(0, g.argmin(1))",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    x, c = torch.tensor([[0.0, 0.0]]), torch.tensor([[9.0, 9.0], [1.0, 5.0], [5.0, 2.0]])
    expect_close(answer(x, torch.tensor([0]), c), [[1.0, 2.0]], "x = (0, 0) and the wrong centers (1, 5) and (5, 2)")
    x, y, c = _batch()
    expected = negative_centers("fully_synthesized", x, y, c)
    expect_close(answer(x, y, c), expected, "twelve samples near their own centers")


@exercise(
    "tcl.semi_synthesized",
    hints=(
        "You have both parents already: the nearest wrong center and the fully synthesized one. Choose per dimension.",
        "The selected dimensions of a sample are those with its largest attention: topk over dim 1.",
        "chosen = torch.zeros_like(attention).bool().scatter(1, attention.topk(count, 1).indices, True); "
        "return torch.where(chosen, synthetic, real)",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor, int], Tensor]) -> None:
    synthetic, real = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[10.0, 20.0, 30.0]])
    attention = torch.tensor([[0.2, 0.9, 0.1]])
    expect_close(answer(synthetic, real, attention, 1), [[10.0, 2.0, 30.0]], "one of three dimensions selected")
    synthetic, real, attention = torch.randn(8, 6), torch.randn(8, 6), torch.rand(8, 6)
    expected = torch.where(selected_dimensions(attention, 0.5), synthetic, real)
    expect_close(answer(synthetic, real, attention, 3), expected, "eight samples, three of six dimensions selected")
