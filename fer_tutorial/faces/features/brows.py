"""The brows: where a pixel lies along and across them, and how much their hairs cover."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.curves import lagrange3
from fer_tutorial.faces.head import Head


class Brows(NamedTuple):
    """Both brows at once; all (n, P)."""

    along: Tensor  # from the inner (0) to the outer (1) end
    below: Tensor  # the distance below the brow's middle line (negative above it)
    cover: Tensor  # 01


def find_brows(canvas: Canvas, head: Head) -> Brows:
    inner, outer = head.side("brow_in_x"), head.side("brow_out_x")
    along = (head.ax - inner) / (outer - inner)
    within = along.clamp(0, 1)
    below = head.y - lagrange3(within, head.side("brow_in_y"), head.side("brow_mid_y"), head.side("brow_out_y"))
    half = head.shape["brow_thick"] * (0.95 - 0.62 * within * within)
    edge = (
        canvas.step(half - below.abs(), 0.006)
        * canvas.step((along + 0.01) * 0.40, 0.012)
        * canvas.step((1.02 - along) * 0.40, 0.012)
    )
    strands = torch.sin((head.ax * 0.8 + below * (1.1 - 1.5 * within)) * 170)
    cover = edge * (head.trait("brow_density") * (0.86 + 0.14 * strands / canvas.coarseness(0.016)))
    return Brows(along, below, cover)
