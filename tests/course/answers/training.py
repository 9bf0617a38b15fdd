"""Answers to the exercises on training: the right ones, and the usual wrong ones with what they are told."""

import numpy as np


def paired(a, b, ddof=1, power=0.5):
    differences = np.subtract(a, b)
    return differences.mean(), differences.std(ddof=ddof) / len(differences) ** power


def unpaired(a, b):
    return np.mean(a) - np.mean(b), ((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(a)) ** 0.5


RIGHT = {
    "training.batch_statistics": lambda means, variances: (
        means.mean(0),
        variances.mean(0) + means.var(0, correction=0),
    ),
    "training.paired": paired,
}

MISTAKES = [
    ("training.batch_statistics", lambda means, variances: means.mean(0), "expected two values"),
    ("training.batch_statistics", lambda means, variances: (means[0], variances[0]), "^mean of three processes"),
    (
        "training.batch_statistics",
        lambda means, variances: (means.mean(0), variances.mean(0)),
        "own means differ as well",
    ),
    (
        "training.batch_statistics",
        lambda means, variances: (means.mean(0), variances.mean(0) + means.var(0)),
        "not by one less",
    ),
    ("training.batch_statistics", lambda means, variances: (means.mean(0), variances.sum(0)), "^variance of three"),
    ("training.paired", lambda a, b: np.mean(a) - np.mean(b), "expected two values"),
    ("training.paired", lambda a, b: paired(b, a), "^the mean difference"),
    ("training.paired", unpaired, "unpaired runs"),
    ("training.paired", lambda a, b: paired(a, b, ddof=0), "not by n"),
    ("training.paired", lambda a, b: paired(a, b, power=0), "root of n"),
    ("training.paired", lambda a, b: (paired(a, b)[0], 0.0), "^the standard error"),
]
