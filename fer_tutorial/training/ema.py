"""An exponential moving average of the weights, evaluated in their place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class EMA:
    """Averages of a module's floating-point weights and buffers: average ← decay · average + (1 − decay) · weight.

    In the first steps the decay is smaller, (1 + step) / (10 + step), so that the random start is soon forgotten.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.weights = {name: t for name, t in module.state_dict(keep_vars=True).items() if t.is_floating_point()}
        self.averages = {name: tensor.detach().clone() for name, tensor in self.weights.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Follow the weights by one step."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(list(self.averages.values()), [w.detach() for w in self.weights.values()], 1 - decay)
        self.steps += 1

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within this context the module has the averages as its weights."""
        kept = {name: weight.detach().clone() for name, weight in self.weights.items()}
        self._set(self.averages)
        try:
            yield
        finally:
            self._set(kept)

    @torch.no_grad()
    def _set(self, values: dict[str, Tensor]) -> None:
        for name, weight in self.weights.items():
            weight.copy_(values[name])
