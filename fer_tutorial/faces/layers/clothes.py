"""Clothes with a collar."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import linear, over
from fer_tutorial.faces.curves import bump
from fer_tutorial.faces.face import Face
from fer_tutorial.faces.layers.neck import find_neck


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    neck, x, y = find_neck(canvas, face), canvas.x, canvas.y
    zero = torch.zeros_like(x)
    collar = (
        neck.y
        + 0.36
        - 0.10 * bump((x.abs() - neck.half) / 0.15, zero)
        + 0.22 * bump((x - neck.x) / 0.22, zero)
        + 0.28 * (x - neck.x).abs().clamp(min=0.55)
        - 0.15
    )
    folds = 1 + 0.10 * torch.sin(9 * x + 5 * y)
    shade = (0.75 * face.lit("ambient") + 0.55 * face.lit("key")) * folds
    cloth = linear(torch.cat([face.scene(f"cloth_{channel}") for channel in ("red", "green", "blue")], 1))
    return over(image, cloth * shade[:, None] * face.light.color, canvas.step(y - collar, 0.006))
