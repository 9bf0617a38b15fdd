"""Wrong answers to the G2RL exercises, and what some of them are told."""

import math

import torch

from fer_tutorial.metrics import icc_3_1
from fer_tutorial.papers.g2rl import adjacency, gaussian_heatmap


def heatmap(point, intensity, size, sigma, peak="intensity"):
    return gaussian_heatmap(point, torch.tensor(intensity), size, sigma, peak)


def subpixel(values):
    low, center, high = values.log()
    return (high - low) / (2 * (2 * center - low - high))


def weights(nodes, scale, others=True, whole=True):
    d = torch.cdist(nodes, nodes)
    n = len(nodes)
    s = scale * d.sum() / (n * (n - 1) if others else n * n)
    return torch.exp(-(d**2) / ((2 if whole else 1) * s**2))


def normalized(w):
    r = w.sum(1).rsqrt()
    return r[:, None] * w * r


def scaled(value):
    return value * 2 * math.pi


def without_loops(nodes, scale):
    w = weights(nodes, scale) - torch.eye(len(nodes), dtype=nodes.dtype)
    return normalized(w)


def icc(p, t, ddof=1, both=True):
    bms, ems = 2 * ((p + t) / 2).var(correction=ddof), (p - t).var(correction=ddof) / 2
    return (bms - ems) / (bms + ems) if both else (bms - ems) / bms


def single(p, t):
    """ICC(1,1), which an offset lowers."""
    bms, wms = 2 * ((p + t) / 2).var(), (p - t).square().mean() / 2
    return (bms - wms) / (bms + wms)


WRONG = {
    "g2rl.heatmap": {
        "density": lambda p, i, size, sigma: heatmap(p, i, size, sigma, "density"),
        "row first": lambda p, i, size, sigma: heatmap(p.flip(0), i, size, sigma),
        "transposed": lambda p, i, size, sigma: heatmap(p, i, size[::-1], sigma).T,
        "sigma not squared": lambda p, i, size, sigma: heatmap(p, i, size, math.sqrt(sigma)),
        "the 2 missing": lambda p, i, size, sigma: heatmap(p, i, size, sigma / math.sqrt(2)),
        "height 1": lambda p, i, size, sigma: heatmap(p, 1.0, size, sigma),
        "highest pixel": lambda p, i, size, sigma: (h := heatmap(p, i, size, sigma)) / h.max() * i,
        "whole pixels": lambda p, i, size, sigma: heatmap(p.round(), i, size, sigma),
        "flat": lambda p, i, size, sigma: heatmap(p, i, size, sigma).flatten(),
        "sigma 1": lambda p, i, size, sigma: heatmap(p, i, size, 1.0),
    },
    "g2rl.read_density": {
        "entry (4, 4)": lambda h, sigma: scaled(h[4, 4] * sigma**2),
        "the middle": lambda h, sigma: scaled(h[h.shape[0] // 2, h.shape[1] // 2] * sigma**2),
        "peak": lambda h, sigma: h.max(),
        "sigma not squared": lambda h, sigma: scaled(h.max() * sigma),
        "pi missing": lambda h, sigma: h.max() * 2 * sigma**2,
        "sum": lambda h, sigma: h.sum(),
        "divided": lambda h, sigma: h.max() / (2 * math.pi * sigma**2),
        "one-dimensional": lambda h, sigma: h.max() * math.sqrt(2 * math.pi) * sigma,
        "always 4": lambda h, sigma: 4.0,
    },
    "g2rl.subpixel": {
        "no logarithm": lambda v: subpixel(v.exp()),
        "sign": lambda v: -subpixel(v),
        "no 2": lambda v: 2 * subpixel(v),
        "center of mass": lambda v: (v[2] - v[0]) / v.sum(),
        "always the middle": lambda v: torch.tensor(0.0),
        "a quarter": lambda v: 0.25 * torch.sign(v[2] - v[0]),
        "sigma 1": lambda v: (v[2].log() - v[0].log()) / 2,
        "shape (1,)": lambda v: subpixel(v)[None],
        "in place": lambda v: subpixel(v.log_().exp()),
    },
    "g2rl.adjacency": {
        "not normalized": lambda nodes, scale: weights(nodes, scale),
        "no length": lambda nodes, scale: torch.exp(-(torch.cdist(nodes, nodes) ** 2)),
        "mean over all pairs": lambda nodes, scale: normalized(weights(nodes, scale, others=False)),
        "no 2": lambda nodes, scale: normalized(weights(nodes, scale, whole=False)),
        "rows sum to 1": lambda nodes, scale: (w := weights(nodes, scale)) / w.sum(1, keepdim=True),
        "no self-loops": without_loops,
        "scale forgotten": lambda nodes, scale: normalized(weights(nodes, 1.0)),
        "inverse": lambda nodes, scale: adjacency(nodes[None], "inverse", scale)[0],
        "with a batch": lambda nodes, scale: adjacency(nodes[None], "gaussian", scale),
        "distance not squared": lambda nodes, scale: normalized(
            torch.exp(-torch.cdist(nodes, nodes) / (2 * scale * torch.cdist(nodes, nodes).mean()))
        ),
    },
    "g2rl.icc": {
        "correlation": lambda p, t: torch.corrcoef(torch.stack([p, t]))[0, 1],
        "BMS below": lambda p, t: icc(p, t, both=False),
        "ICC(1,1)": single,
        "variance of the means without the 2": lambda p, t: (
            ((bms := ((p + t) / 2).var()) - (ems := (p - t).var() / 2)) / (bms + ems)
        ),
        "EMS not halved": lambda p, t: ((bms := 2 * ((p + t) / 2).var()) - (ems := (p - t).var())) / (bms + ems),
        "sign": lambda p, t: -icc(p, t),
        "squared error": lambda p, t: 1 - (p - t).square().mean(),
        "always 1": lambda p, t: 1.0,
        "one a face": lambda p, t: icc(p, t).expand(len(p)),
        "from the library, transposed": lambda p, t: icc_3_1(torch.stack([p, t]), torch.stack([p, t])).mean(),
    },
}

TOLD = {
    (
        "g2rl.heatmap",
        "density",
    ): r"for point = \[1, 0\], intensity = 3, size = \(1, 3\), sigma = 1: .*without the factor of a density",
    ("g2rl.heatmap", "row first"): "column first",
    ("g2rl.read_density", "peak"): "for heatmap = .*, sigma = 1: expected 4, got 0.6366",
    ("g2rl.subpixel", "no logarithm"): "take logarithms first",
    ("g2rl.subpixel", "sign"): "wrong sign",
    ("g2rl.adjacency", "not normalized"): r"entry \[0, 0\] should be",
    ("g2rl.icc", "correlation"): "does not see unequal scales",
}
