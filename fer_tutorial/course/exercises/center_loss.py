"""Exercises of the chapter "From softmax to center loss"."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fer_tutorial.course import Wrong, exercise, expect_close


@exercise(
    "center_loss.by_hand",
    hints=(
        "Center loss is half of a sum of squared distances, one for each face, to the center of that face's own class.",
        "The three differences are (2, 1), (0, -1) and (1, 2); square the entries and add them up within each face.",
        "The squared distances are 5, 1 and 5. Halve their sum.",
    ),
)
def _(answer: float) -> None:
    expect_close(answer, 5.5, "the loss of the three faces", tolerance=1e-4)


@exercise(
    "center_loss.loss",
    hints=(
        "centers[labels] picks the right center for every face: a row each, in the order of the batch.",
        "Subtract it from the features, square, and sum over both the batch and the dimensions.",
        "return 0.5 * (features - centers[labels]).pow(2).sum()",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    features = torch.tensor([[1.0, 0.0], [3.0, 4.0]])
    centers = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    expect_close(answer(features, torch.tensor([0, 0]), centers), 6.0, "both faces of class 0")
    expect_close(answer(features, torch.tensor([0, 1]), centers), 14.5, "one face of class 0 and one of class 1")
    value = answer(features.requires_grad_(), torch.tensor([0, 1]), centers)
    if not (isinstance(value, Tensor) and value.requires_grad):
        raise Wrong("the loss carries no gradient back to the features; compute it with torch operations alone")


@exercise(
    "center_loss.update",
    hints=(
        "Treat each class on its own: which faces of the batch belong to it, and how many are there?",
        "The denominator is one more than that number, so a class that is absent is divided by one, and stays.",
        "For class j with members = features[labels == j]: "
        "delta_j = (centers[j] - members).sum(0) / (1 + len(members)); the new center is centers[j] - alpha * delta_j.",
    ),
)
def _(answer: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> None:
    features = torch.tensor([[2.0, 0.0], [4.0, 2.0], [0.0, 6.0]])
    labels = torch.tensor([0, 0, 1])
    centers = torch.zeros(3, 2)
    before = centers.clone()
    new = answer(features, labels, centers, 0.5)
    expect_close(new, [[1.0, 1 / 3], [0.0, 1.5], [0.0, 0.0]], "three faces, three classes, alpha = 0.5")
    expect_close(answer(features, labels, before + 1, 0.0), before + 1, "alpha = 0, so nothing may move")


@exercise(
    "center_loss.equilibrium",
    hints=(
        "Follow one step: n equal faces at x pull the center from c to c + alpha * n * (x - c) / (1 + n).",
        "The distance to x is therefore multiplied by the same factor in every step.",
        "The factor is 1 - alpha * n / (1 + n); raise it to the number of steps.",
    ),
)
def _(answer: Callable[[int, float, int], float]) -> None:
    for n, alpha, steps in ((1, 0.5, 1), (9, 0.5, 4), (3, 1.0, 2)):
        expected = (1 - alpha * n / (1 + n)) ** steps
        expect_close(answer(n, alpha, steps), expected, f"n = {n}, alpha = {alpha}, {steps} steps")


@exercise(
    "center_loss.frozen_centers",
    hints=(
        "Which tensors does the optimizer know? Compare them with the tensors that should change.",
        "torch.optim.SGD takes a list of groups; each group is a dictionary with its own parameters and learning rate.",
        'Add a second group, {"params": [centers], "lr": 0.5}, beside the one that holds the network.',
    ),
)
def _(answer: Callable[[torch.nn.Module, torch.nn.Parameter], torch.optim.Optimizer]) -> None:
    network, centers = torch.nn.Linear(3, 2), torch.nn.Parameter(torch.zeros(4, 2))
    optimizer = answer(network, centers)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise Wrong(f"expected an optimizer, got {type(optimizer).__name__}")
    held = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
    if id(centers) not in held:
        raise Wrong("the centers are still not among the optimizer's parameters")
    if not all(id(parameter) in held for parameter in network.parameters()):
        raise Wrong("the network's own parameters are no longer among the optimizer's")
    before = centers.detach().clone()
    (network(torch.ones(5, 3)) - centers[torch.tensor([0, 1, 2, 3, 0])]).pow(2).sum().mul(0.5).backward()
    optimizer.step()
    if torch.equal(centers.detach(), before):
        raise Wrong("after one step the centers are where they were; is their learning rate zero?")
