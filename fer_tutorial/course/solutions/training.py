"""Solutions of the exercises, one section each, as ``solution`` shows them."""

import numpy as np


# %% training.batch_statistics
def whole_batch(means, variances):
    return means.mean(0), variances.mean(0) + means.var(0, correction=0)


# %% training.paired
def paired(a, b):
    differences = np.subtract(a, b)
    return differences.mean(), differences.std(ddof=1) / len(differences) ** 0.5
