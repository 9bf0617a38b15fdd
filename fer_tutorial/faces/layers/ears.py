"""The ears: both behind the head, and the one that is turned to the camera once more over it."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    for sign in (-1.0, 1.0):
        image = _ear(canvas, face, image, sign, _uncovered(face))
    return image


def paint_near(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    """The ear on the side that is turned to the camera lies over the head, under long hair."""
    turned = canvas.camera.sin_yaw
    return _ear(canvas, face, image, -turned.sign(), torch.sigmoid((turned.abs() - 0.12) / 0.03) * _uncovered(face))


def _uncovered(face: Face) -> Tensor:
    """(n, 1), 0 where long hair falls over the ears."""
    return torch.sigmoid((0.45 - face.trait("hair_length")) / 0.03)


def _ear(canvas: Canvas, face: Face, image: Tensor, sign: Tensor | float, opacity: Tensor) -> Tensor:
    """One ear: ``sign`` -1 is the picture's left one."""
    zero = torch.zeros_like(face.shape["chin"])
    x, y = canvas.camera.project(sign * (face.shape["head_width"] + 0.015), zero + 0.10, zero - 0.06)
    v = (canvas.y - y) / 0.185
    u = (canvas.x - x) / 0.085 + sign * 0.25 * v  # the lobe lies closer to the head
    q = u * u + v * v
    rim = 0.55 + 0.45 * ((q - 0.25) * 1.8).clamp(0, 1)
    shade = (0.8 * face.lit("ambient") + 0.55 * face.lit("key")) * rim
    cover = canvas.step((1 - q) * 0.045) * opacity
    return over(image, face.skin_color * shade[:, None] * face.light.color, cover)
