"""The face as pixels: every pixel asks where its ray meets the head and what is there.

Nothing is rasterised.  Each feature (an eye, a lip, a wrinkle) is a function of the position on the face, with edges
drawn by sigmoids about one pixel wide, so the picture is smooth in every parameter and gradients flow from pixels back
to traits, action units, pose and light.  Colors are mixed in linear light and turned into picture values by a square
root (a gamma of 2).

Arrays are flat over pixels: ``(n, P)`` with P = size · size; parameters are ``(n, 1)``.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fer_tutorial.faces.geometry import (
    CENTER_Y,
    DEPTH_RATIO,
    POSE_INDEX,
    Camera,
    Shape,
    bump,
    head_at,
    lagrange3,
    lid_profile,
    mouth_lines,
)
from fer_tutorial.faces.identity import TRAIT_INDEX

#: Columns of a light tensor.
LIGHT: dict[str, str] = {
    "azimuth": "degrees, where the main light comes from: 0 the camera, positive the picture's right",
    "elevation": "degrees, positive from above",
    "key": "strength of the main light",
    "ambient": "strength of the light from everywhere",
    "warmth": "-1 bluish .. 1 reddish",
    "gloss": "01, how shiny the skin is",
}
#: Columns of a scene tensor: what surrounds and covers the face.
SCENE: dict[str, str] = {
    "back_red": "01", "back_green": "01", "back_blue": "01",
    "clutter": "01, contrast of the shapes in the background",
    "clutter_a": "phase", "clutter_b": "phase", "clutter_c": "phase",
    "cloth_red": "01", "cloth_green": "01", "cloth_blue": "01",
    "bar": "01, opacity of a dark bar (a sleeve, a microphone) across the picture",
    "bar_x": "face units", "bar_y": "face units", "bar_angle": "radians", "bar_width": "face units",
    "hand": "01, opacity of four fingers laid on the face",
    "hand_x": "face units", "hand_y": "face units", "hand_angle": "radians",
}  # fmt: skip
LIGHT_INDEX = {name: position for position, name in enumerate(LIGHT)}
SCENE_INDEX = {name: position for position, name in enumerate(SCENE)}

# Skin from very light to very dark, as picture values (seven nodes, six tones between them).
_SKIN = (
    (0.97, 0.84, 0.76),
    (0.93, 0.77, 0.67),
    (0.88, 0.69, 0.56),
    (0.80, 0.59, 0.45),
    (0.69, 0.48, 0.35),
    (0.53, 0.36, 0.26),
    (0.37, 0.25, 0.19),
)
_IRIS = ((0.16, 0.09, 0.05), (0.30, 0.18, 0.09), (0.35, 0.30, 0.14), (0.34, 0.42, 0.26), (0.33, 0.47, 0.58))


def palette(position: Tensor, nodes: tuple[tuple[float, float, float], ...]) -> Tensor:
    """Colors along a palette: position (n, 1) in [0, 1] -> (n, 3), linear between the nodes."""
    table = torch.tensor(nodes, dtype=position.dtype, device=position.device)
    scaled = position * (len(nodes) - 1)
    tent = (1 - (scaled - torch.arange(len(nodes), device=position.device)).abs()).clamp(min=0)  # (n, nodes)
    return (tent[:, :, None] * table).sum(1)


def line(u: Tensor) -> Tensor:
    """A soft line's profile: 1 at u = 0, falling like (1 + u^2)^-2."""
    return (1 + u * u).square().reciprocal()


