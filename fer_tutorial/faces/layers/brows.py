"""The hairs of the brows."""

from __future__ import annotations

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    return over(image, face.hair_color * 0.55 + 0.06 * face.skin_color, face.brows.cover.clamp(0, 1))
