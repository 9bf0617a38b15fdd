"""The mouth: its corners, the edges of the lips, and the opening between them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.curves import mouth_lines
from fer_tutorial.faces.head import Head


class Mouth(NamedTuple):
    """All (n, P) but ``opened``; heights are Y in face space."""

    s: Tensor  # from the picture's left corner (-1) to the right one (1)
    corner_x: Tensor  # distance of the corner on the pixel's side from the middle
    corner_y: Tensor
    lip_top: Tensor  # outer edge of the upper lip
    hole_top: Tensor  # its inner edge
    hole_low: Tensor
    lip_low: Tensor
    lips: Tensor  # 1 on the lips and between them
    hole: Tensor  # 1 where one sees into the mouth
    opened: Tensor  # (n, 1), 0 closed .. 1 open

    @property
    def chin_line(self) -> Tensor:
        """The crease between lower lip and chin."""
        return self.lip_low + 0.035


def find_mouth(canvas: Canvas, head: Head) -> Mouth:
    y = head.y
    corner_x, corner_y = head.side("corner_x"), head.side("corner_y")
    s = head.x / corner_x
    lip_top, hole_top, hole_low, lip_low = mouth_lines(head.shape, s, corner_y)
    between = canvas.step((1 - s.abs()) * corner_x)
    lips = canvas.step(y - lip_top) * canvas.step(lip_low - y) * between
    opened = torch.sigmoid((head.shape["gap"] - 0.020) / 0.006)
    hole = canvas.step(y - hole_top) * canvas.step(hole_low - y) * between * opened
    return Mouth(s, corner_x, corner_y, lip_top, hole_top, hole_low, lip_low, lips, hole, opened)
