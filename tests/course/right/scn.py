"""Right answers to the SCN exercises, as the chapter's and as a reader might write them."""

import functools

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def group_size(m, beta):
    return max(1, min(int(beta * m), m - 1))


def rank(importance, beta, margin):
    if len(importance) == 1:
        return importance.sum() * 0
    ranked = importance.sort(descending=True).values
    M = group_size(len(ranked), beta)
    return torch.relu(margin - (ranked[:M].mean() - ranked[M:].mean()))


def rank_topk(importance, beta, margin):
    m = len(importance)
    if m < 2:
        return 0
    M = group_size(m, beta)
    top = importance.topk(M).values.sum()
    return (margin - top / M + (importance.sum() - top) / (m - M)).clamp(min=0)


def rank_weights(importance, beta, margin):
    m = len(importance)
    if m == 1:
        return torch.zeros(())
    M = group_size(m, beta)
    weights = torch.full_like(importance, -1 / (m - M))
    weights[importance.argsort()[m - M :]] = 1 / M
    return torch.maximum(margin - weights @ importance, importance.new_zeros(()))


def in_importance_sort(importance, beta, margin):
    values = sorted(importance, key=lambda value: value.item())[::-1]
    if len(values) == 1:
        return 0.0 * values[0]
    M = group_size(len(values), beta)
    gap = sum(values[:M]) / M - sum(values[M:]) / (len(values) - M)
    return margin - gap if margin > gap else 0 * gap


def relabel(probabilities, labels, importance, beta, margin):
    M = group_size(len(labels), beta)
    low = importance < importance.sort(descending=True).values[M - 1]
    given = probabilities[torch.arange(len(labels)), labels]
    change = low & (probabilities.amax(dim=1) - given > margin)
    return torch.where(change, probabilities.argmax(dim=1), labels)


def relabel_loop(probabilities, labels, importance, beta, margin):
    new = labels.clone()
    border = sorted(importance.tolist(), reverse=True)[group_size(len(labels), beta) - 1]
    for i in range(len(labels)):
        best = int(probabilities[i].argmax())
        if float(importance[i]) < border and probabilities[i, best] - probabilities[i, labels[i]] > margin:
            new[i] = best
    return new


def relabel_numpy(probabilities, labels, importance, beta, margin):
    p, y, a = probabilities.numpy(), labels.numpy().copy(), importance.numpy()
    low = a < np.partition(a, -group_size(len(y), beta))[-group_size(len(y), beta)]
    gap = p.max(1) - np.take_along_axis(p, y[:, None], 1)[:, 0]
    y[low & (gap > margin)] = p.argmax(1)[low & (gap > margin)]
    return y


def verdict(given, now, truth):
    changed = now != given
    counts = (changed & (now == truth), changed & (now != truth), ~changed & (given != truth))
    return tuple(int(count.sum()) for count in counts)


def verdict_loop(given, now, truth):
    right = wrong = missed = 0
    for g, n, t in zip(given.tolist(), now.tolist(), truth.tolist(), strict=True):
        right += n != g and n == t
        wrong += n not in (g, t)
        missed += n == g != t
    return [right, wrong, missed]


class Importance(nn.Module):
    def forward(self, features, weight):
        return F.linear(features, weight[None]).sigmoid().squeeze(1)


def weighted(logits, importance, labels, name):
    print(name)
    return F.cross_entropy(importance.unsqueeze(1) * logits, labels)


def log_sum_exp(logits, importance, labels):
    z = (logits.T * importance).T
    return (z.logsumexp(1) - z.gather(1, labels[:, None]).squeeze(1)).mean()


def cross_entropy_loop(logits, importance, labels):
    losses = [-F.log_softmax(a * z, dim=0)[y] for z, a, y in zip(logits, importance, labels, strict=True)]
    return torch.stack(losses).mean()


RIGHT = {
    "scn.by_hand": {"a number": 0.05, "computed": 0.5 - ((0.9 + 0.8 + 0.4) / 3 - (0.3 + 0.2) / 2)},
    "scn.importance": {
        "the line": lambda x, w: torch.sigmoid((x * w).sum(dim=1)),
        "matrix product": lambda x, w: torch.sigmoid(x @ w),
        "module": Importance(),
        "stacked": lambda x, w: torch.stack([torch.dot(row, w).sigmoid() for row in x]),
        "tanh": lambda x, w: 0.5 * (1 + torch.tanh((x @ w) / 2)),
    },
    "scn.weighted_cross_entropy": {
        "partial": functools.partial(weighted, name="mine"),
        "log-sum-exp": log_sum_exp,
        "loop": cross_entropy_loop,
        "one-hot": lambda z, a, y: -(F.one_hot(y, z.shape[1]) * (a[:, None] * z).log_softmax(1)).sum(1).mean(),
        "double precision": lambda z, a, y: F.cross_entropy(a.double()[:, None] * z, y),
    },
    "scn.rank_regularization": {
        "sort": rank,
        "top k": rank_topk,
        "weights": rank_weights,
        "plain Python": in_importance_sort,
    },
    "scn.relabel": {
        "where": relabel,
        "loop": relabel_loop,
        "numpy": relabel_numpy,
        "list": lambda p, y, a, beta, margin: relabel(p, y, a, beta, margin).tolist(),
    },
    "scn.verdict": {
        "tuple": verdict,
        "loop": verdict_loop,
        "tensors": lambda g, n, t: (
            ((n != g) & (n == t)).sum(),
            ((n != g) & (n != t)).sum(),
            ((n == g) & (n != t)).sum(),
        ),
        "array": lambda g, n, t: np.array(verdict(g, n, t)),
    },
}
