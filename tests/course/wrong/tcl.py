"""Wrong answers to the TCL exercises, and what some of them are told."""

import torch

from fer_tutorial.papers import tcl


def half_square(x, c):
    return 0.5 * (x - c).square().sum(1)


def wrong_distances(x, y, c, power=2):
    d = (x[:, None] - c).abs().pow(power).sum(2)
    return d.index_put((torch.arange(len(x)), y), torch.tensor(torch.inf, dtype=d.dtype))


def second_nearest(x, y, c):
    return torch.cdist(x, c).argsort(1)[:, 1]


def moves_x(x, y, c):
    x -= x.mean(0)
    return tcl.nearest_wrong_class(x, y, c)


def selected(synthetic, real, attention, count):
    return torch.where(attention.argsort(1).argsort(1) >= attention.shape[1] - count, synthetic, real)


WRONG = {
    "tcl.by_hand": {
        "no half": 2.0,
        "nearest center": 0.5 * (2**2 + 1**2),
        "true": True,
        "distance": 2**0.5,
        "text": "1",
    },
    "tcl.loss": {
        "no hinge": lambda x, y, c, n, margin: (half_square(x, c[y]) + margin - half_square(x, n)).mean(),
        "hinge after the mean": lambda x, y, c, n, margin: torch.relu(
            (half_square(x, c[y]) + margin - half_square(x, n)).mean()
        ),
        "negatives detached": lambda x, y, c, n, margin: tcl.triplet_center_loss(x, y, c, n.detach(), margin),
        "sum": lambda x, y, c, n, margin: tcl.triplet_center_loss(x, y, c, n, margin, reduction="sum"),
        "x detached": lambda x, y, c, n, margin: tcl.triplet_center_loss(x.detach(), y, c, n, margin),
        "centers detached": lambda x, y, c, n, margin: tcl.triplet_center_loss(x, y, c.detach(), n, margin),
        "no halves": lambda x, y, c, n, margin: torch.relu(
            2 * half_square(x, c[y]) + margin - 2 * half_square(x, n)
        ).mean(),
        "euclidean": lambda x, y, c, n, margin: tcl.triplet_center_loss(x, y, c, n, margin, distance="euclidean"),
        "the other way round": lambda x, y, c, n, margin: torch.relu(
            half_square(x, n) + margin - half_square(x, c[y])
        ).mean(),
        "margin taken off": lambda x, y, c, n, margin: tcl.triplet_center_loss(x, y, c, n, -margin),
        "margin 1": lambda x, y, c, n, margin: tcl.triplet_center_loss(x, y, c, n, 1.0),
        "mean of the open ones": lambda x, y, c, n, margin: (
            (h := torch.relu(half_square(x, c[y]) + margin - half_square(x, n))).sum() / (h > 0).sum().clamp(min=1)
        ),
        "softplus": lambda x, y, c, n, margin: torch.nn.functional.softplus(
            half_square(x, c[y]) + margin - half_square(x, n)
        ).mean(),
    },
    "tcl.nearest": {
        "second nearest of all": second_nearest,
        "L1": lambda x, y, c: wrong_distances(x, y, c, power=1).argmin(1),
        "nearest of all": lambda x, y, c: torch.cdist(x, c).argmin(1),
        "farthest": lambda x, y, c: torch.cdist(x, c).argmax(1),
        "nearest to the own center": lambda x, y, c: wrong_distances(c[y], y, c).argmin(1),
        "the next class": lambda x, y, c: (y + 1) % len(c),
        "decimal": lambda x, y, c: wrong_distances(x, y, c).argmin(1).double(),
        "the center": lambda x, y, c: c[wrong_distances(x, y, c).argmin(1)],
        "one-hot": lambda x, y, c: torch.eye(len(c), dtype=torch.int64)[wrong_distances(x, y, c).argmin(1)],
        "largest coordinate": lambda x, y, c: wrong_distances(x, y, c, power=8).argmin(1),
        "moves x": moves_x,
    },
    "tcl.fully_synthesized": {
        "nearest center": lambda x, y, c: tcl.negative_centers("nearest", x, y, c),
        "own class too": lambda x, y, c: c.gather(0, (x[:, None] - c).abs().argmin(1)),
        "detached": lambda x, y, c: tcl.negative_centers("fully_synthesized", x, y, c.detach()),
        "the classes": lambda x, y, c: tcl.nearest_wrong_class_per_dimension(x, y, c),
        "nearest to 0": lambda x, y, c: tcl.negative_centers("fully_synthesized", 0 * x, y, c),
        "farthest": lambda x, y, c: c.gather(0, (x[:, None] - c).abs().argmax(1)),
        "without the sign": lambda x, y, c: c.gather(0, wrong_gaps(x.abs(), y, c.abs()).argmin(1)),
        "from the nearest side": lambda x, y, c: c.gather(0, (x[:, None] - c).argmin(1)),
        "the gaps": lambda x, y, c: wrong_gaps(x, y, c).amin(1),
        "mean of the wrong ones": lambda x, y, c: (c.sum(0) - c[y]) / (len(c) - 1),
        "the first sample's class": lambda x, y, c: tcl.negative_centers(
            "fully_synthesized", x, y[:1].expand(len(y)), c
        ),
    },
    "tcl.semi_synthesized": {
        "half of them": lambda s, r, a, count: torch.where(tcl.selected_dimensions(a, 0.5), s, r),
        "above a half": lambda s, r, a, count: torch.where(a > 0.5, s, r),
        "the parents swapped": lambda s, r, a, count: selected(r, s, a, count),
        "smallest attention": lambda s, r, a, count: selected(s, r, -a, count),
        "first dimensions": lambda s, r, a, count: torch.cat([s[:, :count], r[:, count:]], dim=1),
        "one more": lambda s, r, a, count: selected(s, r, a, count + 1),
        "same for all samples": lambda s, r, a, count: selected(s, r, a.mean(0).expand_as(a), count),
        "mixed": lambda s, r, a, count: a * s + (1 - a) * r,
        "largest of the batch": lambda s, r, a, count: torch.where(
            a.flatten().argsort().argsort().view_as(a) >= a.numel() - count * len(a), s, r
        ),
        "synthetic detached": lambda s, r, a, count: selected(s.detach(), r, a, count),
        "the mask": lambda s, r, a, count: tcl.selected_dimensions(a, count / a.shape[1]),
    },
}


def wrong_gaps(x, y, c):
    g = (x[:, None] - c).abs()
    return g.index_put((torch.arange(len(x)), y), torch.tensor(torch.inf, dtype=g.dtype))


TOLD = {
    ("tcl.by_hand", "no half"): "^it is twice too large$",
    ("tcl.loss", "sum"): "this is the sum over the batch",
    ("tcl.loss", "hinge after the mean"): "the hinge belongs to each sample, before the mean",
    ("tcl.loss", "no halves"): "the halves are missing",
    ("tcl.loss", "negatives detached"): "no gradient reaches the negatives",
    ("tcl.nearest", "nearest of all"): "got their own class",
    ("tcl.nearest", "decimal"): "expected whole numbers",
    ("tcl.fully_synthesized", "nearest center"): "choose anew in every dimension",
    ("tcl.fully_synthesized", "own class too"): "own class must not be chosen",
    ("tcl.semi_synthesized", "the parents swapped"): "come from the synthesized parent",
    ("tcl.semi_synthesized", "smallest attention"): "those with the largest attention",
}
