"""The nostrils; the rest of the nose is relief, which the light shows."""

from __future__ import annotations

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over, tinted
from fer_tutorial.faces.curves import bump
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    out = (face.ax - 0.42 * face.side("nose_w")) / 0.027
    below = (face.y - face.shape["nose_base"] + 0.020 - 0.10 * (face.ax - 0.06)) / 0.013
    return over(image, tinted(face.skin_color, (0.16, 0.09, 0.08)), 0.88 * bump(out, below))
