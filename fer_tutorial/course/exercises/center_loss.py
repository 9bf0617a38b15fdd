"""Exercises of the chapter "From softmax to center loss"."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from fer_tutorial.course import Draw, Wrong, exercise, judged_exercise, number_exercise
from fer_tutorial.course.comparing import is_close
from fer_tutorial.course.trying import Answer
from fer_tutorial.papers.center_loss import center_loss, center_update

number_exercise(
    "center_loss.by_hand",
    5.5,
    hints=(
        "Center loss is half of a sum of squared distances, one for each face, to the center of that face's own class.",
        "The three differences are (2, 1), (0, -1) and (1, 2); square the entries and add them up within each face.",
        "The squared distances are 5, 1 and 5. Halve their sum.",
    ),
)


def batches(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Features, labels and centers; some class has several faces, and some class none; one face; more than classes."""
    yield draw.numbers(3, 1), torch.tensor([0, 2, 2]), draw.numbers(4, 1)
    yield draw.numbers(1, 2), torch.tensor([1]), draw.numbers(2, 2)
    for m, d, classes in ((4, 3, 5), (6, 4, 3), (5, 6, 4)):
        yield draw.numbers(m, d), draw.labels(m, classes - 1), draw.numbers(classes, d)


@exercise(
    "center_loss.loss",
    draw=batches,
    gradients=("features", "centers"),
    mistakes={
        "the half is missing": lambda x, y, c: 2 * center_loss(x, y, c),
        "this is half the mean over the faces": lambda x, y, c: center_loss(x, y, c, "mean"),
        "this is the mean over the faces, without the half": lambda x, y, c: center_loss(x, y, c, "mean_without_half"),
    },
    hints=(
        "centers[labels] picks the right center for every face: a row each, in the order of the batch.",
        "Subtract it from the features, square, and sum over both the batch and the dimensions.",
        "return 0.5 * (features - centers[labels]).pow(2).sum()",
    ),
)
def _(features: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    return center_loss(features, labels, centers)


def steps(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, float]]:
    for alpha in (0.5, 1.0, 0.25, 0.0):
        for batch in batches(draw):
            yield *batch, alpha


@exercise(
    "center_loss.update",
    draw=steps,
    hints=(
        "Treat each class on its own: which faces of the batch belong to it, and how many are there?",
        "The denominator is one more than that number, so a class that is absent is divided by one, and stays.",
        "For class j with members = features[labels == j]: "
        "delta_j = (centers[j] - members).sum(0) / (1 + len(members)); the new center is centers[j] - alpha * delta_j.",
    ),
)
def _(features: Tensor, labels: Tensor, centers: Tensor, alpha: float) -> Tensor:
    return center_update(centers, features, labels, alpha)


@exercise(
    "center_loss.equilibrium",
    draw=lambda draw: ((1, 0.5, 1), (1, 0.5, 2), (9, 0.5, 4), (3, 1.0, 2), (4, 0.25, 7), (2, 0.8, 0)),
    hints=(
        "Follow one step: n equal faces at x pull the center from c to c + alpha * n * (x - c) / (1 + n).",
        "The distance to x is therefore multiplied by the same factor in every step.",
        "The factor is 1 - alpha * n / (1 + n); raise it to the number of steps.",
    ),
)
def _(n: int, alpha: float, steps: int) -> float:
    return (1 - alpha * n / (1 + n)) ** steps


@judged_exercise(
    "center_loss.frozen_centers",
    hints=(
        "Which tensors does the optimizer know? Compare them with the tensors that should change.",
        "torch.optim.SGD takes a list of groups; each group is a dictionary with its own parameters and learning rate.",
        'Add a second group, {"params": [centers], "lr": 0.5}, beside the one that holds the network.',
    ),
)
def _(answer: Answer) -> None:
    draw = Draw()
    network, centers = nn.Linear(3, 2), nn.Parameter(draw.numbers(4, 2))
    torch.optim.SGD(network.parameters())  # torch's first optimizer loads a lot, which should not count as the answer's
    optimizer = answer(network=network, centers=centers)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise Wrong(f"expected an optimizer, got {type(optimizer).__name__}")
    held = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
    if id(centers) not in held:
        raise Wrong("the centers are still not among the optimizer's parameters")
    if not all(id(parameter) in held for parameter in network.parameters()):
        raise Wrong("the network's own parameters are no longer among the optimizer's")
    rates = {centers: 0.5, network.weight: 0.1, network.bias: 0.1}
    for labels in ([0, 1, 2, 3, 0], [3, 3, 1, 0, 2], [0, 0, 0, 0, 0]):  # momentum shows from the second step on
        optimizer.zero_grad()
        (network(draw.numbers(5, 3)) - centers[torch.tensor(labels)]).pow(2).sum().mul(0.05).backward()
        before = {parameter: parameter.detach().clone() for parameter in rates}
        optimizer.step()
        for parameter, rate in rates.items():
            whose = "centers" if parameter is centers else "network"
            gradient = before[parameter] * 0 if parameter.grad is None else parameter.grad
            if not is_close(parameter, before[parameter] - rate * gradient):
                raise Wrong(
                    f"a step should take {rate} times their gradient off the {whose}, and nothing else; yours does not"
                )
