"""Solutions of the exercises, one section each, as ``solution`` shows them."""

import torch

from fer_tutorial.papers.dacl import sparse_center_loss


# %% dacl.attention
def attention_of(outputs):
    pairs = outputs.view(len(outputs), -1, 2)  # (m, 2d) -> (m, d, 2)
    return torch.sigmoid(
        pairs[..., 1] - pairs[..., 0]
    )  # the softmax of a pair is the sigmoid of its difference


# %% dacl.sparse_center_loss
def my_sparse_center_loss(features, attention, labels, centers):
    return (attention * (features - centers[labels]) ** 2).sum() / (
        2 * len(features)
    )


# %% dacl.center_step
def my_center_step(centers, features, attention, labels, alpha):
    new = centers.clone()
    for k in range(len(centers)):
        mine = labels == k
        delta = (attention[mine] * (centers[k] - features[mine])).sum(0) / (
            1 + mine.sum()
        )
        new[k] = centers[k] - alpha * delta
    return new


# %% dacl.step_ratio
# α Σ / (1 + n) over α λ Σ / m
def step_ratio(m, n, lambda_):
    return m / (lambda_ * (1 + n))


# %% dacl.scale_free
def scale_free_loss(features, attention, labels, centers):
    weights = attention / attention.mean(
        dim=1, keepdim=True
    )  # mean 1 over the dimensions of every sample
    return sparse_center_loss(features, weights, labels, centers)
