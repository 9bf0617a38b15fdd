"""The skin before anything is on it: mottled, blushing, freckled.  The head's picture starts with it."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over, tinted
from fer_tutorial.faces.curves import bump
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face) -> Tensor:
    x, y, skin = face.x, face.y, face.skin_color
    mottle = torch.sin(7.3 * x + 3 * face.trait("undertone") + 2.2 * torch.sin(5.1 * y)) * torch.sin(
        6.1 * y + 4 * face.trait("face_width") + 1.7 * torch.sin(4.7 * x)
    )
    image = skin * (1 + 0.05 * mottle[:, None])
    cheeks, tip = bump((face.ax - 0.40) / 0.15, (y - 0.26) / 0.13), bump(x / 0.09, (y - face.shape["nose_tip"]) / 0.07)
    image = over(image, tinted(skin, (1.02, 0.72, 0.66)), 0.35 * cheeks + 0.25 * tip)
    spots = torch.sin(61 * x + 13 * torch.sin(23 * y)) * torch.sin(57 * y + 11 * torch.sin(29 * x))
    spots = face.trait("freckles") * canvas.fade * ((spots - 0.55) * 3).clamp(0, 1) * bump(x / 0.5, (y - 0.2) / 0.18)
    return over(image, tinted(skin, (0.62, 0.48, 0.40)), spots)
