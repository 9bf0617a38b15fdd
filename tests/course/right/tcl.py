"""Right answers to the TCL exercises, as the chapter's and as a reader might write them."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def loss(x, labels, centers, negatives, margin):
    own = 0.5 * (x - centers[labels]).pow(2).sum(1)
    other = 0.5 * (x - negatives).pow(2).sum(1)
    return torch.relu(own + margin - other).mean()


def loss_loop(x, labels, centers, negatives, margin):
    losses = []
    for i in range(len(x)):
        own = ((x[i] - centers[labels[i]]) ** 2).sum() / 2
        losses.append((own + margin - ((x[i] - negatives[i]) ** 2).sum() / 2).clamp(min=0))
    return sum(losses) / len(losses)


class Loss(nn.Module):
    def forward(self, x, labels, centers, negatives, margin):
        c = centers[labels]
        gap = (x * (negatives - c)).sum(1) + (c.square() - negatives.square()).sum(1) / 2
        return F.relu(gap + margin).mean()


def nearest(x, labels, centers):
    distance = (x[:, None] - centers).pow(2).sum(2)
    distance[torch.arange(len(x)), labels] = torch.inf
    return distance.argmin(1)


def nearest_loop(x, labels, centers):
    found = []
    for row, label in zip(x, labels, strict=True):
        wrong = [k for k in range(len(centers)) if k != label]
        found.append(min(wrong, key=lambda k: float((row - centers[k]).norm())))
    return found


def nearest_numpy(x, labels, centers):
    d = np.linalg.norm(x.numpy()[:, None] - centers.numpy(), axis=2) + np.eye(len(centers))[labels.numpy()] * 1e9
    return d.argmin(1)


def full(x, labels, centers):
    gaps = (x[:, None] - centers).abs()
    gaps[torch.arange(len(x)), labels] = torch.inf
    return centers.gather(0, gaps.argmin(1))


def full_loop(x, labels, centers):
    rows = []
    for row, label in zip(x, labels, strict=True):
        wrong = centers[torch.arange(len(centers)) != label]
        rows.append(torch.stack([wrong[(row[j] - wrong[:, j]).abs().argmin(), j] for j in range(len(row))]))
    return torch.stack(rows)


def full_where(x, labels, centers):
    own = F.one_hot(labels, len(centers)).bool()[:, :, None]
    gaps = torch.where(own, torch.full_like(x[:, None], 1e9), (x.detach()[:, None] - centers.detach()) ** 2)
    chosen = F.one_hot(gaps.argmin(1), len(centers)).to(centers.dtype)  # (m, d, K)
    return torch.einsum("mdk,kd->md", chosen, centers)


def semi(synthetic, real, attention, count):
    chosen = torch.zeros_like(attention).bool().scatter(1, attention.topk(count, 1).indices, True)
    return torch.where(chosen, synthetic, real)


def semi_copies(synthetic, real, attention, count):
    mixed = real.clone()
    for i in range(len(real)):
        best = attention[i].argsort(descending=True)[:count]
        mixed[i, best] = synthetic[i, best]
    return mixed


def semi_mask(synthetic, real, attention, count):
    rank = attention.argsort(1, descending=True).argsort(1)
    mask = (rank < count).to(real.dtype)
    return mask * synthetic + (1 - mask) * real


RIGHT = {
    "tcl.by_hand": {"a number": 1, "computed": 0.5 * ((1 - 2) ** 2 + (0 - 1) ** 2)},
    "tcl.loss": {"relu": loss, "loop": loss_loop, "module, other algebra": Loss()},
    "tcl.nearest": {
        "infinite": nearest,
        "loop, list": nearest_loop,
        "numpy": nearest_numpy,
        "cdist": lambda x, y, c: (torch.cdist(x, c) + 1e9 * F.one_hot(y, len(c))).topk(1, largest=False).indices[:, 0],
    },
    "tcl.fully_synthesized": {"gather": full, "loop": full_loop, "one-hot": full_where},
    "tcl.semi_synthesized": {"scatter": semi, "in place on a copy": semi_copies, "mask": semi_mask},
}
