"""Wrong answers to the exercises on training, and what some of them are told."""

import numpy as np


def differences(a, b, ddof=1, power=0.5):
    d = np.subtract(a, b)
    return d.mean(), d.std(ddof=ddof) / len(d) ** power


def unpaired(a, b):
    return np.mean(a) - np.mean(b), ((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(a)) ** 0.5


def sorts(a, b):
    a.sort()
    b.sort()
    return differences(a, b)


def centers(means, variances):
    means -= means.mean(0)
    return means.mean(0), variances.mean(0) + means.square().mean(0)


WRONG = {
    "training.batch_statistics": {
        "mean alone": lambda means, variances: means.mean(0),
        "of the first process": lambda means, variances: (means[0], variances[0]),
        "means alike": lambda means, variances: (means.mean(0), variances.mean(0)),
        "one less": lambda means, variances: (means.mean(0), variances.mean(0) + means.var(0)),
        "sum": lambda means, variances: (means.mean(0), variances.sum(0)),
        "means alone": lambda means, variances: (means.mean(0), means.var(0, correction=0)),
        "over channels": lambda means, variances: (means.mean(1), variances.mean(1) + means.var(1, correction=0)),
        "one number": lambda means, variances: (means.mean(), variances.mean() + means.var(correction=0)),
        "deviation": lambda means, variances: (means.mean(0), (variances.mean(0) + means.var(0, correction=0)).sqrt()),
        "changes the means": centers,
        "squares of the means": lambda means, variances: (means.mean(0), variances.mean(0) + means.square().mean(0)),
    },
    "training.paired": {
        "mean alone": lambda a, b: np.mean(a) - np.mean(b),
        "b minus a": lambda a, b: differences(b, a),
        "unpaired": unpaired,
        "by n": lambda a, b: differences(a, b, ddof=0),
        "spread of one": lambda a, b: differences(a, b, power=0),
        "no error": lambda a, b: (differences(a, b)[0], 0.0),
        "variance": lambda a, b: (differences(a, b)[0], np.var(np.subtract(a, b), ddof=1) / len(a)),
        "by n, not its root": lambda a, b: differences(a, b, power=1),
        "of four seeds": lambda a, b: (differences(a, b)[0], np.subtract(a, b).std(ddof=1) / 2),
        "sorted": sorts,
        "absolute": lambda a, b: (np.abs(np.subtract(a, b)).mean(), differences(a, b)[1]),
    },
}

TOLD = {
    ("training.batch_statistics", "mean alone"): "expected 2 values, the mean and the variance",
    ("training.batch_statistics", "means alike"): "own means differ as well",
    ("training.batch_statistics", "one less"): "not by one less",
    ("training.paired", "b minus a"): "the mean difference: expected .* wrong sign",
    ("training.paired", "unpaired"): "unpaired runs",
    ("training.paired", "by n"): "not by n",
    ("training.paired", "spread of one"): "root of n",
    ("training.paired", "sorted"): "changes the a it is given",
}
