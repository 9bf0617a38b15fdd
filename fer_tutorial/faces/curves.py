"""The curves that landmarks and pixels share: brows, lids, lips, and the profiles of hills and lines."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.shape import Shape


def bump(u: Tensor, v: Tensor) -> Tensor:
    """A smooth hill of height 1, close to a Gaussian and cheaper: (1 + (u^2 + v^2)/2)^-2."""
    return (1 + 0.5 * (u * u + v * v)).reciprocal().square()


def line(u: Tensor) -> Tensor:
    """A soft line's profile: 1 at u = 0, falling like (1 + u^2)^-2."""
    return (1 + u * u).square().reciprocal()


def lagrange3(t: Tensor, inner: Tensor, middle: Tensor, outer: Tensor) -> Tensor:
    """The parabola through (0, inner), (0.6, middle) and (1, outer): a brow's height along its length."""
    a, b = inner, outer
    bulge = (middle - (0.4 * a + 0.6 * b)) / 0.24
    return a + (b - a) * t + bulge * t * (1 - t)


def lid_profile(s: Tensor) -> Tensor:
    """Height of a lid along the slit, 0 at the corners (s = -1 inner, 1 outer) and 1 at its highest."""
    return (1 - s * s).clamp(min=0) * (1.02 - 0.16 * s)


def upper_lip_profile(s: Tensor) -> Tensor:
    """Thickness of the upper lip along the mouth, with the dip of Cupid's bow in the middle."""
    q = (1 - s * s).clamp(min=0)
    return q * (1.12 - 0.30 * torch.exp(-((s / 0.16) ** 2)))


def lower_lip_profile(s: Tensor) -> Tensor:
    q = (1 - s * s).clamp(min=0)
    return q * (1.0 + 0.25 * s * s)


def opening_profile(s: Tensor, square: Tensor) -> Tensor:
    """How an open mouth tapers to its corners: a parabola, or squarer when the lips are pulled sideways."""
    s2 = s * s
    return (1 - s2).clamp(min=0) * (1 + square * 0.9 * s2)


def mouth_lines(shape: Shape, s: Tensor, corner_y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Y of the upper lip's outer and inner edge and of the lower lip's inner and outer edge at s in [-1, 1]."""
    opening = opening_profile(s, shape["square_mouth"])
    upper_in = corner_y + (shape["lip_up_in"] - corner_y) * opening
    lower_in = corner_y + (shape["lip_low_in"] - corner_y) * opening
    return (
        upper_in - shape["lip_up"] * upper_lip_profile(s),
        upper_in,
        lower_in,
        lower_in + shape["lip_low"] * lower_lip_profile(s),
    )
