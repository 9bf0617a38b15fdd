"""Right answers to the exercises on training, as the chapter's and as a reader might write them."""

import statistics

import numpy as np
import torch


def whole_batch(means, variances):
    return means.mean(0), variances.mean(0) + means.var(0, correction=0)


def paired(a, b):
    d = np.subtract(a, b)
    return d.mean(), d.std(ddof=1) / len(d) ** 0.5


def paired_tensors(a, b):
    d = torch.tensor(a) - torch.tensor(b)
    return torch.stack([d.mean(), d.std() / len(d) ** 0.5])


def paired_standard_library(a, b):
    d = [x - y for x, y in zip(a, b, strict=True)]
    return [statistics.mean(d), statistics.stdev(d) / len(d) ** 0.5]


RIGHT = {
    "training.batch_statistics": {
        "variance of means": whole_batch,
        "squares": lambda means, variances: [means.mean(0), (variances + means**2).mean(0) - means.mean(0) ** 2],
        "numpy": lambda means, variances: (
            means.numpy().mean(0),
            variances.numpy().mean(0) + means.numpy().var(0),
        ),
        "one tensor": lambda means, variances: torch.stack(whole_batch(means, variances)),
    },
    "training.paired": {
        "numpy": paired,
        "tensors": paired_tensors,
        "standard library": paired_standard_library,
    },
}
