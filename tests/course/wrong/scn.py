"""Wrong answers to the SCN exercises, and what some of them are told."""

import math

import torch
import torch.nn.functional as F

from fer_tutorial.papers import scn


def zeroes_features(features, weight):
    with torch.no_grad():
        features.zero_()
    return torch.sigmoid((features * weight).sum(1))


def weighs_in_place(features, weight):
    features *= weight
    return torch.sigmoid(features.sum(1))


def zeroes_logits(logits, importance, labels):
    with torch.no_grad():
        logits.zero_()
    return scn.weighted_cross_entropy(logits, importance, labels)


def overflows(logits, importance, labels):
    e = (importance[:, None] * logits).exp()
    return -(e[torch.arange(len(labels)), labels] / e.sum(1)).log().mean()


def ranked(size, least=1, leave=1):
    """Rank regularization with another size of the high group: ``size(beta * m)``."""

    def loss(importance, beta, margin):
        m = len(importance)
        if m == 1:
            return importance.sum() * 0
        M = size(beta * m)
        M = max(M, least) if leave is None else max(min(M, m - leave), least)
        a = importance.sort(descending=True).values
        return torch.relu(margin - (a[:M].mean() - a[M:].mean()))

    return loss


def no_rank_gradient(importance, beta, margin):
    return ranked(int)(importance.detach(), beta, margin) + 0 * importance.sum()


def no_hinge(importance, beta, margin):
    if len(importance) == 1:
        return importance.sum() * 0
    a = importance.sort(descending=True).values
    M = max(min(int(beta * len(a)), len(a) - 1), 1)
    return margin - (a[:M].mean() - a[M:].mean())


def unsorted(importance, beta, margin):
    if len(importance) == 1:
        return importance.sum() * 0
    M = max(min(int(beta * len(importance)), len(importance) - 1), 1)
    return torch.relu(margin - (importance[:M].mean() - importance[M:].mean()))


def no_batch_of_one(importance, beta, margin):
    a = importance.sort(descending=True).values
    M = max(min(int(beta * len(a)), len(a) - 1), 1)
    return torch.relu(margin - (a[:M].mean() - a[M:].mean()))


def relabeled(size=int, least=1, leave=1, above=torch.gt, margin=None, low=None):
    """Relabeling with one detail changed."""

    def relabel(p, y, a, beta, delta):
        m = len(y)
        M = max(min(size(beta * m), m - leave), least)
        border = a.sort(descending=True).values[M - 1]
        doubted = low(a, M) if low else a < border
        gap = p.amax(1) - p[torch.arange(m), y]
        return torch.where(doubted & above(gap, delta if margin is None else margin), p.argmax(1), y)

    return relabel


def by_rank(a, M):
    rank = a.argsort(descending=True).argsort()
    return rank >= M


def overwrites(p, y, a, beta, delta):
    y.copy_(relabeled()(p, y, a, beta, delta))
    return y


def favorites_overwrite(p, y, a, beta, delta):
    y.copy_(p.argmax(1))
    return y


def counts(right, wrong, missed):
    return lambda given, now, truth: tuple(int(f(given, now, truth).sum()) for f in (right, wrong, missed))


def is_right(given, now, truth):
    return (now != given) & (now == truth)


def is_wrong(given, now, truth):
    return (now != given) & (now != truth)


def is_missed(given, now, truth):
    return (now == given) & (given != truth)


