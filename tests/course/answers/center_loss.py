"""Answers to the center-loss exercises: the right ones, and the usual wrong ones with what they are told."""

import torch

from fer_tutorial.papers.center_loss import center_loss, center_update


def frozen(network, centers):
    return torch.optim.SGD(network.parameters(), lr=0.1)


def thawed(network, centers):
    return torch.optim.SGD([{"params": network.parameters()}, {"params": [centers], "lr": 0.5}], lr=0.1)


def asleep(network, centers):
    return torch.optim.SGD([{"params": network.parameters()}, {"params": [centers], "lr": 0.0}], lr=0.1)


RIGHT = {
    "center_loss.by_hand": 5.5,
    "center_loss.loss": center_loss,
    "center_loss.update": lambda features, labels, centers, alpha: center_update(centers, features, labels, alpha),
    "center_loss.equilibrium": lambda n, alpha, steps: (1 - alpha * n / (1 + n)) ** steps,
    "center_loss.frozen_centers": thawed,
}

MISTAKES = [
    ("center_loss.by_hand", 11.0, "expected 5.5, got 11"),
    ("center_loss.loss", lambda x, y, c: (x - c[y]).pow(2).sum(), "expected 6, got 12"),
    ("center_loss.loss", lambda x, y, c: center_loss(x, y, c, "mean"), "expected 6, got 3"),
    ("center_loss.loss", lambda x, y, c: center_loss(x.detach(), y, c), "no gradient"),
    (
        "center_loss.update",
        lambda x, y, c, alpha: c - alpha * torch.stack([(c[k] - x[y == k]).mean(0) for k in range(3)]),
        "expected .* got .*nan",
    ),
    ("center_loss.equilibrium", lambda n, alpha, steps: (1 - alpha) ** steps, "n = 1, alpha = 0.5, 1 steps"),
    ("center_loss.frozen_centers", frozen, "still not among the optimizer's parameters"),
    ("center_loss.frozen_centers", asleep, "is their learning rate zero"),
]
