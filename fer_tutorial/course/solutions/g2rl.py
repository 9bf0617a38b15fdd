"""Solutions of the exercises, one section each, as ``solution`` shows them."""

import math

import torch


# %% g2rl.heatmap
def heatmap_of(point, intensity, size, sigma):
    y, x = torch.arange(size[0])[:, None], torch.arange(size[1])[None, :]
    return intensity * torch.exp(
        -((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * sigma**2)
    )


# %% g2rl.read_density
def intensity_of(heatmap, sigma):
    return heatmap.max() * 2 * math.pi * sigma**2


# %% g2rl.subpixel
def peak_between(values):
    before, here, after = values.log()
    return (after - before) / (2 * (2 * here - before - after))


# %% g2rl.adjacency
def adjacency_of(nodes, scale):
    n = len(nodes)
    distances = (nodes[:, None] - nodes[None, :]).norm(dim=2)  # (n, n)
    length = scale * distances.sum() / (n * (n - 1))
    weights = torch.exp(-(distances**2) / (2 * length**2))
    root = weights.sum(1).rsqrt()
    return root[:, None] * weights * root[None, :]


# %% g2rl.icc
def agreement(predicted, coded):
    bms = (
        2 * ((predicted + coded) / 2).var()
    )  # two raters: twice the variance of the faces' means
    ems = (
        predicted - coded
    ).var() / 2  # what is left once faces and raters have their mean
    return (bms - ems) / (bms + ems)
