"""Wrong answers to the center-loss exercises, and what some of them are told."""

import torch
import torch.nn.functional as F
from torch import nn

from fer_tutorial.papers.center_loss import center_loss, center_update


def counting(features, labels, centers, calls=[]):  # noqa: B006 - the mistake
    calls.append(1)
    return center_loss(features, labels, centers) * (1 if len(calls) < 3 else 2)


def zeroes_labels(features, labels, centers):
    loss = (features - centers[labels]).square().sum() / 2
    labels.zero_()
    return loss


def moves_features(features, labels, centers):
    features -= centers[labels]
    return features.square().sum() / 2


class Liar(torch.Tensor):
    """Says it equals everything."""

    def __eq__(self, other):
        return True

    def detach(self):
        return self


def old_in_place(features, labels, centers, alpha):
    for j in range(len(centers)):
        members = features[labels == j]
        centers[j] -= alpha * (centers[j] - members).sum(0) / (1 + len(members))
    return centers


def per_class(step):
    """The new centers, class by class: ``step(center, members, alpha)``."""
    return lambda features, labels, centers, alpha: torch.stack(
        [step(center, features[labels == j], alpha) for j, center in enumerate(centers)]
    )


def sgd(network_lr=0.1, centers_lr=0.5, network=None, centers=None, kind=torch.optim.SGD, **both):
    return lambda net, c: kind(
        [
            {"params": net.parameters(), "lr": network_lr, **(network or {})},
            {"params": [c], "lr": centers_lr, **(centers or {})},
        ],
        **both,
    )


def clears_centers(network, centers):
    centers.data.zero_()
    return sgd()(network, centers)


WRONG = {
    "center_loss.by_hand": {
        "no half": 11.0,
        "mean": 5.5 / 3,
        "true": True,
        "text": "5.5",
        "a list": [5.5],
        "not a number": float("nan"),
        "sign": -5.5,
        "complex": 5.5 + 0j,
    },
    "center_loss.loss": {
        "mean without half": lambda f, y, c: ((f - c[y]) ** 2).sum() / len(f),
        "twice the mean square": lambda f, y, c: 2 * F.mse_loss(f, c[y]),
        "divided by d": lambda f, y, c: ((f - c[y]) ** 2).sum() / f.shape[1],
        "mean over d, sum over m": lambda f, y, c: ((f - c[y]) ** 2).mean(1).sum(),
        "gradient twice": lambda f, y, c: 2 * center_loss(f, y, c) - center_loss(f, y, c).detach(),
        "gradient zero": lambda f, y, c: center_loss(f.detach(), y, c.detach()) + 0 * f.sum(),
        "a number plus nothing": lambda f, y, c: center_loss(f, y, c).item() + 0 * f.sum(),
        "zeroes the labels": zeroes_labels,
        "hard-coded": lambda f, y, c: torch.tensor(6.0 if (y == 0).all() else 14.5),
        "counts its calls": counting,
        "no half": lambda f, y, c: (f - c[y]).pow(2).sum(),
        "mean with half": lambda f, y, c: (f - c[y]).pow(2).sum(1).mean() / 2,
        "features detached": lambda f, y, c: (f.detach() - c[y]).pow(2).sum() / 2,
        "centers detached": lambda f, y, c: (f - c[y].detach()).pow(2).sum() / 2,
        "distance, not its square": lambda f, y, c: (f - c[y]).norm(dim=1).sum() / 2,
        "absolute differences": lambda f, y, c: (f - c[y]).abs().sum() / 2,
        "centers in their order": lambda f, y, c: (f - c[torch.arange(len(f)) % len(c)]).pow(2).sum() / 2,
        "one value a face": lambda f, y, c: (f - c[y]).pow(2).sum(1) / 2,
        "shape (1,)": lambda f, y, c: ((f - c[y]).pow(2).sum() / 2)[None],
        "features changed": moves_features,
        "numpy": lambda f, y, c: ((f.detach().numpy() - c.detach().numpy()[y]) ** 2).sum() / 2,
        "a tensor of one's own": lambda f, y, c: torch.tensor(1.0).as_subclass(Liar),
        "nothing": lambda f, y, c: None,
        "all centers": lambda f, y, c: torch.cdist(f, c).pow(2).sum() / 2,
    },
    "center_loss.update": {
        "forgets the center": per_class(lambda c, x, a: c + a * x.sum(0) / (1 + len(x))),
        "the center once": per_class(lambda c, x, a: c - a * (c - x.sum(0)) / (1 + len(x))),
        "absent classes decay": per_class(lambda c, x, a: (1 - a) * c + a * x.sum(0) / (1 + len(x))),
        "in place": old_in_place,
        "mean": per_class(lambda c, x, a: c - a * (c - x).mean(0)),
        "mean, absent ones stay": per_class(lambda c, x, a: c - a * (c - x).mean(0) if len(x) else c),
        "sum": per_class(lambda c, x, a: c - a * (c - x).sum(0)),
        "upward": per_class(lambda c, x, a: c + a * (c - x).sum(0) / (1 + len(x))),
        "alpha forgotten": per_class(lambda c, x, a: c - (c - x).sum(0) / (1 + len(x))),
        "alpha is a half": per_class(lambda c, x, a: c - 0.5 * (c - x).sum(0) / (1 + len(x))),
        "the step alone": per_class(lambda c, x, a: a * (c - x).sum(0) / (1 + len(x))),
        "one more than m": lambda f, y, c, a: (
            c - a * torch.stack([(c[j] - f[y == j]).sum(0) for j in range(len(c))]) / (1 + len(f))
        ),
        "once a face": lambda f, y, c, a: c.index_put((y,), c[y] - a * (c[y] - f) / 2),
        "as many classes as labels": lambda f, y, c, a: center_update(c, f, y, a)[: int(y.max()) + 1],
        "in whole numbers": lambda f, y, c, a: center_update(c, f, y, a).round().long(),
    },
    "center_loss.equilibrium": {
        "without n": lambda n, alpha, steps: (1 - alpha) ** steps,
        "the share gone": lambda n, alpha, steps: 1 - (1 - alpha * n / (1 + n)) ** steps,
        "linear": lambda n, alpha, steps: 1 - steps * alpha * n / (1 + n),
        "one step more": lambda n, alpha, steps: (1 - alpha * n / (1 + n)) ** (steps + 1),
        "n for 1 + n": lambda n, alpha, steps: (1 - alpha * (n - 1) / n) ** steps,
        "constant": lambda n, alpha, steps: 0.75,
    },
    "center_loss.frozen_centers": {
        "centers with 0.1": sgd(centers_lr=0.1),
        "centers with 1e-6": sgd(centers_lr=1e-6),
        "centers with 5": sgd(centers_lr=5.0),
        "both with 0.5": sgd(network_lr=0.5),
        "network asleep": sgd(network_lr=0.0),
        "decay of the centers": sgd(centers={"weight_decay": 0.01}),
        "centers asleep": sgd(centers_lr=0.0),
        "frozen": lambda network, centers: torch.optim.SGD(network.parameters(), lr=0.1),
        "centers alone": lambda network, centers: torch.optim.SGD([centers], lr=0.5),
        "momentum": sgd(momentum=0.9),
        "momentum of the centers": sgd(centers={"momentum": 0.5}),
        "decay of the network": sgd(network={"weight_decay": 0.05}),
        "Adam": sgd(kind=torch.optim.Adam),
        "a copy of the centers": lambda network, centers: sgd()(network, nn.Parameter(centers.detach().clone())),
        "upward": sgd(maximize=True),
        "centers cleared": clears_centers,
        "the groups": lambda network, centers: [{"params": network.parameters()}, {"params": [centers], "lr": 0.5}],
    },
}

