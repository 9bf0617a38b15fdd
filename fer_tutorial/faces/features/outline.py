"""The outline of the head: 1 on it, 0 beside it."""

from __future__ import annotations

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.head import Head


def find_outline(canvas: Canvas, head: Head) -> Tensor:
    """(n, P), with an edge one pixel wide wherever the head's outline lies."""
    inside = head.point.inside
    slope_x, slope_y = canvas.differences(inside)
    return canvas.step(inside / (slope_x * slope_x + slope_y * slope_y + 0.05).sqrt())
