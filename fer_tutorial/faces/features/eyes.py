"""The eyes' slits: where a pixel lies along and across them."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.curves import lid_profile
from fer_tutorial.faces.head import Head


class Eyes(NamedTuple):
    """Both eyes at once: every pixel belongs to the eye of its half of the face; all (n, P)."""

    s: Tensor  # along the slit, from the inner (-1) to the outer (1) corner
    v: Tensor  # the height below the line through the corners (negative above it)
    profile: Tensor  # 01, how the lids rise from corner to corner
    upper: Tensor  # v of the upper lid's edge
    lower: Tensor
    open: Tensor  # 1 between the lids
    near: Tensor  # 1 at and around the eyes


def find_eyes(canvas: Canvas, head: Head) -> Eyes:
    shape = head.shape
    s = (head.ax - shape["eye_x"]) / shape["eye_w"]
    v = head.y - shape["eye_y"] + shape["eye_cant"] * s
    profile = lid_profile(s)
    upper, lower = head.side("lid_up") * profile, head.side("lid_low") * profile
    between = (
        canvas.step(v - upper)
        * canvas.step(lower - v)
        * canvas.step((0.97 - 0.14 * head.trait("epicanthus") * (s < 0) - s.abs()) * 0.15)
    )
    return Eyes(s, v, profile, upper, lower, between, canvas.step((1.25 - s.abs()) * 0.15, 0.012))
