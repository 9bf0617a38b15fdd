"""The beard: before the lips, so that the lips stay free."""

from __future__ import annotations

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    return over(image, face.hair_color, face.beard)
