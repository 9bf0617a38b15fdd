"""The neck, in the chin's shadow, with its cords when AU 20 tightens them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.curves import line
from fer_tutorial.faces.face import Face


class Neck(NamedTuple):
    """Where the neck is in the camera plane, each (n, 1)."""

    x: Tensor
    y: Tensor  # its upper end, behind the chin
    half: Tensor  # half of its width


def find_neck(canvas: Canvas, face: Face) -> Neck:
    shape = face.shape
    zero = torch.zeros_like(shape["chin"])
    x, y = canvas.camera.project(zero, shape["chin"] - shape["jaw_drop"] - 0.05, zero - 0.05)
    return Neck(x, y, 0.66 * shape["head_width"] + 0.05 * face.trait("jaw_square") - 0.10 * face.trait("youth"))


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    neck, light = find_neck(canvas, face), face.light
    down = (canvas.y - neck.y).clamp(min=0)
    u = (canvas.x - neck.x) / (neck.half * (0.92 + 0.25 * down * down))  # wider below
    cover = canvas.step((1 - u.abs()) * neck.half, 0.01) * canvas.step(canvas.y - neck.y + 0.35, 0.05)
    toward = (1 - u * u).clamp(min=0.02).sqrt()
    shade = 0.85 * face.lit("ambient") + face.lit("key") * (0.75 * toward + 0.5 * u * light.from_right).clamp(min=0)
    chin_shadow = 0.48 + 0.52 * torch.sigmoid((canvas.y - neck.y - 0.16 - face.shape["jaw_drop"]) / 0.06)
    cords = 1 - 0.25 * face.shape["neck_tense"] * line((u.abs() - 0.45 + 0.3 * down) / 0.06)
    return over(image, face.skin_color * (shade * chin_shadow * cords)[:, None] * light.color, cover)
