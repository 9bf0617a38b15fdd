"""Exercises of the chapter "SCN: suppressing uncertain labels"."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fer_tutorial.course import Wrong, exercise, expect_close
from fer_tutorial.papers.scn import importance, rank_regularization, relabel, weighted_cross_entropy


@exercise(
    "scn.by_hand",
    hints=(
        "Sort the five importances. With beta = 0.6 the high group has M = 3 members.",
        "The high group is 0.9, 0.8, 0.4 with mean 0.7; the low group is 0.3, 0.1 with mean 0.2.",
        "The gap is 0.5 and the margin 0.6: the hinge gives max(0, 0.6 - 0.5).",
    ),
)
def _(answer: float) -> None:
    expect_close(answer, 0.1, "the rank regularization of the five importances", tolerance=1e-4)


@exercise(
    "scn.importance",
    hints=(
        "The score of a sample is the sum of its features times the weights; the sigmoid takes it into (0, 1).",
        "A batch of one must give a vector, shape (1,). A bare squeeze() makes it a single number, shape ().",
        "return torch.sigmoid((features * weight).sum(dim=1))",
    ),
)
def _(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    for m in (4, 1):
        features, weight = torch.randn(m, 3), torch.randn(3)
        expect_close(answer(features, weight), importance(features, weight), f"a batch of {m}")


@exercise(
    "scn.weighted_cross_entropy",
    hints=(
        "The importance multiplies the logits, before the softmax. It does not multiply the loss.",
        "Each row of logits needs its own factor: importance[:, None] has the shape (m, 1).",
        "return torch.nn.functional.cross_entropy(importance[:, None] * logits, labels)",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    logits, alpha, labels = torch.tensor([[2.0, 0.0]]), torch.tensor([0.5]), torch.tensor([0])
    loss_instead = alpha[0] * torch.nn.functional.cross_entropy(logits, labels)
    given = answer(logits, alpha, labels)
    if torch.is_tensor(given) and given.numel() == 1 and torch.isclose(given.reshape(()), loss_instead, atol=1e-4):
        raise Wrong(
            "logits (2, 0) with importance 0.5: the importance multiplies the loss; Eq. (2) has it in the softmax"
        )
    expect_close(given, weighted_cross_entropy(logits, alpha, labels), "logits (2, 0) with importance 0.5, label 0")
    logits, alpha, labels = torch.randn(6, 4), torch.rand(6), torch.tensor([0, 1, 2, 3, 1, 1])
    expect_close(answer(logits, alpha, labels), weighted_cross_entropy(logits, alpha, labels), "a batch of six")


@exercise(
    "scn.rank_regularization",
    hints=(
        "torch.sort(importance, descending=True) gives the groups as two slices of one vector.",
        "M is beta times the batch size, rounded down, but at least 1 and at most the size less 1; one sample costs 0.",
        "a = importance.sort(descending=True).values; M = max(1, min(int(beta * len(a)), len(a) - 1)); "
        "return torch.relu(margin - (a[:M].mean() - a[M:].mean())) if len(a) > 1 else importance.sum() * 0",
    ),
)
def _(answer: Callable[[Tensor, float, float], Tensor]) -> None:
    alpha = torch.tensor([0.1, 0.9, 0.4, 0.8, 0.3])
    expect_close(answer(alpha, 0.6, 0.6), 0.1, "five importances, beta 0.6, margin 0.6", tolerance=1e-4)
    expect_close(answer(alpha, 0.6, 0.3), 0.0, "the same with margin 0.3, which the gap exceeds", tolerance=1e-4)
    expect_close(answer(alpha, 0.05, 0.9), rank_regularization(alpha, 0.05, 0.9), "beta so small that M would be 0")
    expect_close(answer(torch.tensor([0.4]), 0.7, 0.15), 0.0, "a batch of one, which has no second group")
    value = answer(alpha.requires_grad_(), 0.6, 0.6)
    if not (isinstance(value, Tensor) and value.requires_grad):
        raise Wrong("the loss carries no gradient back to the importances; compute it with torch operations alone")


@exercise(
    "scn.relabel",
    hints=(
        "Three things are needed of every sample: its largest probability, that of its label, and whether it is low.",
        "A sample is low if its importance is below the M-th largest. Change it if it is low and the difference is "
        "above the margin.",
        "border = importance.sort(descending=True).values[M - 1]; change = (importance < border) & (p.max(1).values - "
        "p[range(len(p)), labels] > margin); return torch.where(change, p.argmax(1), labels)",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor, float, float], Tensor]) -> None:
    p = torch.tensor([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.4, 0.3, 0.3], [0.8, 0.1, 0.1]])
    labels, alpha = torch.tensor([1, 1, 1, 0]), torch.tensor([0.9, 0.1, 0.2, 0.3])
    expect_close(answer(p, labels, alpha, 0.25, 0.2), [1, 0, 1, 0], "four faces of which three are low")
    p, labels, alpha = (3 * torch.randn(20, 5)).softmax(1), torch.randint(5, (20,)), torch.rand(20)
    expect_close(answer(p, labels, alpha, 0.7, 0.2), relabel(p, labels, alpha, 0.7, 0.2).labels, "a batch of twenty")


@exercise(
    "scn.verdict",
    hints=(
        "A label was changed where now differs from given. Whether that was right, only the truth can tell.",
        "Right: changed, and now equals truth. Wrong: changed, and now differs from truth. Missed: not changed, though "
        "given differs from truth.",
        "changed = now != given; return int((changed & (now == truth)).sum()), int((changed & (now != truth)).sum()), "
        "int((~changed & (given != truth)).sum())",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor], tuple[int, int, int]]) -> None:
    truth, given, now = torch.tensor([[0, 0, 0, 0, 1, 1], [0, 1, 1, 0, 1, 2], [0, 0, 1, 2, 1, 0]])
    expect_close(answer(given, now, truth), [1, 2, 1], "six faces: one relabel is right, two are wrong, one is missed")
