"""Right answers to the G2RL exercises, as the chapter's and as a reader might write them."""

import math

import numpy as np
import torch


def heatmap(point, intensity, size, sigma):
    y, x = torch.arange(size[0])[:, None], torch.arange(size[1])
    return intensity * torch.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * sigma**2))


def heatmap_loop(point, intensity, size, sigma):
    u, v = point.tolist()
    rows, columns = range(size[0]), range(size[1])
    return torch.tensor(
        [[intensity * math.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * sigma**2)) for x in columns] for y in rows]
    )


def heatmap_product(point, intensity, size, sigma):
    def along(n, center):
        return np.exp(-0.5 * ((np.arange(n) - float(center)) / sigma) ** 2)

    return intensity * np.outer(along(size[0], point[1]), along(size[1], point[0]))


def subpixel(values):
    before, here, after = values.log()
    return (after - before) / (2 * (2 * here - before - after))


def parabola(values):
    a, b, _ = np.polyfit([-1, 0, 1], np.log(values.double().numpy()), 2)
    return -b / (2 * a)


def adjacency(nodes, scale):
    n = len(nodes)
    d = (nodes[:, None] - nodes).norm(dim=2)
    weights = torch.exp(-(d**2) / (2 * (scale * d.sum() / (n * (n - 1))) ** 2))
    return weights / (weights.sum(0) * weights.sum(1)[:, None]).sqrt()


def adjacency_matrices(nodes, scale):
    d = np.linalg.norm(nodes.numpy()[:, None] - nodes.numpy()[None], axis=2)
    s = scale * d[~np.eye(len(d), dtype=bool)].mean()
    weights = np.exp(-((d / s) ** 2) / 2)
    root = np.diag(weights.sum(1) ** -0.5)
    return root @ weights @ root


def icc(p, t):
    bms, ems = 2 * ((p + t) / 2).var(), (p - t).var() / 2
    return (bms - ems) / (bms + ems)


def two_way(p, t):
    """The table of an analysis of variance."""
    table = np.stack([p.numpy(), t.numpy()], axis=1).astype(float)
    rows, columns, all_ = table.mean(1, keepdims=True), table.mean(0), table.mean()
    n = len(table)
    bms = 2 * ((rows - all_) ** 2).sum() / (n - 1)
    ems = ((table - rows - columns + all_) ** 2).sum() / (n - 1)
    return (bms - ems) / (bms + ems)


def closed_form(p, t):
    covariance = torch.cov(torch.stack([p.double(), t.double()]))
    return 2 * covariance[0, 1] / covariance.trace()


RIGHT = {
    "g2rl.heatmap": {
        "broadcast": heatmap,
        "loop": heatmap_loop,
        "product, numpy": heatmap_product,
        "double precision": lambda p, i, size, sigma: heatmap(p.double(), i, size, sigma),
    },
    "g2rl.read_density": {
        "the line": lambda h, sigma: h.max() * 2 * math.pi * sigma**2,
        "numpy": lambda h, sigma: np.max(h.numpy()) * 2 * np.pi * sigma**2,
        "a number": lambda h, sigma: max(max(row) for row in h.tolist()) / (1 / (2 * math.pi * sigma**2)),
        "amax": lambda h, sigma: h.flatten().amax() * math.tau * sigma * sigma,
    },
    "g2rl.subpixel": {
        "the line": subpixel,
        "parabola": parabola,
        "ratios": lambda v: 0.5 * torch.log(v[2] / v[0]) / torch.log(v[1] ** 2 / (v[0] * v[2])),
        "a number": lambda v: subpixel(v).item(),
    },
    "g2rl.adjacency": {
        "broadcast": adjacency,
        "matrices, numpy": adjacency_matrices,
        "cdist": lambda nodes, scale: adjacency(nodes.double(), scale).float(),
    },
    "g2rl.icc": {
        "the line": icc,
        "two-way table, numpy": two_way,
        "covariance": closed_form,
        "a number": lambda p, t: icc(p, t).item(),
    },
}
