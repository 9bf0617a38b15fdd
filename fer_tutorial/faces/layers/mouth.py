"""What an open mouth shows: teeth, tongue, and the dark behind them."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import fixed, over
from fer_tutorial.faces.curves import bump
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    y, mouth, shape = face.y, face.mouth, face.shape
    arriving = (0.35 + 0.65 * face.lit("ambient") + 0.5 * face.lit("key"))[:, :, None] * face.light.color
    gaps = 1 - 0.16 * canvas.fade * torch.cos(face.x * (2 * torch.pi / 0.047)).clamp(min=0).square().square()
    upper = canvas.step(mouth.hole_top + 0.100 * shape["teeth"] - 0.012 - 0.02 * mouth.s.square() - y, 0.006)
    lower = canvas.step(y - mouth.hole_low + 0.045 * shape["teeth_low"] - 0.012, 0.006)
    tongue = bump(face.x / (0.6 * mouth.corner_x), (y - mouth.hole_low + 0.02) / 0.05) * torch.sigmoid(
        (shape["gap"] - 0.10) / 0.02
    )
    interior = fixed((0.20, 0.06, 0.06), y).expand(len(y), 3, y.shape[1]) * 0.7
    interior = over(interior, fixed((0.62, 0.30, 0.30), y), 0.5 * tongue)
    teeth = torch.maximum(upper, 0.85 * lower) * (1 - 0.55 * mouth.s.square().square()) * gaps
    interior = over(interior, fixed((0.93, 0.91, 0.85), y), 0.95 * teeth.clamp(0, 1))
    shadow = 0.72 + 0.28 * ((y - mouth.hole_top) / 0.02).clamp(0, 1)  # of the upper lip
    return over(image, interior * arriving * shadow[:, None], mouth.hole)
