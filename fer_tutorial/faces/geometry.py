"""The face as geometry: from traits and action units to curves, a height field, 68 landmarks and their projection.

**Face space.**  X to the picture's right, Y down, Z towards the viewer; the unit is about 10 cm, so that the eyes lie
at Y = 0, 0.62 apart.  Sides are the *picture's*: index 0 is the left half of the picture (X < 0, the person's right).

**Head.**  A stack of similar ellipses: at height Y the half-width is w(Y) and the half-depth κ w(Y), so where a viewing
ray meets the turned head is a quadratic equation.  On it sits a height field h(X, Y): nose, brow ridge, eye sockets,
cheeks, lips, chin.  Everything is differentiable in the traits, the action units and the pose.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fer_tutorial.faces.expressions import AU_INDEX, MAX_INTENSITY
from fer_tutorial.faces.identity import TRAIT_INDEX

DEPTH_RATIO = 1.12  # κ: half-depth over half-width of the head
PIVOT = (0.20, 0.52)  # Y and Z of the point the head turns about: behind the nose, so that the face stays in view
CENTER_Y = 0.24  # the height of the face that lies in the middle of the picture

#: Columns of a pose tensor.
POSE: dict[str, str] = {
    "yaw": "degrees, positive turns the face to the picture's right",
    "pitch": "degrees, positive turns the face up",
    "roll": "degrees, positive turns the face clockwise",
    "span": "width of the picture in face units (smaller is closer)",
    "shift_x": "share of the picture's width",
    "shift_y": "share of the picture's height",
    "gaze_x": "share of the eye's half-width, positive looks to the picture's right",
    "gaze_y": "the same, positive looks down",
}
POSE_INDEX = {name: position for position, name in enumerate(POSE)}

Shape = dict[str, Tensor]


def face_shape(traits: Tensor, action_units: Tensor, asymmetry: Tensor) -> Shape:
    """Where everything is: the numbers that both the landmarks and the pixels are made from.

    Args:
        traits: (n, len(TRAITS)).
        action_units: (n, A) intensities 0-5.
        asymmetry: (n, A) in [-1, 1]; positive weakens the action unit on the picture's left.

    Returns:
        Named tensors (n, 1), or (n, 2) for what has a left and a right of its own.
    """
    side_a = (action_units * (1 - asymmetry.clamp(min=0))) / MAX_INTENSITY  # picture's left
    side_b = (action_units * (1 + asymmetry.clamp(max=0))) / MAX_INTENSITY  # picture's right
    sides = torch.stack([side_a, side_b], dim=2)  # (n, A, 2)

    def au(unit: int) -> Tensor:
        return sides[:, AU_INDEX[unit]]  # (n, 2)

    def both(unit: int) -> Tensor:
        return sides[:, AU_INDEX[unit]].mean(1, keepdim=True)  # (n, 1)

    def t(name: str) -> Tensor:
        return traits[:, TRAIT_INDEX[name], None]  # (n, 1)

    young = t("youth")
    g: Shape = {}
    # Head: half-width w(Y)^2 = W^2 f (1 - τ + τ f)^2, f = 1 - (1 - k) s^2 - k s^4, s the height above the widest level.
    jaw_drop = 0.33 * both(26) + 0.02 * both(25)
    g["jaw_drop"] = jaw_drop
    g["head_width"] = 0.70 + 0.025 * t("face_width") + 0.012 * t("fullness") + 0.02 * young
    g["level"] = 0.08 + 0.02 * young
    g["chin"] = 1.07 + 0.04 * t("face_length") - 0.13 * young + jaw_drop - 0.025 * both(17)
    g["skull"] = 1.12 + 0.03 * t("forehead") + 0.04 * young
    g["square"] = 0.10 + 0.75 * t("jaw_square") + 0.12 * t("sagging") + 0.06 * t("fullness")
    g["taper"] = 0.02 + 0.20 * t("chin_narrow")

    # Eyes: the upper lid is raised by 5 and lowered by 43; 6, 7 and 12 narrow the slit.
    closed = au(43)
    narrow = au(7)
    g["eye_x"] = 0.315 + 0.014 * t("eye_spacing") + 0.005 * young
    g["eye_y"] = 0.045 * young
    g["eye_w"] = 0.155 + 0.009 * t("eye_width") + 0.012 * young
    g["eye_cant"] = 0.016 + 0.012 * t("eye_cant")
    rest_upper = 0.057 + 0.009 * t("eye_opening") + 0.012 * young
    rest_lower = 0.042 + 0.003 * t("eye_opening") + 0.006 * young
    upper = (
        rest_upper + 0.056 * au(5) - 0.022 * narrow - 0.016 * au(6) - 0.012 * au(9) - 0.004 * au(12) - 0.006 * au(4)
    ).clamp(min=0.012)
    lower = (rest_lower + 0.006 * au(5) - 0.024 * narrow - 0.020 * au(6) - 0.010 * au(9) - 0.006 * au(12)).clamp(
        min=0.006
    )
    meet = 0.6 * lower  # where the lids meet when closed, below the corners' line
    g["lid_up"] = -upper * (1 - closed) + meet * closed  # Y of the upper lid's middle relative to the corners
    g["lid_low"] = lower * (1 - closed) + meet * closed
    g["lid_rest"] = -rest_upper
    g["squint"] = (0.7 * narrow + 0.8 * au(6) + 0.4 * au(9)).clamp(max=1)
    g["closed"] = closed

    # Brows: inner, middle and outer height; 1 raises the inner end, 2 the outer, 4 lowers and draws together.
    height = -0.205 - 0.026 * t("brow_height") + 0.01 * young
    push = 0.015 * au(6) + 0.012 * au(7) - 0.018 * au(5)
    g["brow_in_x"] = 0.125 - 0.040 * au(4) - 0.012 * au(9) + 0.01 * young
    g["brow_out_x"] = 0.53 + 0.012 * t("face_width") - 0.012 * au(4)
    g["brow_in_y"] = height + 0.018 * t("brow_tilt") - 0.115 * au(1) + 0.080 * au(4) + 0.040 * au(9) + push
    g["brow_mid_y"] = (
        height - 0.055 - 0.016 * t("brow_arch") - 0.045 * au(1) - 0.110 * au(2) + 0.060 * au(4) + 0.020 * au(9) + push
    )
    g["brow_out_y"] = height + 0.020 - 0.018 * t("brow_tilt") - 0.105 * au(2) + 0.030 * au(4) + push + 0.012 * au(1)
    # With 1 and 4 together the inner ends stay up: the oblique brow of sadness and fear.
    oblique = torch.minimum(au(1), au(4))
    g["brow_in_y"] = g["brow_in_y"] - 0.045 * oblique
    g["brow_out_y"] = g["brow_out_y"] + 0.030 * oblique
    g["brow_thick"] = (0.040 + 0.010 * t("brow_thickness")).clamp(min=0.014)

    # Nose.
    g["nose_tip"] = 0.315 + 0.020 * t("nose_length") - 0.07 * young - 0.030 * both(9) - 0.006 * both(10)
    g["nose_base"] = 0.405 + 0.022 * t("nose_length") - 0.07 * young - 0.022 * both(9) - 0.010 * both(10)
    g["nose_w"] = 0.160 + 0.014 * t("nose_width") - 0.02 * young + 0.016 * au(9) + 0.010 * au(10) + 0.010 * au(12)
    g["ala_y"] = g["nose_base"] - 0.035 - 0.022 * au(9) - 0.014 * au(10)
    g["nose_h"] = 0.21 + 0.025 * t("nose_projection") - 0.06 * young

    # Mouth: corners (per side), inner and outer lip heights in the middle.
    mouth_y = 0.630 + 0.012 * t("mouth_height") + 0.012 * t("face_length") - 0.08 * young
    g["mouth_y"] = mouth_y
    g["corner_x"] = (
        0.245
        + 0.014 * t("mouth_width")
        - 0.02 * young
        + 0.085 * au(12)
        + 0.062 * au(20)
        + 0.012 * au(14)
        + 0.008 * au(10)
        + 0.005 * au(15)
        - 0.034 * au(23)
        - 0.022 * au(24)
        - 0.018 * au(17)
        - 0.035 * au(26) * (1 - au(12)) * (1 - au(20))
    ).clamp(min=0.12)
    g["corner_y"] = (
        mouth_y
        - 0.014 * t("mouth_rest")
        + 0.36 * jaw_drop
        - 0.115 * au(12)
        - 0.020 * au(14)
        + 0.085 * au(15)
        + 0.030 * au(20)
        - 0.012 * au(10)
        - 0.010 * au(9)
        + 0.012 * au(17)
    )
    lift = 0.048 * both(10) + 0.022 * both(9) + 0.030 * both(12) * both(25) + 0.014 * both(25)
    push_up = 0.045 * both(17)
    press = both(24) + 0.7 * both(23)
    gap = (
        0.062 * both(25)
        + 0.018 * both(10) * both(25)
        + 0.060 * both(12) * both(25)
        + 0.025 * both(20) * both(25)
        + 0.92 * jaw_drop
    )
    g["gap"] = gap
    g["lip_up_in"] = mouth_y - lift - push_up + 0.004
    g["lip_low_in"] = g["lip_up_in"] + gap
    stretch = 1 - 0.22 * both(12) - 0.18 * both(20)
    g["lip_up"] = (
        (0.048 + 0.011 * t("upper_lip")) * stretch * (1 - 0.55 * press.clamp(max=1)) * (1 - 0.15 * both(17))
    ).clamp(min=0.010)
    g["lip_low"] = (
        (0.068 + 0.012 * t("lower_lip")) * stretch * (1 - 0.50 * press.clamp(max=1)) + 0.012 * both(17)
    ).clamp(min=0.012)
    g["square_mouth"] = (both(10) * 0.7 + both(9) * 0.3 + both(20) * 0.8 + 0.35 * both(12)).clamp(max=1) * both(
        25
    ).clamp(0, 1)
    g["press"] = press.clamp(max=1)
    g["teeth"] = (
        1.2 * both(12) + 1.1 * both(10) + 0.8 * both(20) + 0.6 * both(9) + 0.20 * both(26) + 0.15 * both(25)
    ).clamp(0, 1)
    g["teeth_low"] = (0.9 * both(20) + 0.5 * both(10) - 0.3 * both(12)).clamp(0, 1)

    # Soft tissue.
    g["cheek"] = (0.65 * au(6) + 0.75 * au(12)).clamp(max=1.2)
    g["fold"] = (
        0.05
        + 0.45 * t("wrinkles")
        + 0.45 * t("fold_rest")
        + 0.95 * au(12)
        + 0.75 * au(10)
        + 0.65 * au(9)
        + 0.3 * au(6)
        + 0.25 * au(20)
    )
    g["fold_out"] = 0.055 * au(12) + 0.035 * au(20) + 0.02 * au(10)
    g["frown"] = au(4) + 0.4 * au(9)
    g["forehead_lines"] = (0.8 * au(1) + 0.7 * au(2)) * (0.45 + 0.75 * t("wrinkles")) + 0.30 * t("wrinkles")
    g["crow"] = (0.9 * au(6) + 0.2 * au(12)) * (0.45 + 0.75 * t("wrinkles")) + 0.25 * t("wrinkles")
    g["nose_lines"] = both(9)
    g["dimple"] = au(14) + 0.35 * au(12)
    g["chin_boss"] = both(17)
    g["pouch"] = au(15) + 0.5 * t("sagging") + 0.3 * au(20)
    g["bags"] = 0.30 * t("wrinkles") + 0.35 * t("eye_bags") + 0.35 * au(6) + 0.3 * au(7)
    g["neck_tense"] = both(20)
    return g


def lagrange3(t: Tensor, inner: Tensor, middle: Tensor, outer: Tensor) -> Tensor:
    """The parabola through (0, inner), (0.6, middle) and (1, outer): a brow's height along its length."""
    a, b = inner, outer
    bulge = (middle - (0.4 * a + 0.6 * b)) / 0.24
    return a + (b - a) * t + bulge * t * (1 - t)


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