WRONG = {
    "scn.by_hand": {
        "M = 4": 0.5 - (0.6 - 0.2),
        "M = 2": 0.0,
        "the gap": 0.45,
        "the text's": 0.1,
        "not sorted": 0.5 - ((0.8 + 0.2 + 0.9) / 3 - (0.3 + 0.4) / 2),
        "sign": -0.05,
        "a list": [0.05],
    },
    "scn.importance": {
        "numpy": lambda x, w: 1 / (1 + torch.exp(-(x.detach() @ w.detach()))).numpy(),
        "zeroes the features": zeroes_features,
        "weighs in place": weighs_in_place,
        "squeezed": lambda x, w: torch.sigmoid((x @ w[:, None]).squeeze()),
        "a column": lambda x, w: torch.sigmoid(x @ w[:, None]),
        "no sigmoid": lambda x, w: x @ w,
        "mean": lambda x, w: torch.sigmoid((x * w).mean(1)),
        "softmax over the batch": lambda x, w: (x @ w).softmax(0),
        "overflows": lambda x, w: (x @ w).exp() / (1 + (x @ w).exp()),
        "weight detached": lambda x, w: torch.sigmoid(x @ w.detach()),
        "one a dimension": lambda x, w: torch.sigmoid(x * w),
        "sign": lambda x, w: torch.sigmoid(-(x @ w)),
    },
    "scn.weighted_cross_entropy": {
        "a number": lambda z, a, y: F.cross_entropy(a[:, None] * z, y).item(),
        "importance detached": lambda z, a, y: F.cross_entropy(a.detach()[:, None] * z, y),
        "overflows": overflows,
        "zeroes the logits": zeroes_logits,
        "log K": lambda z, a, y: z.sum() * 0 + math.log(z.shape[1]),
        "weighs the loss": lambda z, a, y: (a * F.cross_entropy(z, y, reduction="none")).mean(),
        "sum": lambda z, a, y: F.cross_entropy(a[:, None] * z, y, reduction="sum"),
        "no importance": lambda z, a, y: F.cross_entropy(z, y) + 0 * a.sum(),
        "mean importance": lambda z, a, y: F.cross_entropy(a.mean() * z, y),
        "divided by the importance": lambda z, a, y: F.cross_entropy(z / a[:, None], y),
        "weighs probabilities": lambda z, a, y: F.nll_loss((a[:, None] * z.softmax(1)).log(), y),
        "logits detached": lambda z, a, y: F.cross_entropy(a[:, None] * z.detach(), y),
        "sign": lambda z, a, y: -F.cross_entropy(a[:, None] * z, y),
        "one value a sample": lambda z, a, y: F.cross_entropy(a[:, None] * z, y, reduction="none"),
    },
    "scn.rank_regularization": {
        "rounded": ranked(round),
        "rounded up": ranked(math.ceil),
        "one more": ranked(lambda n: int(n) + 1),
        "no upper bound": ranked(int, leave=None),
        "gradient zero": no_rank_gradient,
        "no lower bound": ranked(int, least=0),
        "no hinge": no_hinge,
        "not sorted": unsorted,
        "a batch of one": no_batch_of_one,
        "low first": lambda a, beta, margin: ranked(int)(-a, beta, margin),
        "margin of the paper": lambda a, beta, margin: ranked(int)(a, beta, 0.15),
        "beta of the paper": lambda a, beta, margin: ranked(int)(a, 0.7, margin),
        "sorts in place": lambda a, beta, margin: ranked(int)(a.detach().copy_(a.sort().values), beta, margin),
        "mean of all": lambda a, beta, margin: torch.relu(
            margin - (a.topk(max(1, int(beta * len(a)))).values.mean() - a.mean())
        ),
        "squared": lambda a, beta, margin: ranked(int)(a, beta, margin) ** 2,
    },
    "scn.relabel": {
        "rounded": relabeled(round),
        "rounded up": relabeled(math.ceil),
        "no lower bound": relabeled(least=0),
        "no upper bound": relabeled(leave=0),
        "at least the margin": relabeled(above=torch.ge),
        "margin 0.2": relabeled(margin=0.2),
        "ties by rank": relabeled(low=by_rank),
        "overwrites the labels": overwrites,
        "favorites overwrite": favorites_overwrite,
        "everybody": relabeled(low=lambda a, M: a == a),
        "high group": relabeled(low=lambda a, M: a >= a.sort(descending=True).values[M - 1]),
        "low below a half": relabeled(low=lambda a, M: a < 0.5),
        "not above the border": relabeled(low=lambda a, M: a <= a.sort(descending=True).values[M - 1]),
        "largest alone": lambda p, y, a, beta, delta: torch.where(
            by_rank(a, max(1, int(beta * len(y)))) & (p.amax(1) > delta), p.argmax(1), y
        ),
        "favorites": lambda p, y, a, beta, delta: p.argmax(1),
        "never": lambda p, y, a, beta, delta: y.clone(),
        "decimal": lambda p, y, a, beta, delta: relabeled()(p, y, a, beta, delta).double(),
        "all that is decided": lambda p, y, a, beta, delta: scn.relabel(p, y, a, 0.7, delta),
    },
    "scn.verdict": {
        "a constant": lambda given, now, truth: (1, 2, 1),
        "spoiled alone are wrong": counts(is_right, lambda g, n, t: (g == t) & (n != t), is_missed),
        "all that is right": counts(lambda g, n, t: n == t, is_wrong, is_missed),
        "all that is wrong": counts(is_right, lambda g, n, t: n != t, is_missed),
        "missed: wrong before": counts(is_right, is_wrong, lambda g, n, t: g != t),
        "missed: wrong after": counts(is_right, is_wrong, lambda g, n, t: n != t),
        "shares": lambda g, n, t: tuple(f(g, n, t).double().mean() for f in (is_right, is_wrong, is_missed)),
        "in another order": counts(is_wrong, is_right, is_missed),
        "two of them": lambda g, n, t: counts(is_right, is_wrong, is_missed)(g, n, t)[:2],
    },
}

TOLD = {
    ("scn.by_hand", "M = 4"): "^it is twice too large$",
    ("scn.by_hand", "the gap"): "^it is too large$",
    ("scn.importance", "squeezed"): r"expected shape \(1,\), got a single number",
    ("scn.importance", "weighs in place"): "changes the features it is given",
    ("scn.weighted_cross_entropy", "weighs the loss"): "multiplies the loss",
    ("scn.weighted_cross_entropy", "importance detached"): "no gradient reaches the importance",
    ("scn.weighted_cross_entropy", "overflows"): "but is nan|got nan|expected .* got inf",
    ("scn.rank_regularization", "rounded"): "for importance = .*, beta = ",
    ("scn.rank_regularization", "gradient zero"): "no gradient reaches the importance",
    ("scn.relabel", "everybody"): "ask only the low group",
    ("scn.relabel", "at least the margin"): r"margin = 0.375: entry \[1\] should be 1 but is 0",
    ("scn.relabel", "overwrites the labels"): "changes the labels it is given",
    ("scn.verdict", "a constant"): "right relabels: expected",
}
