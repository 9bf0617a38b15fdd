"""Wrong answers to the DACL exercises, and what some of them are told."""

import torch

from fer_tutorial.papers.center_loss import center_loss
from fer_tutorial.papers.dacl import sparse_center_loss, sparse_center_update


def pairs(outputs):
    return outputs.view(len(outputs), -1, 2)


def without_maximum(outputs):
    e = pairs(outputs).exp()
    return e[..., 1] / e.sum(2)


def zeroes_attention(features, attention, labels, centers):
    with torch.no_grad():
        attention.zero_()
    return 0 * features.sum()


def three_times(features, attention, labels, centers):
    return sparse_center_loss(3 * features - 2 * features.detach(), attention, labels, centers)


def normalizes_in_place(features, attention, labels, centers):
    with torch.no_grad():
        attention /= attention.mean(1, keepdim=True)
    return sparse_center_loss(features, attention, labels, centers)


def in_place(centers, features, attention, labels, alpha):
    centers.copy_(sparse_center_update(centers, features, attention, labels, alpha))
    return centers


def per_class(step):
    """The new centers, class by class: ``step(center, members, their attention, alpha)``."""
    return lambda centers, features, attention, labels, alpha: torch.stack(
        [step(c, features[labels == k], attention[labels == k], alpha) for k, c in enumerate(centers)]
    )


def divided(by):
    """The sparse center loss with the attention divided by something."""
    return lambda x, a, y, c: sparse_center_loss(x, a / by(a), y, c)


WRONG = {
    "dacl.attention": {
        "detached": lambda o: pairs(o).detach().softmax(2)[..., 1],
        "out for in": lambda o: pairs(o).softmax(2)[..., 0],
        "sigmoid of everything": torch.sigmoid,
        "all 2d in one softmax": lambda o: o.softmax(1)[:, 1::2],
        "first half out, second half in": lambda o: o.view(len(o), 2, -1).softmax(1)[:, 1],
        "over the dimensions": lambda o: pairs(o).softmax(1)[..., 1],
        "overflows": without_maximum,
        "sigmoid of in": lambda o: torch.sigmoid(o[:, 1::2]),
        "numpy": lambda o: pairs(o).softmax(2)[..., 1].detach().numpy(),
        "squeezed": lambda o: pairs(o).softmax(2)[..., 1].squeeze(),
        "a step": lambda o: (o[:, 1::2] > o[:, ::2]).to(o.dtype),
    },
    "dacl.sparse_center_loss": {
        "attention detached": lambda x, a, y, c: sparse_center_loss(x, a.detach(), y, c),
        "gradient three times": three_times,
        "zeroes the attention": zeroes_attention,
        "no half": lambda x, a, y, c: 2 * sparse_center_loss(x, a, y, c),
        "sum over the batch": lambda x, a, y, c: len(x) * sparse_center_loss(x, a, y, c),
        "mean over everything": lambda x, a, y, c: (a * (x - c[y]) ** 2).mean() / 2,
        "attention squared": lambda x, a, y, c: ((a * (x - c[y])) ** 2).sum() / (2 * len(x)),
        "attention on the features": lambda x, a, y, c: ((a * x - c[y]) ** 2).sum() / (2 * len(x)),
        "without attention": lambda x, a, y, c: center_loss(x, y, c, "mean") + 0 * a.sum(),
        "divided by the attention": lambda x, a, y, c: (a * (x - c[y]) ** 2).sum() / (2 * a.sum()),
        "features detached": lambda x, a, y, c: sparse_center_loss(x.detach(), a, y, c),
        "centers detached": lambda x, a, y, c: sparse_center_loss(x, a, y, c.detach()),
    },
    "dacl.center_step": {
        "in place": in_place,
        "without attention": per_class(lambda c, x, a, alpha: c - alpha * (c - x).sum(0) / (1 + len(x))),
        "attention below": per_class(lambda c, x, a, alpha: c - alpha * (a * (c - x)).sum(0) / (1 + a.sum(0))),
        "mean": per_class(lambda c, x, a, alpha: c - alpha * (a * (c - x)).sum(0) / max(1, len(x))),
        "alpha forgotten": per_class(lambda c, x, a, alpha: c - (a * (c - x)).sum(0) / (1 + len(x))),
        "upward": per_class(lambda c, x, a, alpha: c + alpha * (a * (c - x)).sum(0) / (1 + len(x))),
        "attention on the features": per_class(lambda c, x, a, alpha: c - alpha * (c - a * x).sum(0) / (1 + len(x))),
        "gradient descent": lambda c, x, a, y, alpha: (
            c - alpha * torch.stack([(a * (c[k] - x))[y == k].sum(0) for k in range(len(c))]) / len(x)
        ),
        "the step alone": per_class(lambda c, x, a, alpha: alpha * (a * (c - x)).sum(0) / (1 + len(x))),
    },
    "dacl.step_ratio": {
        "without lambda": lambda m, n, lambda_: m / (1 + n),
        "the other way round": lambda m, n, lambda_: lambda_ * (1 + n) / m,
        "n for 1 + n": lambda m, n, lambda_: m / (lambda_ * max(n, 1)),
        "lambda above": lambda m, n, lambda_: m * lambda_ / (1 + n),
        "with a half": lambda m, n, lambda_: m / (2 * lambda_ * (1 + n)),
        "rounded": lambda m, n, lambda_: m // (lambda_ * (1 + n)),
    },
    "dacl.scale_free": {
        "mean detached": divided(lambda a: a.mean(1, keepdim=True).detach()),
        "mean of all, detached": divided(lambda a: a.mean().detach()),
        "in place": normalizes_in_place,
        "unchanged": sparse_center_loss,
        "mean of all": divided(lambda a: a.mean()),
        "mean over the batch": divided(lambda a: a.mean(0)),
        "sum": divided(lambda a: a.sum(1, keepdim=True)),
        "largest": divided(lambda a: a.amax(1, keepdim=True)),
        "length": divided(lambda a: a.norm(dim=1, keepdim=True)),
        "ones": lambda x, a, y, c: sparse_center_loss(x, torch.ones_like(a), y, c) + 0 * a.sum(),
        "sum over the batch": lambda x, a, y, c: len(x) * sparse_center_loss(x, a / a.mean(1, keepdim=True), y, c),
        "softmax": lambda x, a, y, c: sparse_center_loss(x, a.shape[1] * a.softmax(1), y, c),
    },
}

TOLD = {
    ("dacl.attention", "out for in"): "these are the shares of 'out'",
    ("dacl.attention", "sigmoid of everything"): r"expected shape \(1, 1\), got shape \(1, 2\)",
    ("dacl.attention", "detached"): "no gradient reaches the outputs",
    ("dacl.sparse_center_loss", "no half"): "twice too large: the half is missing",
    ("dacl.sparse_center_loss", "attention detached"): "no gradient reaches the attention",
    ("dacl.sparse_center_loss", "zeroes the attention"): "changes the attention it is given",
    ("dacl.center_step", "without attention"): "the attention is missing",
    ("dacl.step_ratio", "without lambda"): "^for m = 10, n = 4, lambda_ = 0.1: expected 20, got 2$",
    ("dacl.scale_free", "unchanged"): "this is the sparse center loss itself",
    ("dacl.scale_free", "mean of all"): "of each sample, not of the batch",
    ("dacl.scale_free", "largest"): "not by the largest",
    ("dacl.scale_free", "mean detached"): "but not its gradient to the attention",
}
