"""Answers to the DACL exercises: the right ones, and the usual wrong ones with what they are told."""

import torch

from fer_tutorial.papers.dacl import sparse_center_loss, sparse_center_update


def pairs(outputs):
    return outputs.view(len(outputs), -1, 2).softmax(dim=2)


def scale_free(features, attention, labels, centers):
    return sparse_center_loss(features, attention / attention.mean(dim=1, keepdim=True), labels, centers)


RIGHT = {
    "dacl.attention": lambda outputs: pairs(outputs)[..., 1],
    "dacl.sparse_center_loss": sparse_center_loss,
    "dacl.center_step": sparse_center_update,
    "dacl.step_ratio": lambda m, n, lambda_: m / (lambda_ * (1 + n)),
    "dacl.scale_free": scale_free,
}

MISTAKES = [
    ("dacl.attention", lambda outputs: pairs(outputs)[..., 0], "expected .*0.8808"),
    ("dacl.attention", torch.sigmoid, "expected shape"),
    ("dacl.sparse_center_loss", lambda x, a, y, c: 2 * sparse_center_loss(x, a, y, c), "expected 1.5, got 3"),
    ("dacl.sparse_center_loss", lambda x, a, y, c: sparse_center_loss(x.detach(), a, y, c), "no gradient"),
    (
        "dacl.center_step",
        lambda c, x, a, y, alpha: sparse_center_update(c, x, torch.ones_like(a), y, alpha),
        "two samples of class 0",
    ),
    ("dacl.step_ratio", lambda m, n, lambda_: m / (1 + n), "m = 64"),
    ("dacl.scale_free", sparse_center_loss, "the same attention 0.3"),
    (
        "dacl.scale_free",
        lambda x, a, y, c: sparse_center_loss(x, a / a.mean(), y, c),
        "every sample's attention scaled",
    ),
]
