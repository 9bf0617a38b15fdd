"""The lips, the dark line between closed ones, and the shadows at the corners of the mouth."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over, tinted
from fer_tutorial.faces.curves import bump, line
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    y, mouth, skin = face.y, face.mouth, face.skin_color
    red = face.trait("lip_red")[:, :, None]
    color = skin * torch.cat([0.92 - 0.14 * red, 0.60 - 0.40 * red, 0.60 - 0.34 * red], 1)
    in_lower = ((y - mouth.hole_low) / (mouth.lip_low - mouth.hole_low + 1e-3)).clamp(0, 1)
    shade = torch.where(y < mouth.hole_low, 0.82, 1.12 - 0.22 * in_lower)  # the lower lip catches the light
    image = over(image, color * shade[:, None], 0.88 * mouth.lips)
    seam = (
        line((y - 0.5 * (mouth.hole_top + mouth.hole_low)) / canvas.wide(0.010))
        * canvas.step((1.04 - mouth.s.abs()) * mouth.corner_x, 0.01)
        * (1 - mouth.opened)
    )
    image = over(image, tinted(skin, (0.22, 0.10, 0.09)), 0.80 * seam)
    corners = bump((face.ax - mouth.corner_x) / 0.022, (y - mouth.corner_y) / 0.020)
    return over(image, tinted(skin, (0.35, 0.22, 0.20)), 0.65 * corners)
