"""Exercises of the chapter "SCN: suppressing uncertain labels"."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from fer_tutorial.course import Draw, exercise, number_exercise
from fer_tutorial.papers import scn

number_exercise(
    "scn.by_hand",
    0.05,
    hints=(
        "Sort the five importances. With beta = 0.7 the high group has M = 3 members: 3.5, rounded down.",
        "The high group is 0.9, 0.8, 0.4 with mean 0.7; the low group is 0.3, 0.2 with mean 0.25.",
        "The gap is 0.45 and the margin 0.5: the hinge gives max(0, 0.5 - 0.45).",
    ),
)


def embeddings(draw: Draw) -> Iterator[tuple[Tensor, Tensor]]:
    """Features and a weight, for batches of one as well, and with scores so large that an exponential overflows."""
    for m, d in ((1, 2), (2, 1), (1, 1), (4, 3), (3, 5)):
        yield draw.numbers(m, d), draw.numbers(d)
    yield 50 * draw.numbers(5, 4), draw.numbers(4)


@exercise(
    "scn.importance",
    draw=embeddings,
    gradients=("features", "weight"),
    hints=(
        "The score of a sample is the sum of its features times the weights; the sigmoid takes it into (0, 1).",
        "A batch of one must give a vector, shape (1,). A bare squeeze() makes it a single number, shape ().",
        "return torch.sigmoid((features * weight).sum(dim=1))",
    ),
)
def _(features: Tensor, weight: Tensor) -> Tensor:
    return scn.importance(features, weight)


def weighed(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Logits, importances and labels; at last logits of which an exponential overflows."""
    yield torch.tensor([[2.0, 0.0]]), torch.tensor([0.5]), torch.tensor([0])
    for m, classes in ((3, 2), (4, 3), (6, 4), (3, 5)):
        yield draw.numbers(m, classes), draw.shares(m), draw.labels(m, classes)
    yield 400 * draw.numbers(3, 4), draw.shares(3), draw.labels(3, 4)


@exercise(
    "scn.weighted_cross_entropy",
    draw=weighed,
    gradients=("logits", "importance"),
    mistakes={
        "the importance multiplies the loss; Eq. (2) has it in the softmax": lambda z, a, y: (
            a * F.cross_entropy(z, y, reduction="none")
        ).mean(),
        "the importance multiplies probabilities; Eq. (2) has it inside the exponential": lambda z, a, y: F.nll_loss(
            (a[:, None] * z.softmax(1)).log(), y
        ),
    },
    hints=(
        "The importance multiplies the logits, before the softmax. It does not multiply the loss.",
        "Each row of logits needs its own factor: importance[:, None] has the shape (m, 1).",
        "return torch.nn.functional.cross_entropy(importance[:, None] * logits, labels)",
    ),
)
def _(logits: Tensor, importance: Tensor, labels: Tensor) -> Tensor:
    return scn.weighted_cross_entropy(logits, importance, labels)


def group_size(m: int, beta: float) -> int:
    """M of the chapter, for any share: 0 and 1 included."""
    return max(1, min(int(beta * m + 1e-9), m - 1))


def rankings(draw: Draw) -> Iterator[tuple[Tensor, float, float]]:
    """Hinges that are open and closed; M that is rounded, or kept from being 0 or m; a batch of one."""
    for m, beta, margin in (
        (2, 0.5, 0.9),  # open
        (5, 0.6, 0.05),  # closed
        (3, 0.5, 0.8),  # 1.5
        (5, 0.7, 0.9),  # 3.5
        (4, 0.2, 0.9),  # 0.8
        (4, 1.0, 0.9),
        (3, 0.0, 0.9),
        (1, 0.7, 0.15),
        (7, 0.7, 0.6),  # 4.9
        (9, 0.3, 0.7),  # 2.7
    ):
        yield draw.order(97)[:m].add(1).div(100), beta, margin  # no two are alike


@exercise(
    "scn.rank_regularization",
    draw=rankings,
    gradients=("importance",),
    hints=(
        "torch.sort(importance, descending=True) gives the groups as two slices of one vector.",
        "M is beta times the batch size, rounded down, but at least 1 and at most the size less 1; one sample costs 0.",
        "a = importance.sort(descending=True).values; M = max(1, min(int(beta * len(a)), len(a) - 1)); "
        "return torch.relu(margin - (a[:M].mean() - a[M:].mean())) if len(a) > 1 else importance.sum() * 0",
    ),
)
def _(importance: Tensor, beta: float, margin: float) -> Tensor:
    if len(importance) == 1:
        return importance.sum() * 0
    ranked = importance.sort(descending=True).values
    M = group_size(len(ranked), beta)
    return torch.relu(margin - (ranked[:M].mean() - ranked[M:].mean()))


