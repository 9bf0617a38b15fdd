"""The surface of the head: a stack of similar ellipses with a height field on it, and where a pixel's ray meets it.

At height Y the half-width is w(Y) and the half-depth κ w(Y), so where a viewing ray meets the turned head is a
quadratic equation.  On the ellipses sits a height field h(X, Y): nose, brow ridge, eye sockets, cheeks, lips, chin.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fer_tutorial.faces.camera import PIVOT, Camera
from fer_tutorial.faces.curves import bump
from fer_tutorial.faces.shape import Shape

DEPTH_RATIO = 1.12  # κ: half-depth over half-width of the head


def half_width_squared(shape: Shape, y: Tensor) -> tuple[Tensor, Tensor]:
    """w(Y)^2 of the head (negative beyond chin and skull) and its derivative d(w^2)/dY; every argument broadcasts."""
    below = (y > shape["level"]).to(y.dtype)
    extent = below * (shape["chin"] - shape["level"]) + (1 - below) * (shape["skull"] + shape["level"])
    k = below * shape["square"] + (1 - below) * 0.75
    tau = below * shape["taper"]
    s = (y - shape["level"]) / extent
    s2 = s * s
    f = 1 - s2 * (1 - k + k * s2)
    bracket = 1 - tau + tau * f.clamp(min=0)
    w2 = shape["head_width"] ** 2 * f * bracket * bracket
    df = -2 * s * (1 - k + 2 * k * s2) / extent
    dw2 = shape["head_width"] ** 2 * bracket * (bracket + 2 * tau * f) * df
    return w2, dw2


def coarse_height(shape: Shape, x: Tensor, y: Tensor) -> Tensor:
    """The height field that pose moves about (nose, sockets, brow, cheeks, muzzle, chin); broadcasts."""
    ax = x.abs()
    t = ((y + 0.24) / (shape["nose_tip"] + 0.24)).clamp(0, 1)
    under = torch.sigmoid((shape["nose_base"] - 0.012 - y) / 0.026)
    ridge = x / (0.085 + 0.055 * t * t)
    h = shape["nose_h"] * (0.06 + t * t * (0.55 + 0.39 * t)) * under
    h = h * torch.sigmoid((y + 0.19) / 0.035) / (1 + ridge * ridge).square()
    h = h + 0.030 * bump(x / 0.085, (y - shape["nose_tip"] + 0.005) / 0.055)
    h = h - 0.060 * bump((ax - shape["eye_x"]) / 0.15, (y - shape["eye_y"]) / 0.085)
    h = h + 0.030 * bump((ax - 0.28) / 0.30, (y + 0.21) / 0.10)
    h = h + 0.040 * bump((ax - 0.42) / 0.17, (y - 0.27) / 0.17)
    h = h + 0.050 * bump(x / 0.24, (y - shape["mouth_y"] - 0.4 * shape["jaw_drop"]) / 0.15)
    return h + 0.055 * bump(x / 0.15, (y - shape["chin"] + 0.13) / 0.08)


def _slice_center(shape: Shape, y: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    """Z of the middle of the ellipse at height Y, and how much of the lower face's forward shift applies (0-1)."""
    lower = torch.sigmoid((y - 0.25) / 0.08)
    return DEPTH_RATIO * (shape["head_width"] - w) * lower, lower


class Point(NamedTuple):
    """The point of the head that a ray meets, for each of (n, P) rays."""

    x: Tensor  # face space, on the ellipses: the height field is not added
    y: Tensor
    z: Tensor
    w2: Tensor  # the squared half-width at the point's height
    dw2: Tensor  # its derivative along Y
    inside: Tensor  # positive inside the head's outline, negative outside
    lower: Tensor  # 01, how much of the lower face's forward shift applies
    height: Tensor  # of the height field


def head_at(shape: Shape, camera: Camera, x_c: Tensor, y_c: Tensor, steps: int = 3) -> Point:
    """Where the ray through a point of the camera plane meets the face.

    Solves the quadratic of the ellipse at height Y; Y itself depends (by pitch) on the depth, and the height field
    moves the point (by parallax), so both are found by ``steps`` fixed-point steps.
    """
    c, s, cp, sp = camera.cos_yaw, camera.sin_yaw, camera.cos_pitch, camera.sin_pitch
    k2 = DEPTH_RATIO**2
    a = s * s + c * c / k2
    b = s * c * (1 / k2 - 1)
    d = c * c + s * s / k2
    reach = (c * c + k2 * s * s).sqrt()
    turned_pivot = c * PIVOT[1]
    z_1 = 0.75 * shape["head_width"] + 0 * x_c
    height = torch.zeros_like(x_c)
    for _ in range(steps):
        y = (y_c - PIVOT[0] + sp * (z_1 + c * height - turned_pivot)) / cp + PIVOT[0]
        signed, dw2 = half_width_squared(shape, y)
        w2 = signed.clamp(min=0.03)  # the chin ends blunt
        w = w2.sqrt()
        center, lower = _slice_center(shape, y, w)
        x_r = x_c + s * (PIVOT[1] - center - height)  # = cos X + sin (Z - center)
        root = (b * b - a * d) * x_r * x_r + a * w2
        zeta = (-b * x_r + root.clamp(min=1e-4 * 0.25).sqrt()) / a  # depth in the turned frame
        x = c * x_r - s * zeta
        z = s * x_r + c * zeta + center
        z_1 = zeta + c * center  # -sin X + cos Z
        height = coarse_height(shape, x, y)
    inside = signed * reach * reach - x_r * x_r
    return Point(x, y, z, w2, dw2, inside, lower, height)


def surface(shape: Shape, x: Tensor, y: Tensor) -> Tensor:
    """Z of the front of the face at (X, Y): ellipse plus height field."""
    w2 = half_width_squared(shape, y)[0].clamp(min=0.03)
    w = w2.sqrt()
    center, _ = _slice_center(shape, y, w)
    return center + DEPTH_RATIO * (w2 - x * x).clamp(min=1e-4).sqrt() + coarse_height(shape, x, y)
