"""Light on the skin and all that is painted on it so far; hairs do not shine as skin does."""

from __future__ import annotations

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    light = face.light
    glint = light.glint * (1 - 0.6 * face.beard) * (1 - 0.7 * face.brows.cover)
    return image * light.shade[:, None] * light.color + glint[:, None]
