"""Answers to the SCN exercises: the right ones, and the usual wrong ones with what they are told."""

import torch

from fer_tutorial.papers import scn


def verdict_counts(given, now, truth):
    changed = now != given
    counts = (changed & (now == truth), changed & (now != truth), ~changed & (given != truth))
    return tuple(int(count.sum()) for count in counts)


def relabelled(group):
    return lambda p, y, alpha, beta, margin: scn.relabel(p, y, alpha, beta, margin, group).labels


RIGHT = {
    "scn.by_hand": 0.1,
    "scn.importance": lambda features, weight: scn.importance(features, weight),
    "scn.weighted_cross_entropy": lambda z, a, y: scn.weighted_cross_entropy(z, a, y),
    "scn.rank_regularization": lambda a, beta, margin: scn.rank_regularization(a, beta, margin),
    "scn.relabel": relabelled("low"),
    "scn.verdict": verdict_counts,
}

MISTAKES = [
    ("scn.by_hand", 0.5, "expected 0.1, got 0.5"),
    (
        "scn.importance",
        lambda x, w: torch.sigmoid((x @ w[:, None]).squeeze()),
        r"a batch of 1: expected shape \(1,\)",
    ),
    (
        "scn.weighted_cross_entropy",
        lambda z, a, y: (a * torch.nn.functional.cross_entropy(z, y, reduction="none")).mean(),
        "multiplies the loss",
    ),
    (
        "scn.rank_regularization",
        lambda a, beta, margin: margin - (a.topk(int(beta * len(a))).values.mean() - a.mean()),
        "beta 0.6",
    ),
    (
        "scn.rank_regularization",
        lambda a, beta, margin: scn.rank_regularization(a.detach(), beta, margin),
        "no gradient",
    ),
    ("scn.relabel", relabelled("all"), "four faces"),
    ("scn.verdict", lambda given, now, truth: (1, 2, 2), "one relabel is right"),
]