def bump(u: Tensor, v: Tensor) -> Tensor:
    """A smooth hill of height 1, close to a Gaussian and cheaper: (1 + (u^2 + v^2)/2)^-2."""
    return (1 + 0.5 * (u * u + v * v)).reciprocal().square()


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


@dataclass(frozen=True)
class Camera:
    """How face space maps to pixels; every field is (n, 1)."""

    cos_yaw: Tensor
    sin_yaw: Tensor
    cos_pitch: Tensor
    sin_pitch: Tensor
    cos_roll: Tensor
    sin_roll: Tensor
    span: Tensor
    shift_x: Tensor
    shift_y: Tensor
    size: int

    @classmethod
    def from_pose(cls, pose: Tensor, size: int) -> Camera:
        def column(name: str) -> Tensor:
            return pose[:, POSE_INDEX[name], None]

        yaw, pitch, roll = (torch.deg2rad(column(name)) for name in ("yaw", "pitch", "roll"))
        return cls(
            yaw.cos(), yaw.sin(), pitch.cos(), pitch.sin(), roll.cos(), roll.sin(),
            column("span"), column("shift_x"), column("shift_y"), size,
        )  # fmt: skip

    def project(self, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """Face space to the camera plane (upright, in face units): the parallax of a turned head is in here."""
        y, z = y - PIVOT[0], z - PIVOT[1]
        x_c = self.cos_yaw * x + self.sin_yaw * z
        z_1 = -self.sin_yaw * x + self.cos_yaw * z
        return x_c, self.cos_pitch * y - self.sin_pitch * z_1 + PIVOT[0]

    def to_pixels(self, x_c: Tensor, y_c: Tensor) -> tuple[Tensor, Tensor]:
        """Camera plane to pixels, pixel centers at integers."""
        y_c = y_c - CENTER_Y
        x = (self.cos_roll * x_c - self.sin_roll * y_c) / self.span + self.shift_x
        y = (self.sin_roll * x_c + self.cos_roll * y_c) / self.span + self.shift_y
        return x * self.size + (self.size - 1) / 2, y * self.size + (self.size - 1) / 2

    def from_pixels(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The inverse of ``to_pixels``."""
        u = ((x - (self.size - 1) / 2) / self.size - self.shift_x) * self.span
        v = ((y - (self.size - 1) / 2) / self.size - self.shift_y) * self.span
        return self.cos_roll * u + self.sin_roll * v, -self.sin_roll * u + self.cos_roll * v + CENTER_Y


def head_at(shape: Shape, camera: Camera, x_c: Tensor, y_c: Tensor, steps: int = 3) -> tuple[Tensor, ...]:
    """Where the ray through a point of the camera plane meets the face.

    Solves the quadratic of the ellipse at height Y; Y itself depends (by pitch) on the depth, and the height field
    moves the point (by parallax), so both are found by ``steps`` fixed-point steps.

    Returns:
        ``(x, y, z, w2, dw2, inside)``: the point on the ellipses (height field not added), w^2 and its derivative
        there, a function positive inside the head's outline and negative outside, ...
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
    return x, y, z, w2, dw2, inside, lower, height


def surface(shape: Shape, x: Tensor, y: Tensor) -> Tensor:
    """Z of the front of the face at (X, Y): ellipse plus height field."""
    w2 = half_width_squared(shape, y)[0].clamp(min=0.03)
    w = w2.sqrt()
    center, _ = _slice_center(shape, y, w)
    return center + DEPTH_RATIO * (w2 - x * x).clamp(min=1e-4).sqrt() + coarse_height(shape, x, y)


def lid_profile(s: Tensor) -> Tensor:
    """Height of a lid along the slit, 0 at the corners (s = -1 inner, 1 outer) and 1 at its highest."""
    return (1 - s * s).clamp(min=0) * (1.02 - 0.16 * s)


def upper_lip_profile(s: Tensor) -> Tensor:
    """Thickness of the upper lip along the mouth, with the dip of Cupid's bow in the middle."""
    q = (1 - s * s).clamp(min=0)
    return q * (1.12 - 0.30 * torch.exp(-((s / 0.16) ** 2)))


def lower_lip_profile(s: Tensor) -> Tensor:
    q = (1 - s * s).clamp(min=0)
    return q * (1.0 + 0.25 * s * s)


def opening_profile(s: Tensor, square: Tensor) -> Tensor:
    """How an open mouth tapers to its corners: a parabola, or squarer when the lips are pulled sideways."""
    s2 = s * s
    return (1 - s2).clamp(min=0) * (1 + square * 0.9 * s2)


def mouth_lines(shape: Shape, s: Tensor, corner_y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Y of the upper lip's outer and inner edge and of the lower lip's inner and outer edge at s in [-1, 1]."""
    opening = opening_profile(s, shape["square_mouth"])
    upper_in = corner_y + (shape["lip_up_in"] - corner_y) * opening
    lower_in = corner_y + (shape["lip_low_in"] - corner_y) * opening
    return (
        upper_in - shape["lip_up"] * upper_lip_profile(s),
        upper_in,
        lower_in,
        lower_in + shape["lip_low"] * lower_lip_profile(s),
    )


def landmarks_in_face_space(shape: Shape) -> tuple[Tensor, Tensor, Tensor]:
    """The 68 points of the iBUG scheme on the unturned face: X, Y, Z, each (n, 68)."""
    n = shape["chin"].shape[0]
    like = shape["chin"]

    def fixed(*values: float) -> Tensor:
        return torch.tensor(values, dtype=like.dtype, device=like.device).expand(n, -1)

    def sided(name: str, side: int) -> Tensor:
        return shape[name].expand(n, 2)[:, side : side + 1]

    # Jaw: 17 points along the outline, from the level of the eyes down to the chin and up again.
    share = fixed(0.0, 0.13, 0.27, 0.42, 0.57, 0.73, 0.87, 0.965)
    top = 0.02
    jaw_y = top + (shape["chin"] - 0.012 - top) * share  # (n, 8)
    jaw_x = 0.97 * half_width_squared(shape, jaw_y)[0].clamp(min=1e-3).sqrt()
    chin_y = shape["chin"] - 0.012
    xs = [-jaw_x, torch.zeros_like(chin_y), jaw_x.flip(1)]
    ys = [jaw_y, chin_y, jaw_y.flip(1)]

    # Brows: five points along the middle of each, outer to inner on the picture's left.
    t = fixed(1.0, 0.75, 0.5, 0.25, 0.0)
    for side, sign in ((0, -1), (1, 1)):
        along = t if side == 0 else t.flip(1)
        x_in, x_out = sided("brow_in_x", side), sided("brow_out_x", side)
        xs.append(sign * (x_in + (x_out - x_in) * along))
        ys.append(lagrange3(along, *(sided(f"brow_{part}_y", side) for part in ("in", "mid", "out"))))

    # Nose: bridge from between the eyes to the tip, then the base from wing to wing.
    bridge = fixed(0.0, 1 / 3, 2 / 3, 1.0)
    xs.append(torch.zeros_like(bridge))
    ys.append(shape["eye_y"] + (shape["nose_tip"] - shape["eye_y"]) * bridge)
    xs.append(
        torch.cat(
            [
                -0.72 * sided("nose_w", 0),
                -0.36 * sided("nose_w", 0),
                0 * like,
                0.36 * sided("nose_w", 1),
                0.72 * sided("nose_w", 1),
            ],
            1,
        )
    )
    base, ala = shape["nose_base"], shape["ala_y"]
    edge = [sided("ala_y", side) * 0.35 + base * 0.65 for side in (0, 1)]
    del ala
    ys.append(torch.cat([edge[0], base - 0.004, base + 0.004, base - 0.004, edge[1]], 1))

    # Eyes: corner, two points on the upper lid, corner, two on the lower; outer corner first on the picture's left.
    for side, sign in ((0, -1), (1, 1)):
        s_upper = fixed(1.0, 0.38, -0.38, -1.0) if side == 0 else fixed(-1.0, -0.38, 0.38, 1.0)
        s_lower = fixed(-0.38, 0.38) if side == 0 else fixed(0.38, -0.38)
        s = torch.cat([s_upper, s_lower], 1)  # (n, 6)
        lid = torch.cat([sided("lid_up", side).expand(n, 4), sided("lid_low", side).expand(n, 2)], 1)
        xs.append(sign * (shape["eye_x"] + shape["eye_w"] * s))
        ys.append(shape["eye_y"] - shape["eye_cant"] * s + lid * lid_profile(s))

    # Mouth: twelve points around the lips, then eight around the opening.
    def mouth(s: Tensor, line: int) -> None:
        left = s < 0
        corner_x = torch.where(left, sided("corner_x", 0), sided("corner_x", 1))
        corner_y = torch.where(left, sided("corner_y", 0), sided("corner_y", 1))
        xs.append(s * corner_x)
        ys.append(mouth_lines(shape, s, corner_y)[line])

    mouth(fixed(-1.0, -0.62, -0.22, 0.0, 0.22, 0.62, 1.0), 0)
    mouth(fixed(0.62, 0.30, 0.0, -0.30, -0.62), 3)
    mouth(fixed(-0.86, -0.36, 0.0, 0.36, 0.86), 1)
    mouth(fixed(0.36, 0.0, -0.36), 2)
    x, y = torch.cat(xs, 1), torch.cat(ys, 1)  # (n, 68)
    return x, y, surface(shape, x, y)


def landmarks_in_pixels(shape: Shape, camera: Camera) -> Tensor:
    """(n, 68, 2): the points of the turned face in pixels.

    They are points of the *head*: on a face that is turned away the outline's points keep to the cheek and may be
    hidden, as in the 3-D variant of the iBUG scheme.
    """
    return torch.stack(camera.to_pixels(*camera.project(*landmarks_in_face_space(shape))), dim=2)
