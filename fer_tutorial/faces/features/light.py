"""How much light reaches every point of the skin, and what of it shines back."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.curves import bump
from fer_tutorial.faces.features.brows import Brows
from fer_tutorial.faces.features.eyes import Eyes
from fer_tutorial.faces.features.mouth import Mouth
from fer_tutorial.faces.features.normals import find_normals
from fer_tutorial.faces.features.relief import find_relief
from fer_tutorial.faces.head import Head


class Light(NamedTuple):
    color: Tensor  # (n, 3, 1)
    from_right: Tensor  # (n, 1), x of the direction where the main light comes from
    diffuse: Tensor  # (n, P), share of the main light that arrives
    shade: Tensor  # (n, P), factor on the color of the skin
    glint: Tensor  # (n, P), what shines, added to it


def find_light(canvas: Canvas, head: Head, eyes: Eyes, brows: Brows, mouth: Mouth) -> Light:
    lit = head.lit
    relief = find_relief(canvas, head, eyes, brows, mouth)
    n_x, n_y, n_z = find_normals(canvas, head, relief.height)
    azimuth, elevation = torch.deg2rad(lit("azimuth")), torch.deg2rad(lit("elevation"))
    l_x, l_y, l_z = azimuth.sin() * elevation.cos(), -elevation.sin(), azimuth.cos() * elevation.cos()
    toward = n_x * l_x + n_y * l_y + n_z * l_z
    diffuse = ((toward + 0.22) / 1.22).clamp(min=0)  # light wraps around skin a little
    shade = lit("ambient") * (0.80 - 0.20 * n_y) + lit("key") * diffuse
    half_way = (l_x * l_x + l_y * l_y + (l_z + 1) ** 2 + 1e-6).sqrt()
    glint = ((n_x * l_x + n_y * l_y + n_z * (l_z + 1)) / half_way).clamp(min=0)
    glint = glint.square().square().square()  # ^8
    glint = lit("key") * lit("gloss") * (0.10 * glint + 0.35 * glint.square())
    hidden = _hidden(head, mouth)
    ridge = 0.16 * bump(head.x / 0.045, (head.y - 0.5 * head.shape["nose_tip"]) / 0.19)
    shade = shade * (1 + ridge) * (1 - hidden) * (1 - 0.62 * relief.crease.clamp(max=1.2))
    warmth = lit("warmth")
    color = torch.cat([1 + 0.10 * warmth, 1 + 0 * warmth, 1 - 0.14 * warmth], 1)[:, :, None]
    return Light(color, l_x, diffuse, shade, glint)


def _hidden(head: Head, mouth: Mouth) -> Tensor:
    """Where less of the surroundings' light arrives: sockets, under the nose and lip, beside the nose."""
    x, y, ax, shape = head.x, head.y, head.ax, head.shape
    hidden = 0.52 * bump((ax - shape["eye_x"] + 0.03) / 0.15, (y - shape["eye_y"] + 0.025) / 0.065)
    hidden = hidden + 0.22 * bump(x / (0.65 * head.side("nose_w")), (y - shape["nose_base"] - 0.008) / 0.020)
    hidden = hidden + 0.22 * bump(x / 0.16, (y - mouth.chin_line) / 0.035)
    return hidden + 0.10 * bump((ax - head.side("nose_w")) / 0.035, (y - head.side("ala_y") + 0.02) / 0.06)
