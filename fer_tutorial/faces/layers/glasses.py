"""Glasses: frame, bridge and temples, dark lenses, and what the lenses reflect."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import linear, over
from fer_tutorial.faces.curves import line
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    ax, below_eyes, t, step = face.ax, face.y - face.shape["eye_y"], face.trait, canvas.step
    round_ = t("lens_round")
    u, v = (ax - face.shape["eye_x"] - 0.01) / 0.235, (below_eyes - 0.03) / (0.135 + 0.05 * round_)
    u2, v2 = u * u, v * v
    radius = (round_ * (u2 + v2) + (1 - round_) * (u2 * u2 + v2 * v2 + 1e-6).sqrt() + 1e-6).sqrt()  # 1 on the rim
    thick = 0.012 + 0.012 * (1 - round_)
    rim = step(thick - (radius - 1).abs() * 0.17)
    bridge = step(thick - (below_eyes + 0.03 + 0.2 * ax * ax).abs()) * step(0.085 - ax)
    temple = step(thick - (below_eyes + 0.02).abs()) * step(ax - 0.54)
    frame = torch.maximum(torch.maximum(rim, bridge), temple) * t("glasses") * face.outline
    lens = step((1 - radius) * 0.17) * face.outline
    image = over(image, image * 0.02, lens * 0.92 * t("lens_dark"))
    streak = 0.10 * t("glasses") * lens * line((u + v) / 0.30) * face.light.glint.clamp(max=1)
    color = [0.05 + 0.25 * t("hair_red"), 0.04 + 0.12 * t("hair_green"), 0.05 + 0.05 * t("iris")]
    return over(image + streak[:, None], linear(torch.cat(color, 1)), 0.95 * frame)
