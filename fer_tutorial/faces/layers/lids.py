"""The upper lids: their crease, and eye shadow below it."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over, tinted
from fer_tutorial.faces.curves import line
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    eyes, skin, crease = face.eyes, face.skin_color, face.trait("lid_crease")
    top = torch.minimum(face.side("lid_up"), 0.55 * face.shape["lid_rest"]) * eyes.profile
    height = (0.014 + 0.026 * crease) * (0.6 + 0.4 * eyes.profile) * (1 - 0.6 * face.side("squint"))
    edge = line((eyes.v - top + height) / canvas.wide(0.009)) * eyes.near
    image = over(image, tinted(skin, (0.42, 0.32, 0.28)), (0.25 + 0.45 * crease) * edge)
    lid = canvas.step(eyes.v - top + height + 0.004, 0.008) * canvas.step(eyes.upper - eyes.v) * eyes.near
    hue = face.trait("lens_round")  # any number of the person's own will do
    shadow = torch.cat([0.55 - 0.2 * hue, 0.42 + 0 * hue, 0.40 + 0.2 * hue], 1)
    return over(image, skin * shadow[:, :, None], 0.75 * face.trait("makeup") * lid)
