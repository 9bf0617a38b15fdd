"""Folds around the mouth: from nose to mouth, dimples, from the mouth down, and the line above the chin."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.curves import bump, line
from fer_tutorial.faces.features.mouth import Mouth
from fer_tutorial.faces.head import Head


class Fold(NamedTuple):
    """The nasolabial fold."""

    crease: Tensor  # (n, P), how deep its line is
    hill: Tensor  # (n, P), how high the cheek stands beside it


def nasolabial(canvas: Canvas, head: Head, mouth: Mouth) -> Fold:
    """From the wing of the nose around the corner of the mouth."""
    x0, y0 = head.side("nose_w") + 0.005, head.side("ala_y") - 0.035
    x1, y1 = mouth.corner_x + 0.060 + head.side("fold_out"), mouth.corner_y + 0.055
    along = (head.y - y0) / (y1 - y0)
    within = torch.sigmoid(along * 9 - 0.6) * torch.sigmoid((1 - along) * 8)
    out = head.ax - (x0 + (x1 - x0) * (along + 0.42 * along * (1 - along)))
    depth = head.side("fold")
    crease = 0.42 * depth * line(out / canvas.wide(0.020)) * within
    return Fold(crease, 0.030 * depth * within * torch.sigmoid(out / 0.020) / (1 + (out / 0.12).square()))


def dimple(canvas: Canvas, head: Head, mouth: Mouth) -> Tensor:
    """An upright line beside the corner of the mouth."""
    out = head.ax - mouth.corner_x - 0.028
    there = bump(out / 0.06, (head.y - mouth.corner_y + 0.01) / 0.055)
    return 0.60 * head.side("dimple").clamp(max=1) * line(out / canvas.wide(0.017)) * there


def marionette(canvas: Canvas, head: Head, mouth: Mouth) -> Tensor:
    """A line from the corner of the mouth down."""
    out = head.ax - mouth.corner_x - 0.02 - 0.25 * (head.y - mouth.corner_y)
    there = bump(out / 0.1, (head.y - mouth.corner_y - 0.075) / 0.055)
    return 0.42 * head.side("pouch").clamp(max=1.3) * line(out / canvas.wide(0.018)) * there


def chin(canvas: Canvas, head: Head, mouth: Mouth) -> Tensor:
    """The line between lower lip and chin."""
    edge = line((head.y - mouth.chin_line) / canvas.wide(0.028))
    return (0.22 + 0.35 * head.shape["chin_boss"]) * edge * bump(head.x / 0.14, torch.zeros_like(head.x))
