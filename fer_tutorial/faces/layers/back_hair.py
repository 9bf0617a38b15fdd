"""The hair one sees beside and above the head: an ellipse, open at the bottom where hair is long."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    shape, t, strands = face.shape, face.trait, face.strands
    zero = torch.zeros_like(shape["chin"])
    middle_x, middle_y = canvas.camera.project(zero, zero - 0.20, zero - 0.05)
    volume, length = t("hair_volume"), t("hair_length")
    radius_x = shape["head_width"] + 0.015 + 0.20 * volume * (0.35 + 0.65 * length + 0.4 * t("curl"))
    radius_y = shape["skull"] - 0.20 + 0.02 + 0.16 * volume
    down = 0.42 + 1.1 * length + 3.0 * (length - 0.55).clamp(min=0)
    u, v = (canvas.x - middle_x) / radius_x, canvas.y - middle_y
    v = torch.where(v < 0, v / radius_y, v / down)
    wobble = 1 + 0.03 * strands * (0.4 + t("curl"))
    reach = 1 - (u * u + torch.where(v > 0, v.square() * v.square(), v * v)) * wobble
    cover = canvas.step(reach * 0.4, 0.012) * t("hair")
    shade = (0.40 * face.lit("ambient") + 0.35 * face.lit("key") * (1 - 0.5 * u * u)) * (1 + 0.25 * strands)
    shade = shade * torch.sigmoid((0.9 - canvas.y) / 0.8) * 1.3
    return over(image, face.hair_color * shade[:, None] * face.light.color, cover)
