"""Hair on the scalp, at the temples, and down the sides of the face."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.curves import bump, line
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    y, ax, t, strands = face.y, face.ax, face.trait, face.strands
    hairline = _hairline(face)
    sides = ax - 0.625 + (0.04 + 0.07 * t("hair_volume")) * t("hair_length") - 0.02 * torch.sin(y * 5 + t("parting"))
    curtain = canvas.step(sides, 0.02) * torch.sigmoid((t("hair_length") * 2.6 - 0.35 - y) / 0.10)
    temple = canvas.step(ax - 0.60, 0.02) * canvas.step(0.02 + 0.2 * t("hair_length") - y, 0.05)
    cover = torch.maximum(canvas.step(hairline - y, 0.020), torch.maximum(curtain, 0.8 * temple)) * t("hair")
    shine = (0.62 * face.lit("ambient") + 0.55 * face.lit("key") * face.light.diffuse) * (1 + 0.30 * strands)
    gloss = 0.10 * face.lit("key") * line((y + 0.86 + 0.10 * ax) / 0.12) * (1 + 0.5 * strands)
    color = face.hair_color * shine[:, None] + (0.35 * face.hair_color + 0.05) * gloss[:, None]
    shadow = 1 - 0.30 * t("hair") * line((y - hairline - 0.02) / 0.05) * (1 - cover)  # on the skin at the roots
    return over(image * shadow[:, None], color * face.light.color, cover)


def _hairline(face: Face) -> Tensor:
    """(n, P), the height above which there is hair."""
    ax, t = face.ax, face.trait
    height = -0.64 - 0.035 * t("hairline") - 0.02 * t("forehead") + 0.62 * (ax / 0.60).square().square() * 0.85
    height = height - 0.30 * t("receding") * bump((ax - 0.33) / 0.15, torch.zeros_like(ax)) - 0.10 * t("receding")
    part = (face.x - 0.16 * t("parting")) / 0.12
    gap = 0.30 * bump(part, torch.zeros_like(part)) * (1 - t("fringe"))
    return height + t("fringe") * (0.36 - gap - 0.10 * ax) + 0.012 * face.strands
