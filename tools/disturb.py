"""Disturb the initial weights of every training by a relative 1e-3: the rounding of many machines at once."""

from __future__ import annotations

from typing import Any

import torch

RELATIVE = 1e-3


def disturb(seed: int) -> None:
    """Multiply every parameter that is handed to an optimizer from now on by 1 + 1e-3 · N(0, 1).

    The same network gets the same disturbance each time it is built, as on one machine it gets the same rounding: what
    a notebook claims about two equal runs still holds.
    """
    add_param_group = torch.optim.Optimizer.add_param_group

    def add_disturbed(self: torch.optim.Optimizer, param_group: dict[str, Any]) -> None:
        first = sum(len(group["params"]) for group in self.param_groups)
        add_param_group(self, param_group)
        with torch.no_grad():
            for number, parameter in enumerate(self.param_groups[-1]["params"], start=first):
                generator = torch.Generator().manual_seed(1_000_003 * seed + number)
                noise = torch.randn(parameter.shape, generator=generator).to(parameter)
                parameter.mul_(1 + RELATIVE * noise)

    torch.optim.Optimizer.add_param_group = add_disturbed  # type: ignore[method-assign]
