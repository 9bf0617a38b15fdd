"""Four fingers side by side: rounded bars with a cylinder's shading."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    along, across = canvas.turned(face.scene("hand_x"), face.scene("hand_y"), face.scene("hand_angle"))
    position = across / 0.15
    finger = torch.round(position.clamp(-1.5, 1.5) + 0.5) - 0.5
    within = position - finger
    tip = along - 0.06 * finger.abs()
    roundness = 1 - within.square() * 4 - (tip.clamp(max=0) / 0.08).square()
    shade = (0.75 * face.lit("ambient") + 0.65 * face.lit("key")) * (0.45 + 0.55 * roundness.clamp(0, 1).sqrt())
    cover = canvas.step(roundness * 0.06) * face.scene("hand")
    return over(image, face.skin_color * shade[:, None] * face.light.color, cover)