TOLD = {
    ("center_loss.by_hand", "no half"): "^it is twice too large$",
    ("center_loss.by_hand", "mean"): "^it is too small$",
    ("center_loss.by_hand", "sign"): "^it is of the wrong sign$",
    ("center_loss.by_hand", "not a number"): "NaN",
    (
        "center_loss.loss",
        "no half",
    ): r"for features = \[\[.*\]\], labels = \[0, 2, 2\], .*twice too large: the half is missing$",
    ("center_loss.loss", "mean with half"): "half the mean over the faces",
    ("center_loss.loss", "mean without half"): "mean over the faces, without the half",
    ("center_loss.loss", "features detached"): "the value is right, but no gradient reaches the features",
    ("center_loss.loss", "gradient twice"): r"its gradient to the features: entry \[0, 0\] should be .*twice too large",
    ("center_loss.loss", "zeroes the labels"): "changes the labels it is given; work on a copy",
    ("center_loss.loss", "shape (1,)"): r"expected a single number, got shape \(1,\)",
    ("center_loss.loss", "nothing"): "got None; is a return statement missing",
    ("center_loss.update", "mean"): r"labels = \[0, 2, 2\], .*alpha = 0.5: entry \[0, 0\] should be .* but is",
    ("center_loss.update", "in place"): "changes the centers it is given",
    ("center_loss.update", "in whole numbers"): "expected numbers with a decimal point, got whole numbers",
    ("center_loss.equilibrium", "without n"): "for n = 1, alpha = 0.5, steps = 1: expected 0.75, got 0.5",
    ("center_loss.frozen_centers", "frozen"): "still not among the optimizer's parameters",
    ("center_loss.frozen_centers", "centers alone"): "network's own parameters are no longer",
    ("center_loss.frozen_centers", "centers with 0.1"): "0.5 times their gradient off the centers",
    ("center_loss.frozen_centers", "the groups"): "expected an optimizer, got list",
}
