"""Which expression each sample shows, and which person shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fer_tutorial.errors import UserError
from fer_tutorial.faces.random_numbers import uniform

SUBJECTS_PER_SEED = 10_000_000


def class_weights(imbalance: Sequence[float] | Mapping[str, float] | None, names: tuple[str, ...]) -> Tensor:
    if imbalance is None:
        return torch.ones(len(names), dtype=torch.float64)
    if isinstance(imbalance, Mapping):
        unknown = set(imbalance) - set(names)
        if unknown:
            raise UserError(f"imbalance names {sorted(unknown)}; expected classes among {list(names)}")
        imbalance = [imbalance.get(name, 0.0) for name in names]
    weights = torch.as_tensor(list(imbalance), dtype=torch.float64)
    if weights.shape != (len(names),) or not bool((weights >= 0).all()) or not float(weights.sum()) > 0:
        raise UserError(
            f"imbalance is {list(weights.tolist())}; expected {len(names)} weights (none negative, "
            f"not all zero), one for each of {list(names)}"
        )
    return weights


def sample_labels(samples: Tensor, seed: int, weights: Tensor) -> Tensor:
    """Classes by a golden-ratio sequence: any run of samples has nearly exactly the wanted shares."""
    golden = 0.6180339887498949
    start = uniform(seed, "labels", torch.zeros(1, dtype=torch.int64), 1)[0]
    u = (start + samples.double() * golden) % 1.0
    edges = (weights / weights.sum()).cumsum(0)
    return (u[:, None] >= edges).sum(1).clamp(max=len(weights) - 1)


def sample_subjects(samples: Tensor, seed: int, subjects: tuple[int, int] | None) -> Tensor:
    if subjects is None:
        return samples + seed * SUBJECTS_PER_SEED
    low, high = subjects
    return low + (uniform(seed, "subjects", samples, 1)[:, 0] * (high - low)).long()
