"""Exercises of the chapter "DACL: deep attentive center loss"."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fer_tutorial.course import Wrong, exercise, expect_close
from fer_tutorial.papers.dacl import sparse_center_loss, sparse_center_update


def _batch() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Six embeddings of four dimensions, their attention, labels that leave class 2 out, three centers."""
    return torch.randn(6, 4), torch.rand(6, 4), torch.tensor([0, 1, 1, 0, 1, 1]), torch.randn(3, 4)


@exercise(
    "dacl.attention",
    hints=(
        "The 2d numbers of a sample are d pairs: the first two belong to dimension 1, the next two to dimension 2.",
        "Reshape to (m, d, 2), take a softmax over the last axis, and keep index 1, which stands for 'in'.",
        "return outputs.view(len(outputs), -1, 2).softmax(dim=2)[..., 1]",
    ),
)
def _(answer: Callable[[Tensor], Tensor]) -> None:
    outputs = torch.tensor([[0.0, 0.0, 0.0, 2.0, 3.0, 0.0]])
    expected = torch.tensor([[0.5, 0.880797, 0.047426]])
    expect_close(answer(outputs), expected, "one sample with the pairs (0, 0), (0, 2) and (3, 0)", tolerance=1e-4)
    outputs = torch.randn(5, 8)
    expect_close(answer(outputs), outputs.view(5, 4, 2).softmax(2)[..., 1], "five samples of four random pairs")


@exercise(
    "dacl.sparse_center_loss",
    hints=(
        "centers[labels] has the right center for every sample, in the order of the batch.",
        "Square the difference, multiply by the attention entry by entry, sum over everything; then divide by 2m.",
        "return (attention * (features - centers[labels]) ** 2).sum() / (2 * len(features))",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    x, a, y, c = torch.tensor([[2.0, 1.0]]), torch.tensor([[0.5, 1.0]]), torch.tensor([0]), torch.zeros(1, 2)
    expect_close(answer(x, a, y, c), 1.5, "x = (2, 1), a = (0.5, 1), center (0, 0)")
    x, a, y, c = _batch()
    expect_close(answer(x, a, y, c), sparse_center_loss(x, a, y, c), "a batch of six samples and three classes")
    value = answer(x.requires_grad_(), a, y, c)
    if not (isinstance(value, Tensor) and value.requires_grad):
        raise Wrong("the loss carries no gradient back to the features; compute it with torch operations alone")


@exercise(
    "dacl.center_step",
    hints=(
        "The attention stands in the numerator alone; the denominator still counts samples, not attention.",
        "For class k: sum a * (c_k - x) over its samples, divide by 1 + n_k, and take alpha times that off the center.",
        "For each k with mine = labels == k: new[k] = centers[k] - alpha * (attention[mine] * (centers[k] - "
        "features[mine])).sum(0) / (1 + mine.sum())",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]) -> None:
    c, x, a = torch.zeros(2, 1), torch.tensor([[2.0], [4.0]]), torch.tensor([[0.5], [1.0]])
    expect_close(
        answer(c.clone(), x, a, torch.tensor([0, 0]), 0.6), [[1.0], [0.0]], "two samples of class 0, none of class 1"
    )
    x, a, y, c = _batch()
    expected = sparse_center_update(c, x, a, y, 0.5)
    expect_close(answer(c.clone(), x, a, y, 0.5), expected, "a batch of six samples and three classes")


@exercise(
    "dacl.step_ratio",
    hints=(
        "Write both steps of a center as a number times the same sum over the samples of the class.",
        "The official step is alpha / (1 + n) times the sum; gradient descent's is alpha * lambda / m times the sum.",
        "return m / (lambda_ * (1 + n))",
    ),
)
def _(answer: Callable[[int, int, float], float]) -> None:
    for m, n, lambda_ in ((64, 9, 0.01), (128, 31, 0.5)):
        expect_close(answer(m, n, lambda_), m / (lambda_ * (1 + n)), f"m = {m}, n = {n}, lambda = {lambda_}")


@exercise(
    "dacl.scale_free",
    hints=(
        "The loss falls with the attention because it is proportional to it. Divide by something that falls as well.",
        "Divide each sample's attention by its own mean over the dimensions before it weighs the squares.",
        "weights = attention / attention.mean(dim=1, keepdim=True), and then the sparse center loss with the weights.",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    x, a, y, c = _batch()
    expect_close(
        answer(x, torch.full_like(a, 0.3), y, c),
        sparse_center_loss(x, torch.ones_like(a), y, c),
        "the same attention 0.3 everywhere, which should count like 1",
    )
    value = answer(x, a, y, c)
    expect_close(answer(x, a * 0.1, y, c), value, "all attention divided by ten, which should change nothing")
    scales = torch.tensor([[1.0], [0.1], [0.5], [0.2], [1.0], [0.9]])
    expect_close(answer(x, a * scales, y, c), value, "every sample's attention scaled by a number of its own")
    one_hot = torch.zeros_like(a).index_fill(1, torch.tensor([2]), 0.5)
    expected = 4 * sparse_center_loss(x, torch.eye(4)[2].expand(6, 4), y, c)
    expect_close(answer(x, one_hot, y, c), expected, "attention on the third of four dimensions alone")
