"""Right answers to the exercise on intervals, as the chapter's and as a reader might write them."""

import statistics

import numpy as np
import torch


def interval(differences, t):
    d = differences.mean(1)
    return d.mean(), t * d.std() / len(d) ** 0.5


def with_numpy(differences, t):
    d = differences.numpy().mean(axis=1)
    return d.mean(), t * np.std(d, ddof=1) / np.sqrt(len(d))


def standard_library(differences, t):
    d = [statistics.fmean(row) for row in differences.tolist()]
    return [statistics.fmean(d), t * statistics.stdev(d) / len(d) ** 0.5]


def loops(differences, t):
    n, conditions = differences.shape
    d = torch.zeros(n, dtype=differences.dtype)
    for seed in range(n):
        for condition in range(conditions):
            d[seed] += differences[seed, condition] / conditions
    mean = d.sum() / n
    return torch.stack([mean, t * (((d - mean) ** 2).sum() / (n - 1) / n) ** 0.5])


RIGHT = {
    "worth.interval": {
        "rows first": interval,
        "numpy": with_numpy,
        "standard library": standard_library,
        "loops": loops,
    },
}
