"""Lashes on both lids, darker with eye liner."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import fixed, over
from fer_tutorial.faces.curves import line
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    eyes, makeup = face.eyes, face.trait("makeup")
    upper = line((eyes.v - eyes.upper + 0.005) / canvas.wide(0.019))
    upper = upper * canvas.step((1.05 - eyes.s.abs()) * 0.15, 0.008) * (0.72 + 0.28 * makeup)
    lower = (0.22 + 0.5 * makeup) * line((eyes.v - eyes.lower) / canvas.wide(0.008))
    lower = lower * canvas.step((1 - eyes.s.abs()) * 0.15, 0.01)
    color = fixed((0.10, 0.07, 0.06), image) + 0.06 * face.skin_color
    return over(image, color, (0.88 * torch.maximum(upper, lower)).clamp(0, 1))
