"""A dark bar across the picture: a sleeve, a microphone."""

from __future__ import annotations

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    along, across = canvas.turned(face.scene("bar_x"), face.scene("bar_y"), face.scene("bar_angle"))
    cover = canvas.step(face.scene("bar_width") - across.abs()) * canvas.step(along) * face.scene("bar")
    return over(image, image * 0.04 + 0.01, cover)
