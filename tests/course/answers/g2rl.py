"""Answers to the G2RL exercises: the right ones, and the usual wrong ones with what they are told."""

import math

import torch

from fer_tutorial.metrics import icc_3_1
from fer_tutorial.papers.g2rl import adjacency, gaussian_heatmap


def subpixel(values):
    low, center, high = values.log()
    return (high - low) / (2 * (2 * center - low - high))


RIGHT = {
    "g2rl.heatmap": lambda point, intensity, size, sigma: gaussian_heatmap(point, torch.tensor(intensity), size, sigma),
    "g2rl.read_density": lambda heatmap, sigma: heatmap.max() * 2 * math.pi * sigma**2,
    "g2rl.subpixel": subpixel,
    "g2rl.adjacency": lambda nodes, scale: adjacency(nodes[None], "gaussian", scale)[0],
    "g2rl.icc": lambda predicted, coded: icc_3_1(predicted[:, None], coded[:, None])[0],
}

MISTAKES = [
    (
        "g2rl.heatmap",
        lambda point, intensity, size, sigma: gaussian_heatmap(point, torch.tensor(intensity), size, sigma, "density"),
        "intensity 3",
    ),
    (
        "g2rl.heatmap",
        lambda point, intensity, size, sigma: gaussian_heatmap(point.flip(0), torch.tensor(intensity), size, sigma),
        "1 high and 3 wide",
    ),
    ("g2rl.read_density", lambda heatmap, sigma: heatmap.max(), "intensity 5"),
    ("g2rl.subpixel", lambda values: subpixel(values.exp()), "centered at 0.3"),
    ("g2rl.adjacency", lambda nodes, scale: torch.exp(-(torch.cdist(nodes, nodes) ** 2)), "3 nodes"),
    ("g2rl.icc", lambda predicted, coded: torch.corrcoef(torch.stack([predicted, coded]))[0, 1], "random pairs"),
]
