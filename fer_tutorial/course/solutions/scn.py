"""Solutions of the exercises, one section each, as ``solution`` shows them."""

import torch
from torch import nn

# %% scn.by_hand
rank_loss = 0.5 - ((0.9 + 0.8 + 0.4) / 3 - (0.3 + 0.2) / 2)


# %% scn.importance
def my_importance(features, weight):
    return torch.sigmoid((features * weight).sum(dim=1))  # (m, d) -> (m,)


# %% scn.weighted_cross_entropy
def my_weighted_cross_entropy(logits, importance, labels):
    return nn.functional.cross_entropy(importance[:, None] * logits, labels)


# %% scn.rank_regularization
def my_rank_regularization(importance, beta, margin):
    if len(importance) == 1:
        return importance.sum() * 0
    ranked = importance.sort(descending=True).values
    M = max(1, min(int(beta * len(ranked)), len(ranked) - 1))
    return torch.relu(margin - (ranked[:M].mean() - ranked[M:].mean()))


# %% scn.relabel
def my_relabel(probabilities, labels, importance, beta, margin):
    M = max(1, min(int(beta * len(labels)), len(labels) - 1))
    low = importance < importance.sort(descending=True).values[M - 1]
    given = probabilities[torch.arange(len(labels)), labels]
    change = low & (probabilities.amax(dim=1) - given > margin)
    return torch.where(change, probabilities.argmax(dim=1), labels)


# %% scn.verdict
def my_verdict(given, now, truth):
    changed = now != given
    right, wrong = changed & (now == truth), changed & (now != truth)
    missed = ~changed & (given != truth)
    return int(right.sum()), int(wrong.sum()), int(missed.sum())
