"""Right answers to the center-loss exercises, as the chapter's and as a reader might write them."""

from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def loop(features, labels, centers):
    total = 0
    for x, y in zip(features, labels, strict=True):
        for j in range(len(x)):
            total = total + (x[j] - centers[y, j]) ** 2 / 2
    return total


def by_classes(features, labels, centers):
    return sum(((features[labels == k] - center) ** 2).sum() for k, center in enumerate(centers)) / 2


def one_hot(features, labels, centers):
    own = F.one_hot(labels, len(centers)).to(centers.dtype) @ centers
    return ((features - own) ** 2).sum() / 2


class Module(nn.Module):
    def forward(self, features, labels, centers):
        print("called")
        return F.mse_loss(features, centers[labels], reduction="sum") / 2


class Callable:
    def __call__(self, features, labels, centers):
        torch.manual_seed(3)
        return 0.5 * torch.dist(features.double(), centers[labels].double()) ** 2


class Handwritten(torch.autograd.Function):
    """The gradient by hand."""

    @staticmethod
    def forward(ctx, features, labels, centers):
        ctx.save_for_backward(features, labels, centers)
        return ((features - centers[labels]) ** 2).sum() / 2

    @staticmethod
    def backward(ctx, grad):
        features, labels, centers = ctx.saved_tensors
        difference = grad * (features - centers[labels])
        return difference, None, torch.zeros_like(centers).index_add(0, labels, -difference)


def update(features, labels, centers, alpha):
    new = centers.clone()
    for j in range(len(centers)):
        members = features[labels == j]
        new[j] -= alpha * (centers[j] - members).sum(0) / (1 + len(members))
    return new


def update_numpy(features, labels, centers, alpha):
    new, x, y = centers.numpy().copy(), features.numpy(), labels.numpy()
    for k in np.unique(y):
        mine = x[y == k]
        new[k] -= alpha * (len(mine) * new[k] - mine.sum(axis=0)) / (1 + len(mine))
    return new


def update_weighed(features, labels, centers, alpha):
    """The new center lies between the old one and the mean."""
    count = torch.bincount(labels, minlength=len(centers))[:, None]
    sums = torch.zeros_like(centers).index_add(0, labels, features)
    return torch.where(
        count > 0, centers + alpha * count / (1 + count) * (sums / count.clamp(min=1) - centers), centers
    )


def update_own_copies(features, labels, centers, alpha):
    features, centers = features.clone(), centers.clone()
    features -= centers[labels]
    steps = torch.zeros_like(centers).index_add_(0, labels, features)
    return centers.add_(alpha * steps / (1 + torch.bincount(labels, minlength=len(centers)))[:, None])


def update_list(features, labels, centers, alpha):
    return update(features, labels, centers, alpha).tolist()


def left(n, alpha, steps):
    distance = 1.0
    for _ in range(steps):
        distance -= alpha * n * distance / (1 + n)
    return distance


def one_group(network, centers):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    optimizer.add_param_group({"params": [centers], "lr": 0.5})
    return optimizer


class TwoRates(torch.optim.Optimizer):
    """An optimizer of one's own."""

    def __init__(self, network, centers):
        super().__init__([{"params": list(network.parameters()), "lr": 0.1}, {"params": centers, "lr": 0.5}], {})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter -= group["lr"] * parameter.grad


RIGHT = {
    "center_loss.by_hand": {
        "a number": 5.5,
        "a fraction": Fraction(11, 2),
        "a tensor": torch.tensor(5.5),
        "numpy's": np.float32(5.5),
    },
    "center_loss.loss": {
        "the line": lambda f, y, c: 0.5 * (f - c[y]).pow(2).sum(),
        "loop": loop,
        "class by class": by_classes,
        "one-hot": one_hot,
        "module": Module(),
        "object, double precision": Callable(),
        "gradient by hand": Handwritten.apply,
        "multiplied out": lambda f, y, c: (f * f).sum() / 2 - (f * c[y]).sum() + (c[y] * c[y]).sum() / 2,
    },
    "center_loss.update": {
        "loop": update,
        "numpy": update_numpy,
        "between old and mean": update_weighed,
        "in place on copies": update_own_copies,
        "list": update_list,
    },
    "center_loss.equilibrium": {
        "power": lambda n, alpha, steps: (1 - alpha * n / (1 + n)) ** steps,
        "loop": left,
        "tensor": lambda n, alpha, steps: torch.tensor(left(n, alpha, steps)),
        "one fraction": lambda n, alpha, steps: ((1 + n - alpha * n) / (1 + n)) ** steps,
    },
    "center_loss.frozen_centers": {
        "two groups": lambda network, centers: torch.optim.SGD(
            [{"params": network.parameters()}, {"params": [centers], "lr": 0.5}], lr=0.1
        ),
        "the other order": lambda network, centers: torch.optim.SGD(
            [{"params": [centers]}, {"params": list(network.parameters()), "lr": 0.1}], lr=0.5
        ),
        "a group more": one_group,
        "an own one": TwoRates,
    },
}