def doubted(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, float, float]]:
    """Probabilities, labels, importances, beta, margin: low and high samples, ties, gaps equal to the margin."""
    sure, exactly = [0.8, 0.1, 0.1], [0.625, 0.25, 0.125]
    yield torch.tensor([sure, sure]), torch.tensor([1, 1]), torch.tensor([0.9, 0.1]), 0.5, 0.2
    yield torch.tensor([sure, exactly]), torch.tensor([0, 1]), torch.tensor([0.9, 0.1]), 0.5, 0.375  # not above it
    yield torch.tensor([sure, sure, sure]), torch.tensor([1, 1, 2]), torch.tensor([0.5, 0.5, 0.5]), 0.4, 0.2  # a tie
    yield torch.tensor([sure, sure]), torch.tensor([1, 1]), torch.tensor([0.1, 0.9]), 1.0, 0.2  # M is 1, not 2
    yield torch.tensor([sure]), torch.tensor([1]), torch.tensor([0.4]), 0.7, 0.2
    for m, classes, beta, margin in (
        (4, 3, 0.7, 0.2),  # 2.8
        (5, 3, 0.5, 0.0),  # 2.5
        (3, 4, 0.2, 0.1),  # 0.6
        (3, 5, 1.0, 0.1),
        (8, 4, 0.3, 0.5),  # 2.4
        (20, 5, 0.36, 0.3),  # 7.2
    ):
        yield draw.probabilities(m, classes), draw.labels(m, classes), draw.shares(m), beta, margin


def border(importance: Tensor, beta: float) -> Tensor:
    """The M-th largest importance."""
    return importance.sort(descending=True).values[group_size(len(importance), beta) - 1]


def relabeled(probabilities: Tensor, labels: Tensor, low: Tensor, margin: float) -> Tensor:
    """The labels after the paper's rule, asked of the samples that are ``low``."""
    given = probabilities[torch.arange(len(labels)), labels]
    return torch.where(low & (probabilities.amax(1) - given > margin), probabilities.argmax(1), labels)


@exercise(
    "scn.relabel",
    draw=doubted,
    mistakes={
        "ask only the low group": lambda p, y, a, beta, margin: relabeled(p, y, a == a, margin),
        "this asks the high group": lambda p, y, a, beta, margin: relabeled(p, y, a >= border(a, beta), margin),
    },
    hints=(
        "Three things are needed of every sample: its largest probability, that of its label, and whether it is low.",
        "A sample is low if its importance is below the M-th largest. Change it if it is low and the difference is "
        "above the margin.",
        "border = importance.sort(descending=True).values[M - 1]; change = (importance < border) & (p.max(1).values - "
        "p[range(len(p)), labels] > margin); return torch.where(change, p.argmax(1), labels)",
    ),
)
def _(probabilities: Tensor, labels: Tensor, importance: Tensor, beta: float, margin: float) -> Tensor:
    return relabeled(probabilities, labels, importance < border(importance, beta), margin)


@exercise(
    "scn.verdict",
    draw=lambda draw: (
        tuple(draw.labels(n, classes) for _ in range(3)) for n, classes in ((1, 3), (5, 2), (8, 3), (30, 4))
    ),
    results=("right relabels", "wrong relabels", "wrong labels left"),
    hints=(
        "A label was changed where now differs from given. Whether that was right, only the truth can tell.",
        "Right: changed, and now equals truth. Wrong: changed, and now differs from truth. Missed: not changed, though "
        "given differs from truth.",
        "changed = now != given; return int((changed & (now == truth)).sum()), int((changed & (now != truth)).sum()), "
        "int((~changed & (given != truth)).sum())",
    ),
)
def _(given: Tensor, now: Tensor, truth: Tensor) -> tuple[int, int, int]:
    changed = now != given
    return (
        int((changed & (now == truth)).sum()),
        int((changed & (now != truth)).sum()),
        int((~changed & (given != truth)).sum()),
    )
