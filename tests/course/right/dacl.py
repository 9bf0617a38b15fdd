"""Right answers to the DACL exercises, as the chapter's and as a reader might write them."""

import torch
import torch.nn.functional as F
from torch import nn

from fer_tutorial.papers.dacl import sparse_center_loss


def stable(outputs):
    pairs = outputs.unflatten(1, (-1, 2))
    e = (pairs - pairs.amax(2, keepdim=True)).exp()
    return (e / e.sum(2, keepdim=True))[:, :, 1]


class Attention(nn.Module):
    def forward(self, outputs):
        return F.softmax(outputs.reshape(len(outputs), -1, 2), dim=-1).select(-1, 1)


def loss_loop(features, attention, labels, centers):
    total = 0
    for x, a, y in zip(features, attention, labels, strict=True):
        total = total + (a * (x - centers[y]) ** 2).sum()
    return total / len(features) / 2


def step(centers, features, attention, labels, alpha):
    pull = attention * (centers[labels] - features)
    count = 1 + torch.bincount(labels, minlength=len(centers))
    return centers - alpha * torch.zeros_like(centers).index_add(0, labels, pull) / count[:, None]


def step_loop(centers, features, attention, labels, alpha):
    new = []
    for k, center in enumerate(centers.tolist()):
        mine = [i for i, y in enumerate(labels.tolist()) if y == k]
        new.append(
            [
                c - alpha * sum(float(attention[i, j]) * (c - float(features[i, j])) for i in mine) / (1 + len(mine))
                for j, c in enumerate(center)
            ]
        )
    return torch.tensor(new)


def from_the_loss(centers, features, attention, labels, alpha):
    """By the gradient of the loss, scaled back."""
    moved = centers.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss_loop(features, attention, labels, moved), moved)
    n = (labels == torch.arange(len(centers))[:, None]).sum(1, keepdim=True)
    return centers - alpha * len(features) * gradient / (1 + n)


RIGHT = {
    "dacl.attention": {
        "softmax": lambda o: o.view(len(o), -1, 2).softmax(dim=2)[..., 1],
        "sigmoid": lambda o: torch.sigmoid(o[:, 1::2] - o[:, 0::2]),
        "stable exponentials": stable,
        "module": Attention(),
        "stack": lambda o: torch.stack([o[:, 0::2], o[:, 1::2]]).log_softmax(0)[1].exp(),
    },
    "dacl.sparse_center_loss": {
        "the line": lambda x, a, y, c: (a * (x - c[y]) ** 2).sum() / (2 * len(x)),
        "loop": loss_loop,
        "einsum": lambda x, a, y, c: torch.einsum("md,md,md->", a, x - c[y], x - c[y]) / 2 / x.shape[0],
        "mean of sums": lambda x, a, y, c: 0.5 * (a * (x - c[y]).square()).sum(dim=1).mean(),
        "double precision": lambda x, a, y, c: (a.double() * (x - c[y]) ** 2).sum(1).mean() / 2,
    },
    "dacl.center_step": {
        "index_add": step,
        "plain Python": step_loop,
        "gradient": from_the_loss,
        "numpy": lambda c, x, a, y, alpha: step(c, x, a, y, alpha).numpy(),
    },
    "dacl.step_ratio": {
        "the line": lambda m, n, lambda_: m / (lambda_ * (1 + n)),
        "step over step": lambda m, n, lambda_: (1 / (1 + n)) / (lambda_ / m),
        "a tensor": lambda m, n, lambda_: torch.tensor(m) / lambda_ / (n + 1),
    },
    "dacl.scale_free": {
        "with the loss": lambda x, a, y, c: sparse_center_loss(x, a / a.mean(1, keepdim=True), y, c),
        "shares of d": lambda x, a, y, c: (a.shape[1] * F.normalize(a, p=1, dim=1) * (x - c[y]) ** 2).sum(1).mean() / 2,
        "a ratio a sample": lambda x, a, y, c: (
            (a * (x - c[y]) ** 2).mean(1) / a.mean(1) * x.shape[1] / (2 * len(x))
        ).sum(),
    },
}