def _differences(field: Tensor, size: int, pixel: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences of a flat field (n, P) along x and y, per face unit."""
    f = torch.nn.functional.pad(field.view(-1, 1, size, size), (1, 1, 1, 1), mode="replicate")[:, 0]
    half = 0.5 / pixel
    dx = (f[:, 1:-1, 2:] - f[:, 1:-1, :-2]).reshape(len(field), -1) * half  # (n, S, S) -> (n, P)
    dy = (f[:, 2:, 1:-1] - f[:, :-2, 1:-1]).reshape(len(field), -1) * half
    return dx, dy


def render_pixels(shape: Shape, traits: Tensor, pose: Tensor, light: Tensor, scene: Tensor, camera: Camera) -> Tensor:
    """Draw the faces.  Returns float (n, 3, size, size) in [0, 1], before any camera degradation."""
    size, n = camera.size, len(traits)
    span = camera.span
    pixel = span / size
    aa = 0.32 * pixel  # width of an anti-aliased edge

    def t(name: str) -> Tensor:
        return traits[:, TRAIT_INDEX[name], None]

    def lit(name: str) -> Tensor:
        return light[:, LIGHT_INDEX[name], None]

    def sc(name: str) -> Tensor:
        return scene[:, SCENE_INDEX[name], None]

    def step(distance: Tensor, softness: float = 0.0) -> Tensor:
        """1 where distance > 0, 0 elsewhere, with an edge at least one pixel wide."""
        return torch.sigmoid(distance / aa.clamp(min=softness))

    def wide(width: float) -> Tensor:
        """A line's half-width: never thinner than what a pixel can show (thin lines get fainter instead)."""
        return (width**2 + (0.45 * pixel) ** 2).sqrt()

    grid = torch.arange(size, dtype=traits.dtype, device=traits.device)
    column, row = grid.repeat(size)[None], grid.repeat_interleave(size)[None]  # (1, P)
    x_c, y_c = camera.from_pixels(column, row)
    x, y, z, w2, dw2, inside, lower, height = head_at(shape, camera, x_c, y_c)
    ax, on_left = x.abs(), x < 0

    def side(name: str) -> Tensor:
        """A per-side number at each pixel, taken from the half of the face the pixel lies on."""
        value = shape[name]
        return torch.where(on_left, value[:, :1], value[:, 1:])

    # ---- where things are --------------------------------------------------------------------------------------
    # Eyes: s runs from the inner (-1) to the outer (1) corner, v is the height above (negative) the corners' line.
    s_eye = (ax - shape["eye_x"]) / shape["eye_w"]
    v_eye = y - shape["eye_y"] + shape["eye_cant"] * s_eye
    profile = lid_profile(s_eye)
    lid_up, lid_low = side("lid_up") * profile, side("lid_low") * profile
    eye = (
        step(v_eye - lid_up)
        * step(lid_low - v_eye)
        * step((0.97 - 0.14 * t("epicanthus") * (s_eye < 0) - s_eye.abs()) * 0.15)
    )
    near_eye = step((1.25 - s_eye.abs()) * 0.15, 0.012)

    # Brows.
    brow_in, brow_out = side("brow_in_x"), side("brow_out_x")
    t_brow = (ax - brow_in) / (brow_out - brow_in)
    t_in = t_brow.clamp(0, 1)
    brow_y = lagrange3(t_in, side("brow_in_y"), side("brow_mid_y"), side("brow_out_y"))
    brow_half = shape["brow_thick"] * (0.95 - 0.62 * t_in * t_in)
    from_brow = y - brow_y

    # Mouth: s from corner (-1) to corner (1).
    corner_x, corner_y = side("corner_x"), side("corner_y")
    s_mouth = x / corner_x
    lip_top, hole_top, hole_low, lip_low = mouth_lines(shape, s_mouth, corner_y)
    between = step((1 - s_mouth.abs()) * corner_x)
    lips = step(y - lip_top) * step(lip_low - y) * between
    opened = torch.sigmoid((shape["gap"] - 0.020) / 0.006)
    hole = step(y - hole_top) * step(hole_low - y) * between * opened

    # ---- creases and relief ------------------------------------------------------------------------------------
    # Nasolabial fold: from the wing of the nose around the corner of the mouth.
    fold_x0, fold_y0 = side("nose_w") + 0.005, side("ala_y") - 0.035
    fold_x1, fold_y1 = corner_x + 0.060 + side("fold_out"), corner_y + 0.055
    t_fold = (y - fold_y0) / (fold_y1 - fold_y0)
    in_fold = torch.sigmoid(t_fold * 9 - 0.6) * torch.sigmoid((1 - t_fold) * 8)
    fold_d = ax - (fold_x0 + (fold_x1 - fold_x0) * (t_fold + 0.42 * t_fold * (1 - t_fold)))
    fold = side("fold")
    crease = 0.42 * fold * line(fold_d / wide(0.020)) * in_fold
    cheek_hill = 0.030 * fold * in_fold * torch.sigmoid(fold_d / 0.020) / (1 + (fold_d / 0.12).square())

    # Frown between the brows, lines on the forehead, crow's feet, nose wrinkles.
    mid_y = 0.5 * (shape["brow_in_y"][:, :1] + shape["brow_in_y"][:, 1:])
    crease = crease + 0.55 * side("frown") * line((ax - 0.045 - 0.05 * (mid_y - y)) / wide(0.014)) * bump(
        x / 0.5, (y - mid_y + 0.02) / 0.10
    )
    waves = torch.sin((y - 0.16 * (ax - 0.18).square() * 2) * (2 * torch.pi / 0.088))
    forehead = bump(ax / 0.34, (y - mid_y + 0.21) / 0.11) * side("forehead_lines")
    fade = 1 / (1 + (pixel / 0.045) ** 4)  # waves finer than the pixels can show are left out
    crease = crease + 0.30 * fade * forehead * (0.5 + 0.5 * waves).square()
    out_x, out_y = ax - shape["eye_x"] - shape["eye_w"] - 0.015, y - shape["eye_y"] + shape["eye_cant"]
    fan = torch.cos(out_y / (out_x.clamp(min=0) + 0.07) * 8.5)
    crease = crease + 0.30 * side("crow") * (0.5 + 0.5 * fan).square() * bump(
        (out_x - 0.065) / 0.055, out_y / 0.085
    ) * step(out_x, 0.012)
    crease = crease + 0.30 * shape["nose_lines"] * fade * (
        0.5 + 0.5 * torch.sin(y * (2 * torch.pi / 0.062) + 9 * ax)
    ).square() * bump(ax / 0.10, (y - 0.05) / 0.09)
    # Under the eyes, beside the mouth, at the mouth's corners, on the chin.
    bag = v_eye - lid_low - 0.055
    crease = crease + (0.10 + 0.40 * side("bags")) * line(bag / wide(0.018)) * near_eye * torch.sigmoid(
        (0.7 - s_eye) * 5
    )
    corner_dx = ax - corner_x - 0.028
    crease = crease + 0.60 * side("dimple").clamp(max=1) * line(corner_dx / wide(0.017)) * bump(
        corner_dx / 0.06, (y - corner_y + 0.01) / 0.055
    )
    marionette = ax - corner_x - 0.02 - 0.25 * (y - corner_y)
    crease = crease + 0.42 * side("pouch").clamp(max=1.3) * line(marionette / wide(0.018)) * bump(
        marionette / 0.1, (y - corner_y - 0.075) / 0.055
    )
    chin_low = lip_low + 0.035
    crease = crease + (0.22 + 0.35 * shape["chin_boss"]) * line((y - chin_low) / wide(0.028)) * bump(x / 0.14, 0 * x)

    relief = height - 0.016 * crease + cheek_hill
    relief = relief + 0.055 * side("cheek") * bump((ax - 0.385) / 0.115, (y - 0.235 + 0.03 * side("cheek")) / 0.085)
    relief = relief + 0.038 * bump((ax - 0.66 * side("nose_w")) / 0.048, (y - side("ala_y")) / 0.042)
    relief = relief + 0.030 * shape["chin_boss"] * bump(x / 0.11, (y - shape["chin"] + 0.16) / 0.07)
    relief = relief + 0.022 * bump(x / (0.62 * corner_x), (y - 0.5 * (hole_low + lip_low)) / 0.026)
    relief = relief + 0.020 * side("squint") * bump((ax - shape["eye_x"]) / 0.12, (v_eye - lid_low - 0.028) / 0.022)
    relief = relief + 0.030 * side("frown") * bump((ax - 0.14) / 0.09, (from_brow + 0.01) / 0.05)
    relief = relief + 0.012 * line(from_brow / 0.03) * step((t_brow + 0.05) * 0.4, 0.03) * step(
        (1.05 - t_brow) * 0.4, 0.03
    )

    # ---- normals and light -------------------------------------------------------------------------------------
    w = w2.sqrt()
    z_in_slice = z - DEPTH_RATIO * (shape["head_width"] - w) * lower
    n_y = -0.5 * dw2 * (1 - (z_in_slice / (DEPTH_RATIO * w)) * lower)
    n_x, n_z = x, z_in_slice / DEPTH_RATIO**2
    inverse = (n_x * n_x + n_y * n_y + n_z * n_z + 1e-6).rsqrt()
    n_x, n_y, n_z = n_x * inverse, n_y * inverse, n_z * inverse
    n_x, n_z = camera.cos_yaw * n_x + camera.sin_yaw * n_z, camera.cos_yaw * n_z - camera.sin_yaw * n_x
    n_y, n_z = camera.cos_pitch * n_y - camera.sin_pitch * n_z, camera.sin_pitch * n_y + camera.cos_pitch * n_z
    n_x, n_y = camera.cos_roll * n_x - camera.sin_roll * n_y, camera.sin_roll * n_x + camera.cos_roll * n_y
    h_x, h_y = _differences(relief, size, pixel)
    n_x, n_y = n_x - h_x, n_y - h_y
    inverse = (n_x * n_x + n_y * n_y + n_z * n_z + 1e-6).rsqrt()
    n_x, n_y, n_z = n_x * inverse, n_y * inverse, n_z * inverse

    azimuth, elevation = torch.deg2rad(lit("azimuth")), torch.deg2rad(lit("elevation"))
    l_x, l_y, l_z = azimuth.sin() * elevation.cos(), -elevation.sin(), azimuth.cos() * elevation.cos()
    toward = n_x * l_x + n_y * l_y + n_z * l_z
    diffuse = ((toward + 0.22) / 1.22).clamp(min=0)  # light wraps around skin a little
    shade = lit("ambient") * (0.80 - 0.20 * n_y) + lit("key") * diffuse
    h_len = (l_x * l_x + l_y * l_y + (l_z + 1) ** 2 + 1e-6).sqrt()
    glint = ((n_x * l_x + n_y * l_y + n_z * (l_z + 1)) / h_len).clamp(min=0)
    glint = glint.square().square().square()  # ^8
    glint = lit("key") * lit("gloss") * (0.10 * glint + 0.35 * glint.square())
    # Where less of the surroundings' light arrives: sockets, under the nose and lip, in creases.
    hidden = 0.52 * bump((ax - shape["eye_x"] + 0.03) / 0.15, (y - shape["eye_y"] + 0.025) / 0.065)
    hidden = hidden + 0.22 * bump(x / (0.65 * side("nose_w")), (y - shape["nose_base"] - 0.008) / 0.020)
    hidden = (
        hidden
        + 0.22 * bump(x / 0.16, (y - chin_low) / 0.035)
        + 0.10 * bump((ax - side("nose_w")) / 0.035, (y - side("ala_y") + 0.02) / 0.06)
    )
    ridge_light = 0.16 * bump(x / 0.045, (y - 0.5 * shape["nose_tip"]) / 0.19)
    shade = shade * (1 + ridge_light) * (1 - hidden) * (1 - 0.62 * crease.clamp(max=1.2))

    # ---- skin --------------------------------------------------------------------------------------------------
    def linear(color: Tensor) -> Tensor:
        return color.square()[:, :, None]  # (n, 3) -> (n, 3, 1), picture values to linear light

    warm = t("undertone")
    skin = palette(t("skin_tone"), _SKIN) * torch.cat([1 + 0.012 * warm, 1 + 0 * warm, 1 - 0.035 * warm], 1)
    hair_color = torch.cat([t("hair_red"), t("hair_green"), t("hair_blue")], 1)
    skin_linear, hair_linear = linear(skin), linear(hair_color)

    def tinted(r: float, g: float, b: float) -> Tensor:
        return skin_linear * torch.tensor([r, g, b], dtype=traits.dtype, device=traits.device)[:, None]

    def fixed(r: float, g: float, b: float) -> Tensor:
        return torch.tensor([r, g, b], dtype=traits.dtype, device=traits.device).square()[:, None]

    def over(image: Tensor, color: Tensor, alpha: Tensor) -> Tensor:
        return torch.lerp(image, color.expand_as(image), alpha[:, None])

    mottle = torch.sin(7.3 * x + 3 * t("undertone") + 2.2 * torch.sin(5.1 * y)) * torch.sin(
        6.1 * y + 4 * t("face_width") + 1.7 * torch.sin(4.7 * x)
    )
    blush = 0.35 * bump((ax - 0.40) / 0.15, (y - 0.26) / 0.13) + 0.25 * bump(x / 0.09, (y - shape["nose_tip"]) / 0.07)
    color = skin_linear * (1 + 0.05 * mottle[:, None])
    color = over(color, tinted(1.02, 0.72, 0.66), blush)
    spots = torch.sin(61 * x + 13 * torch.sin(23 * y)) * torch.sin(57 * y + 11 * torch.sin(29 * x))
    color = over(
        color,
        tinted(0.62, 0.48, 0.40),
        t("freckles") * fade * ((spots - 0.55) * 3).clamp(0, 1) * bump(x / 0.5, (y - 0.2) / 0.18),
    )

    # Beard: before the lips, so that the lips stay free.
    chin_zone = step(y - lip_low - 0.015, 0.02) * step(0.23 - ax, 0.035)
    lip_zone = (
        step(y - shape["nose_base"] - 0.035, 0.02) * step(corner_x + 0.055 - ax, 0.03) * step(lip_low + 0.03 - y, 0.02)
    )
    jaw_zone = torch.maximum(step(ax * 0.9 + y * 0.72 - 0.735, 0.035), step(y - lip_low - 0.05, 0.03)) * step(
        y - 0.12, 0.06
    )
    grain = torch.sin(83 * x + 31 * torch.sin(9 * y)) * torch.sin(47 * y + 17 * torch.sin(11 * x))
    grain = 1 + 0.22 * fade * grain
    beard = torch.maximum(torch.maximum(t("beard") * jaw_zone, t("goatee") * chin_zone), t("moustache") * lip_zone)
    all_zones = torch.maximum(torch.maximum(jaw_zone, chin_zone), lip_zone)
    beard = torch.maximum(0.92 * beard * grain, 0.36 * t("stubble") * all_zones * grain).clamp(0, 0.96)
    color = over(color, hair_linear, beard)

    # ---- mouth -------------------------------------------------------------------------------------------------
    red = t("lip_red")[:, :, None]
    lip_color = skin_linear * torch.cat([0.92 - 0.14 * red, 0.60 - 0.40 * red, 0.60 - 0.34 * red], 1)
    in_lip = ((y - hole_low) / (lip_low - hole_low + 1e-3)).clamp(0, 1)
    lip_shade = torch.where(y < hole_low, 0.82, 1.12 - 0.22 * in_lip)
    color = torch.lerp(color, lip_color * lip_shade[:, None], 0.88 * lips[:, None])
    seam = (
        line((y - 0.5 * (hole_top + hole_low)) / wide(0.010))
        * step((1.04 - s_mouth.abs()) * corner_x, 0.01)
        * (1 - opened)
    )
    color = over(color, tinted(0.22, 0.10, 0.09), 0.80 * seam)
    corner_shadow = bump((ax - corner_x) / 0.022, (y - corner_y) / 0.020)
    color = over(color, tinted(0.35, 0.22, 0.20), 0.65 * corner_shadow)

    # Nostrils.
    nostril = bump((ax - 0.42 * side("nose_w")) / 0.027, (y - shape["nose_base"] + 0.020 - 0.10 * (ax - 0.06)) / 0.013)
    color = over(color, tinted(0.16, 0.09, 0.08), 0.88 * nostril)

    # ---- eyes' surroundings: lashes, crease, brows ---------------------------------------------------------------
    lid_top = torch.minimum(side("lid_up"), 0.55 * shape["lid_rest"]) * profile
    fold_height = (0.014 + 0.026 * t("lid_crease")) * (0.6 + 0.4 * profile) * (1 - 0.6 * side("squint"))
    lid_line = line((v_eye - lid_top + fold_height) / wide(0.009)) * near_eye
    color = over(color, tinted(0.42, 0.32, 0.28), (0.25 + 0.45 * t("lid_crease")) * lid_line)
    lid_skin = step(v_eye - lid_top + fold_height + 0.004, 0.008) * step(lid_up - v_eye) * near_eye
    shadow_color = torch.cat(
        [0.55 - 0.2 * t("lens_round"), 0.42 + 0 * t("lens_round"), 0.40 + 0.2 * t("lens_round")], 1
    )
    color = torch.lerp(color, skin_linear * shadow_color[:, :, None], (0.75 * t("makeup") * lid_skin)[:, None])

    brow_edge = (
        step(brow_half - from_brow.abs(), 0.006)
        * step((t_brow + 0.01) * 0.40, 0.012)
        * step((1.02 - t_brow) * 0.40, 0.012)
    )
    strands = torch.sin((ax * 0.8 + from_brow * (1.1 - 1.5 * t_in)) * 170)
    brow_alpha = brow_edge * (t("brow_density") * (0.86 + 0.14 * strands / (1 + (pixel / 0.016) ** 4)))
    brow_color = hair_linear * 0.55 + 0.06 * skin_linear
    color = over(color, brow_color, brow_alpha.clamp(0, 1))

    # ---- light on skin -------------------------------------------------------------------------------------------
    warmth = lit("warmth")
    light_color = torch.cat([1 + 0.10 * warmth, 1 + 0 * warmth, 1 - 0.14 * warmth], 1)[:, :, None]  # (n, 3, 1)
    color = color * shade[:, None] * light_color + (glint * (1 - 0.6 * beard) * (1 - 0.7 * brow_alpha))[:, None]

    # ---- inside the mouth ----------------------------------------------------------------------------------------
    depth_light = (0.35 + 0.65 * lit("ambient") + 0.5 * lit("key"))[:, :, None] * light_color
    tooth_line = 1 - 0.16 * fade * torch.cos(x * (2 * torch.pi / 0.047)).clamp(min=0).square().square()
    upper_teeth = step(hole_top + 0.100 * shape["teeth"] - 0.012 - 0.02 * s_mouth.square() - y, 0.006)
    lower_teeth = step(y - hole_low + 0.045 * shape["teeth_low"] - 0.012, 0.006)
    tongue = bump(x / (0.6 * corner_x), (y - hole_low + 0.02) / 0.05) * torch.sigmoid((shape["gap"] - 0.10) / 0.02)
    interior = torch.lerp(
        fixed(0.20, 0.06, 0.06).expand(n, 3, 1) * 0.7, fixed(0.62, 0.30, 0.30).expand(n, 3, 1), 0.5 * tongue[:, None]
    )
    teeth = torch.maximum(upper_teeth, 0.85 * lower_teeth) * (1 - 0.55 * s_mouth.square().square()) * tooth_line
    interior = torch.lerp(interior, fixed(0.93, 0.91, 0.85).expand(n, 3, 1), (0.95 * teeth.clamp(0, 1))[:, None])
    mouth_shade = 0.72 + 0.28 * ((y - hole_top) / 0.02).clamp(0, 1)  # the upper lip's shadow
    color = torch.lerp(color, interior * depth_light * mouth_shade[:, None], hole[:, None])

    # ---- eyeballs ------------------------------------------------------------------------------------------------
    gaze_x, gaze_y = pose[:, POSE_INDEX["gaze_x"], None], pose[:, POSE_INDEX["gaze_y"], None]
    i_x = ax - shape["eye_x"] - torch.where(on_left, -gaze_x, gaze_x) * shape["eye_w"]
    i_y = v_eye + 0.006 - gaze_y * shape["eye_w"] * 0.6
    radius = (i_x * i_x + i_y * i_y + 1e-8).sqrt()
    iris_radius = 0.066 + 0.006 * t("youth")
    below_lid = (v_eye - lid_up).clamp(min=0)
    ball_shade = (1 - 0.60 * line(below_lid / 0.026)) * (1 - 0.35 * s_eye.square().square().clamp(max=1))
    iris = step(iris_radius - radius, 0.004)
    ball = over(
        fixed(0.90, 0.88, 0.86).expand(n, 3, 1).expand(n, 3, x.shape[1]), linear(palette(t("iris"), _IRIS)), iris
    )
    ball = ball * (1 - 0.55 * line((radius - iris_radius) / wide(0.010)) * iris)[:, None]
    ball = over(ball, fixed(0.03, 0.03, 0.03)[None], step(0.026 - radius, 0.004))
    ball_light = 0.60 * (0.10 + 0.86 * (lit("ambient") + 0.75 * lit("key")))[:, :, None] * light_color
    ball = ball * ball_shade[:, None] * ball_light
    spark_x, spark_y = (
        x - torch.where(on_left, -shape["eye_x"], shape["eye_x"]) - gaze_x * shape["eye_w"] - 0.022 * l_x.sign(),
        i_y + 0.020,
    )
    ball = ball + (0.75 * lit("key") * bump(spark_x / wide(0.009), spark_y / wide(0.009)))[:, None]
    color = torch.lerp(color, ball, eye[:, None])
    lash = (
        line((v_eye - lid_up + 0.005) / wide(0.019))
        * step((1.05 - s_eye.abs()) * 0.15, 0.008)
        * (0.72 + 0.28 * t("makeup"))
    )
    lash = torch.maximum(
        lash, (0.22 + 0.5 * t("makeup")) * line((v_eye - lid_low) / wide(0.008)) * step((1 - s_eye.abs()) * 0.15, 0.01)
    )
    color = over(color, fixed(0.10, 0.07, 0.06)[None] + 0.06 * skin_linear, (0.88 * lash).clamp(0, 1))

    # ---- hair on the scalp and at the sides ------------------------------------------------------------------------
    curl = t("curl")
    fan_out = (x_c - 0.10 * t("parting")) / (y_c + 1.75).clamp(min=0.3)  # strands run from the crown outwards
    straight = 0.6 * torch.sin(95 * fan_out + 3 * torch.sin(31 * fan_out + 2 * y_c)) + 0.4 * torch.sin(
        47 * fan_out + 0.9 * torch.sin(5 * y_c) + 6 * t("parting")
    )
    locks = torch.sin(31 * x_c + 3.1 * torch.sin(17 * y_c + 3 * x_c)) * torch.sin(29 * y_c + 2.7 * torch.sin(19 * x_c))
    flow = torch.lerp(straight, locks, curl) * (0.35 + 0.65 * fade)
    hairline = -0.64 - 0.035 * t("hairline") - 0.02 * t("forehead") + 0.62 * (ax / 0.60).square().square() * 0.85
    hairline = hairline - 0.30 * t("receding") * bump((ax - 0.33) / 0.15, 0 * ax) - 0.10 * t("receding")
    part = x - 0.16 * t("parting")
    fringe = t("fringe") * (0.36 - 0.30 * bump(part / 0.12, 0 * part) * (1 - t("fringe")) - 0.10 * ax)
    hairline = hairline + fringe + 0.012 * flow
    sides = ax - 0.625 + (0.04 + 0.07 * t("hair_volume")) * t("hair_length") - 0.02 * torch.sin(y * 5 + t("parting"))
    curtain = step(sides, 0.02) * torch.sigmoid((t("hair_length") * 2.6 - 0.35 - y) / 0.10)
    burn = step(ax - 0.60, 0.02) * step(0.02 + 0.2 * t("hair_length") - y, 0.05)
    scalp = torch.maximum(step(hairline - y, 0.020), torch.maximum(curtain, 0.8 * burn)) * t("hair")
    hair_shine = (0.62 * lit("ambient") + 0.55 * lit("key") * diffuse) * (1 + 0.30 * flow)
    hair_gloss = 0.10 * lit("key") * line((y + 0.86 + 0.10 * ax) / 0.12) * (1 + 0.5 * flow)
    hair_lit = (hair_linear * hair_shine[:, None] + (0.35 * hair_linear + 0.05) * hair_gloss[:, None]) * light_color
    root_shadow = 1 - 0.30 * t("hair") * line((y - hairline - 0.02) / 0.05) * (1 - scalp)
    color = torch.lerp(color * root_shadow[:, None], hair_lit, scalp[:, None])

    # ---- behind the head: background, hair, neck, clothes, ears ------------------------------------------------------
    image = _background(sc, n, column, row, size, traits)
    behind, back_alpha = _back_hair(shape, camera, t, step, x_c, y_c, lit, flow, hair_linear, light_color)
    image = torch.lerp(image, behind, back_alpha[:, None])
    image = _neck_and_clothes(image, shape, camera, t, sc, lit, step, x_c, y_c, skin_linear, light_color, l_x)
    uncovered = torch.sigmoid((0.45 - t("hair_length")) / 0.03)  # long hair falls over the ears
    for sign in (-1.0, 1.0):
        image = _ear(image, sign, shape, camera, lit, step, x_c, y_c, skin_linear, light_color, uncovered)

    # ---- the head over all that ------------------------------------------------------------------------------------
    g_x, g_y = _differences(inside, size, pixel)
    head = step(inside / (g_x * g_x + g_y * g_y + 0.05).sqrt())
    rim = 1 - 0.35 * torch.sigmoid((0.02 - inside) / 0.02)
    image = torch.lerp(image, color * rim[:, None], head[:, None])

    near = (
        -camera.sin_yaw.sign()
    )  # the ear on the side that is turned to the camera lies over the head, under long hair
    seen = torch.sigmoid((camera.sin_yaw.abs() - 0.12) / 0.03) * uncovered
    image = _ear(image, near, shape, camera, lit, step, x_c, y_c, skin_linear, light_color, seen)
    image = _glasses(image, shape, t, step, ax, y, s_eye, head, glint, wide)
    image = _occluders(image, sc, lit, step, x_c, y_c, skin_linear, light_color)
    return image.clamp(min=1e-5, max=1).sqrt().view(n, 3, size, size)  # (n, 3, P) -> (n, 3, S, S)


Named = Callable[[str], Tensor]


def _background(sc: Named, n: int, column: Tensor, row: Tensor, size: int, like: Tensor) -> Tensor:
    u, v = column / size - 0.5, row / size - 0.5
    a, b, c = sc("clutter_a"), sc("clutter_b"), sc("clutter_c")
    base = torch.cat([sc("back_red"), sc("back_green"), sc("back_blue")], 1)[:, :, None]
    shapes = torch.sin(6 * (u * a.cos() + v * a.sin()) + 4 * b + 2 * torch.sin(9 * v + 5 * c))
    edges = torch.sigmoid(30 * (u * b.sin() - v * b.cos() + 0.5 * c.sin())) - 0.5
    blobs = bump((u - 0.6 * c.cos()) / 0.22, (v + 0.4 * a.sin()) / 0.22) - bump(
        (u + 0.6 * b.cos()) / 0.2, (v - 0.4 * c.sin()) / 0.3
    )
    pattern = sc("clutter") * (0.5 * shapes + 0.8 * edges + 1.0 * blobs)
    tilt = torch.stack([1 + 0 * a, 1 + 0.25 * b.sin(), 1 + 0.25 * c.sin()], 1)  # (n, 3, 1)
    return (base * (1 + 0.55 * pattern[:, None] * tilt)).clamp(0, 1).square()


def _back_hair(
    shape: Shape,
    camera: Camera,
    t: Named,
    step: Callable[..., Tensor],
    x_c: Tensor,
    y_c: Tensor,
    lit: Named,
    flow: Tensor,
    hair: Tensor,
    light_color: Tensor,
) -> tuple[Tensor, Tensor]:
    """The hair one sees beside and above the head: an ellipse, open at the bottom where hair is long."""
    zero = torch.zeros_like(shape["chin"])
    middle_x, middle_y = camera.project(zero, zero - 0.20, zero - 0.05)
    volume, length = t("hair_volume"), t("hair_length")
    radius_x = shape["head_width"] + 0.015 + 0.20 * volume * (0.35 + 0.65 * length + 0.4 * t("curl"))
    radius_y = shape["skull"] - 0.20 + 0.02 + 0.16 * volume
    down = 0.42 + 1.1 * length + 3.0 * (length - 0.55).clamp(min=0)
    u, v = (x_c - middle_x) / radius_x, y_c - middle_y
    v = torch.where(v < 0, v / radius_y, v / down)
    wobble = 1 + 0.03 * flow * (0.4 + t("curl"))
    reach = 1 - (u * u + torch.where(v > 0, v.square() * v.square(), v * v)) * wobble
    alpha = step(reach * 0.4, 0.012) * t("hair")
    shading = (
        (0.40 * lit("ambient") + 0.35 * lit("key") * (1 - 0.5 * u * u))
        * (1 + 0.25 * flow)
        * torch.sigmoid((0.9 - y_c) / 0.8)
        * 1.3
    )
    return hair * shading[:, None] * light_color, alpha


def _neck_and_clothes(
    image: Tensor,
    shape: Shape,
    camera: Camera,
    t: Named,
    sc: Named,
    lit: Named,
    step: Callable[..., Tensor],
    x_c: Tensor,
    y_c: Tensor,
    skin: Tensor,
    light_color: Tensor,
    l_x: Tensor,
) -> Tensor:
    zero = torch.zeros_like(shape["chin"])
    neck_x, neck_y = camera.project(zero, shape["chin"] - shape["jaw_drop"] - 0.05, zero - 0.05)
    half = 0.66 * shape["head_width"] + 0.05 * t("jaw_square") - 0.10 * t("youth")
    down = (y_c - neck_y).clamp(min=0)
    flare = half * (0.92 + 0.25 * down * down)
    u = (x_c - neck_x) / flare
    neck = step((1 - u.abs()) * half, 0.01) * step(y_c - neck_y + 0.35, 0.05)
    normal_z = (1 - u * u).clamp(min=0.02).sqrt()
    shading = 0.85 * lit("ambient") + lit("key") * (0.75 * normal_z + 0.5 * u * l_x).clamp(min=0)
    shading = shading * (0.48 + 0.52 * torch.sigmoid((y_c - neck_y - 0.16 - shape["jaw_drop"]) / 0.06))
    cords = 1 - 0.25 * shape["neck_tense"] * line((u.abs() - 0.45 + 0.3 * down) / 0.06)
    image = torch.lerp(image, skin * (shading * cords)[:, None] * light_color, neck[:, None])
    cloth = torch.cat([sc("cloth_red"), sc("cloth_green"), sc("cloth_blue")], 1).square()[:, :, None]
    collar = (
        neck_y
        + 0.36
        - 0.10 * bump((x_c.abs() - half) / 0.15, 0 * x_c)
        + 0.22 * bump((x_c - neck_x) / 0.22, 0 * x_c)
        + 0.28 * (x_c - neck_x).abs().clamp(min=0.55)
        - 0.15
    )
    folds = 1 + 0.10 * torch.sin(9 * x_c + 5 * y_c)
    shading = (0.75 * lit("ambient") + 0.55 * lit("key")) * folds
    return torch.lerp(image, cloth * shading[:, None] * light_color, step(y_c - collar, 0.006)[:, None])


def _ear(
    image: Tensor,
    sign: Tensor | float,
    shape: Shape,
    camera: Camera,
    lit: Named,
    step: Callable[..., Tensor],
    x_c: Tensor,
    y_c: Tensor,
    skin: Tensor,
    light_color: Tensor,
    opacity: Tensor | float = 1.0,
) -> Tensor:
    """One ear: ``sign`` -1 is the picture's left one."""
    zero = torch.zeros_like(shape["chin"])
    ear_x, ear_y = camera.project(sign * (shape["head_width"] + 0.015), zero + 0.10, zero - 0.06)
    v = (y_c - ear_y) / 0.185
    u = (x_c - ear_x) / 0.085 + sign * 0.25 * v  # the lobe lies closer to the head
    q = u * u + v * v
    ear = step((1 - q) * 0.045) * opacity
    rim = 0.55 + 0.45 * ((q - 0.25) * 1.8).clamp(0, 1)
    shading = (0.8 * lit("ambient") + 0.55 * lit("key")) * rim
    return torch.lerp(image, skin * shading[:, None] * light_color, ear[:, None])


def _glasses(
    image: Tensor,
    shape: Shape,
    t: Named,
    step: Callable[..., Tensor],
    ax: Tensor,
    y: Tensor,
    s_eye: Tensor,
    head: Tensor,
    glint: Tensor,
    wide: Callable[[float], Tensor],
) -> Tensor:
    round_ = t("lens_round")
    u, v = (ax - shape["eye_x"] - 0.01) / 0.235, (y - shape["eye_y"] - 0.03) / (0.135 + 0.05 * round_)
    u2, v2 = u * u, v * v
    radius = (round_ * (u2 + v2) + (1 - round_) * (u2 * u2 + v2 * v2 + 1e-6).sqrt() + 1e-6).sqrt()
    thick = 0.012 + 0.012 * (1 - round_)
    frame = step(thick - (radius - 1).abs() * 0.17)
    bridge = step(thick - (y - shape["eye_y"] + 0.03 + 0.2 * ax * ax).abs()) * step(0.085 - ax)
    temple = step(thick - (y - shape["eye_y"] + 0.02).abs()) * step(ax - 0.54)
    frame = torch.maximum(torch.maximum(frame, bridge), temple) * t("glasses") * head
    lens = step((1 - radius) * 0.17) * head
    image = torch.lerp(image, image * 0.02, (lens * 0.92 * t("lens_dark"))[:, None])
    image = image + (0.10 * t("glasses") * lens * line((u + v) / 0.30) * glint.clamp(max=1))[:, None]
    frame_color = torch.cat(
        [0.05 + 0.25 * t("hair_red"), 0.04 + 0.12 * t("hair_green"), 0.05 + 0.05 * t("iris")], 1
    ).square()[:, :, None]
    return torch.lerp(image, frame_color.expand_as(image), (0.95 * frame)[:, None])


def _occluders(
    image: Tensor,
    sc: Named,
    lit: Named,
    step: Callable[..., Tensor],
    x_c: Tensor,
    y_c: Tensor,
    skin: Tensor,
    light_color: Tensor,
) -> Tensor:
    def turned(name: str) -> tuple[Tensor, Tensor]:
        d_x, d_y, angle = x_c - sc(f"{name}_x"), y_c - sc(f"{name}_y"), sc(f"{name}_angle")
        return d_x * angle.cos() + d_y * angle.sin(), d_y * angle.cos() - d_x * angle.sin()

    along, across = turned("bar")
    bar = step(sc("bar_width") - across.abs()) * step(along) * sc("bar")
    image = torch.lerp(image, image * 0.04 + 0.01, bar[:, None])
    # Four fingers side by side: rounded bars with a cylinder's shading.
    along, across = turned("hand")
    position = across / 0.15
    finger = torch.round(position.clamp(-1.5, 1.5) + 0.5) - 0.5
    within = position - finger
    tip = along - 0.06 * finger.abs()
    shape_ = 1 - within.square() * 4 - (tip.clamp(max=0) / 0.08).square()
    hand = step(shape_ * 0.06) * sc("hand")
    shading = (0.75 * lit("ambient") + 0.65 * lit("key")) * (0.45 + 0.55 * shape_.clamp(0, 1).sqrt())
    return torch.lerp(image, skin * shading[:, None] * light_color, hand[:, None])


__all__ = ["CENTER_Y", "LIGHT", "LIGHT_INDEX", "SCENE", "SCENE_INDEX", "render_pixels"]
