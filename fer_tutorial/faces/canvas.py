"""The canvas: the pixels of a picture, where they lie in the camera plane, and edges and lines as sharp as they allow.

Arrays are flat over pixels: ``(n, P)`` with P = size · size; parameters are ``(n, 1)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fer_tutorial.faces.camera import Camera


@dataclass(frozen=True)
class Canvas:
    """Pixels, and where they lie; ``Canvas.of`` makes one from a camera."""

    camera: Camera
    column: Tensor  # (1, P), 0 .. size - 1
    row: Tensor
    x: Tensor  # (n, P), in the camera plane
    y: Tensor
    pixel: Tensor  # (n, 1), width of a pixel in face units
    edge: Tensor  # (n, 1), width of an anti-aliased edge

    @classmethod
    def of(cls, camera: Camera) -> Canvas:
        grid = torch.arange(camera.size, dtype=camera.span.dtype, device=camera.span.device)
        column, row = grid.repeat(camera.size)[None], grid.repeat_interleave(camera.size)[None]  # (1, P)
        pixel = camera.span / camera.size
        return cls(camera, column, row, *camera.from_pixels(column, row), pixel, 0.32 * pixel)

    def step(self, distance: Tensor, softness: float = 0.0) -> Tensor:
        """1 where distance > 0, 0 elsewhere, with an edge at least one pixel wide."""
        return torch.sigmoid(distance / self.edge.clamp(min=softness))

    def wide(self, width: float) -> Tensor:
        """A line's half-width: never thinner than what a pixel can show (thin lines get fainter instead)."""
        return (width**2 + (0.45 * self.pixel) ** 2).sqrt()

    def coarseness(self, width: float) -> Tensor:
        """What a pattern of this width is divided by: 1, or more where the pixels are too coarse to show it."""
        return 1 + (self.pixel / width) ** 4

    @cached_property
    def fade(self) -> Tensor:
        """How much of the waves of skin and hair the pixels can show: 1 .. 0."""
        return 1 / self.coarseness(0.045)

    def turned(self, x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
        """The pixels' places (n, P) along and across a direction, from the point (x, y) of the camera plane."""
        d_x, d_y = self.x - x, self.y - y
        return d_x * angle.cos() + d_y * angle.sin(), d_y * angle.cos() - d_x * angle.sin()

    def differences(self, field: Tensor) -> tuple[Tensor, Tensor]:
        """Central differences of a flat field (n, P) along x and y, for each face unit."""
        size = self.camera.size
        f = torch.nn.functional.pad(field.view(-1, 1, size, size), (1, 1, 1, 1), mode="replicate")[:, 0]
        half = 0.5 / self.pixel
        dx = (f[:, 1:-1, 2:] - f[:, 1:-1, :-2]).reshape(len(field), -1) * half  # (n, S, S) -> (n, P)
        dy = (f[:, 2:, 1:-1] - f[:, :-2, 1:-1]).reshape(len(field), -1) * half
        return dx, dy
