"""Solutions of the exercises, one section each, as ``solution`` shows them."""

import torch

# %% center_loss.by_hand
loss_by_hand = 0.5 * ((2**2 + 1**2) + (0**2 + 1**2) + (1**2 + 2**2))


# %% center_loss.loss
def my_center_loss(features, labels, centers):
    return 0.5 * (features - centers[labels]).pow(2).sum()


# %% center_loss.update
def my_center_update(features, labels, centers, alpha):
    new = centers.clone()
    for j in range(len(centers)):
        members = features[labels == j]  # (n_j, d)
        delta = (centers[j] - members).sum(0) / (1 + len(members))
        new[j] = centers[j] - alpha * delta
    return new


# %% center_loss.equilibrium
def share_left(n, alpha, steps):
    return (1 - alpha * n / (1 + n)) ** steps


# %% center_loss.frozen_centers
def optimizer_of(network, centers):
    return torch.optim.SGD(
        [{"params": network.parameters()}, {"params": [centers], "lr": 0.5}],
        lr=0.1,
    )
