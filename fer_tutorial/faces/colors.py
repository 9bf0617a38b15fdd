"""Colors: mixed in linear light, and turned into picture values by a square root (a gamma of 2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Color = tuple[float, float, float]


def linear(color: Tensor) -> Tensor:
    """Picture values (n, 3) to linear light (n, 3, 1)."""
    return color.square()[:, :, None]


def fixed(color: Color, like: Tensor) -> Tensor:
    """The same picture value everywhere, in linear light: (3, 1)."""
    return torch.tensor(color, dtype=like.dtype, device=like.device).square()[:, None]


def tinted(base: Tensor, factors: Color) -> Tensor:
    """A color (n, 3, 1) in linear light with its red, green and blue multiplied."""
    return base * torch.tensor(factors, dtype=base.dtype, device=base.device)[:, None]


def palette(position: Tensor, nodes: Sequence[Color]) -> Tensor:
    """Colors along a palette: position (n, 1) in [0, 1] -> (n, 3), linear between the nodes."""
    table = torch.tensor(nodes, dtype=position.dtype, device=position.device)
    scaled = position * (len(nodes) - 1)
    tent = (1 - (scaled - torch.arange(len(nodes), device=position.device)).abs()).clamp(min=0)  # (n, nodes)
    return (tent[:, :, None] * table).sum(1)


def over(image: Tensor, color: Tensor, alpha: Tensor) -> Tensor:
    """Lay a color on an image (n, 3, P) where alpha (n, P) is 1."""
    return torch.lerp(image, color.expand_as(image), alpha[:, None])
