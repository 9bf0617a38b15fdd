"""The face as numbers: from traits and action units to where everything is.

**Face space.**  X to the picture's right, Y down, Z towards the viewer; the unit is about 10 cm, so that the eyes lie
at Y = 0, 0.62 apart.  Sides are the *picture's*: index 0 is the left half of the picture (X < 0, the person's right).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fer_tutorial.faces.expressions import AU_INDEX, MAX_INTENSITY
from fer_tutorial.faces.identity import TRAIT_INDEX

Shape = dict[str, Tensor]


class _Who(NamedTuple):
    """Who it is and what moves, by name."""

    traits: Tensor  # (n, len(TRAITS))
    sides: Tensor  # (n, A, 2), action units from 0 to 1 on the picture's left and right

    def trait(self, name: str) -> Tensor:
        return self.traits[:, TRAIT_INDEX[name], None]  # (n, 1)

    def au(self, unit: int) -> Tensor:
        return self.sides[:, AU_INDEX[unit]]  # (n, 2)

    def both(self, unit: int) -> Tensor:
        return self.sides[:, AU_INDEX[unit]].mean(1, keepdim=True)  # (n, 1)


def face_shape(traits: Tensor, action_units: Tensor, asymmetry: Tensor) -> Shape:
    """Where everything is: the numbers that both the landmarks and the pixels are made from.

    Args:
        traits: (n, len(TRAITS)).
        action_units: (n, A) intensities 0-5.
        asymmetry: (n, A) in [-1, 1]; positive weakens the action unit on the picture's left.

    Returns:
        Named tensors (n, 1), or (n, 2) for what has a left and a right of its own.
    """
    left = (action_units * (1 - asymmetry.clamp(min=0))) / MAX_INTENSITY
    right = (action_units * (1 + asymmetry.clamp(max=0))) / MAX_INTENSITY
    who = _Who(traits, torch.stack([left, right], dim=2))
    young = who.trait("youth")
    jaw_drop = 0.33 * who.both(26) + 0.02 * who.both(25)
    return (
        _head(who, young, jaw_drop)
        | _eyes(who, young)
        | _brows(who, young)
        | _nose(who, young)
        | _mouth(who, young, jaw_drop)
        | _soft_tissue(who)
    )


def _head(who: _Who, young: Tensor, jaw_drop: Tensor) -> Shape:
    # Half-width w(Y)^2 = W^2 f (1 - τ + τ f)^2, f = 1 - (1 - k) s^2 - k s^4, s the height above the widest level.
    t, both = who.trait, who.both
    return {
        "jaw_drop": jaw_drop,
        "head_width": 0.70 + 0.025 * t("face_width") + 0.012 * t("fullness") + 0.02 * young,
        "level": 0.08 + 0.02 * young,
        "chin": 1.07 + 0.04 * t("face_length") - 0.13 * young + jaw_drop - 0.025 * both(17),
        "skull": 1.12 + 0.03 * t("forehead") + 0.04 * young,
        "square": 0.10 + 0.75 * t("jaw_square") + 0.12 * t("sagging") + 0.06 * t("fullness"),
        "taper": 0.02 + 0.20 * t("chin_narrow"),
    }


def _eyes(who: _Who, young: Tensor) -> Shape:
    # The upper lid is raised by 5 and lowered by 43; 6, 7 and 12 narrow the slit.
    t, au = who.trait, who.au
    closed, narrow = au(43), au(7)
    g: Shape = {}
    g["eye_x"] = 0.315 + 0.014 * t("eye_spacing") + 0.005 * young
    g["eye_y"] = 0.045 * young
    g["eye_w"] = 0.155 + 0.009 * t("eye_width") + 0.012 * young
    g["eye_cant"] = 0.016 + 0.012 * t("eye_cant")
    rest_upper = 0.057 + 0.009 * t("eye_opening") + 0.012 * young
    rest_lower = 0.042 + 0.003 * t("eye_opening") + 0.006 * young
    upper = rest_upper + 0.056 * au(5) - 0.022 * narrow - 0.016 * au(6) - 0.012 * au(9) - 0.004 * au(12) - 0.006 * au(4)
    upper = upper.clamp(min=0.012)
    lower = rest_lower + 0.006 * au(5) - 0.024 * narrow - 0.020 * au(6) - 0.010 * au(9) - 0.006 * au(12)
    lower = lower.clamp(min=0.006)
    meet = 0.6 * lower  # where the lids meet when closed, below the corners' line
    g["lid_up"] = -upper * (1 - closed) + meet * closed  # Y of the upper lid's middle relative to the corners
    g["lid_low"] = lower * (1 - closed) + meet * closed
    g["lid_rest"] = -rest_upper
    g["squint"] = (0.7 * narrow + 0.8 * au(6) + 0.4 * au(9)).clamp(max=1)
    return g


def _brows(who: _Who, young: Tensor) -> Shape:
    # Inner, middle and outer height: 1 raises the inner end, 2 the outer, 4 lowers and draws together.
    t, au = who.trait, who.au
    height = -0.205 - 0.026 * t("brow_height") + 0.01 * young
    push = 0.015 * au(6) + 0.012 * au(7) - 0.018 * au(5)
    g: Shape = {}
    g["brow_in_x"] = 0.125 - 0.040 * au(4) - 0.012 * au(9) + 0.01 * young
    g["brow_out_x"] = 0.53 + 0.012 * t("face_width") - 0.012 * au(4)
    inner = height + 0.018 * t("brow_tilt") - 0.115 * au(1) + 0.080 * au(4) + 0.040 * au(9) + push
    g["brow_mid_y"] = (
        height - 0.055 - 0.016 * t("brow_arch") - 0.045 * au(1) - 0.110 * au(2) + 0.060 * au(4) + 0.020 * au(9) + push
    )
    outer = height + 0.020 - 0.018 * t("brow_tilt") - 0.105 * au(2) + 0.030 * au(4) + push + 0.012 * au(1)
    # With 1 and 4 together the inner ends stay up: the oblique brow of sadness and fear.
    oblique = torch.minimum(au(1), au(4))
    g["brow_in_y"] = inner - 0.045 * oblique
    g["brow_out_y"] = outer + 0.030 * oblique
    g["brow_thick"] = (0.040 + 0.010 * t("brow_thickness")).clamp(min=0.014)
    return g


def _nose(who: _Who, young: Tensor) -> Shape:
    t, au, both = who.trait, who.au, who.both
    g: Shape = {}
    g["nose_tip"] = 0.315 + 0.020 * t("nose_length") - 0.07 * young - 0.030 * both(9) - 0.006 * both(10)
    g["nose_base"] = 0.405 + 0.022 * t("nose_length") - 0.07 * young - 0.022 * both(9) - 0.010 * both(10)
    g["nose_w"] = 0.160 + 0.014 * t("nose_width") - 0.02 * young + 0.016 * au(9) + 0.010 * au(10) + 0.010 * au(12)
    g["ala_y"] = g["nose_base"] - 0.035 - 0.022 * au(9) - 0.014 * au(10)
    g["nose_h"] = 0.21 + 0.025 * t("nose_projection") - 0.06 * young
    return g


def _mouth(who: _Who, young: Tensor, jaw_drop: Tensor) -> Shape:
    # Corners (for each side), inner and outer heights of the lips in the middle.
    t, au, both = who.trait, who.au, who.both
    g: Shape = {}
    mouth_y = 0.630 + 0.012 * t("mouth_height") + 0.012 * t("face_length") - 0.08 * young
    g["mouth_y"] = mouth_y
    corner_x = 0.245 + 0.014 * t("mouth_width") - 0.02 * young
    corner_x = corner_x + 0.085 * au(12) + 0.062 * au(20) + 0.012 * au(14) + 0.008 * au(10) + 0.005 * au(15)
    corner_x = corner_x - 0.034 * au(23) - 0.022 * au(24) - 0.018 * au(17)
    g["corner_x"] = (corner_x - 0.035 * au(26) * (1 - au(12)) * (1 - au(20))).clamp(min=0.12)
    corner_y = mouth_y - 0.014 * t("mouth_rest") + 0.36 * jaw_drop
    corner_y = corner_y - 0.115 * au(12) - 0.020 * au(14) + 0.085 * au(15) + 0.030 * au(20)
    g["corner_y"] = corner_y - 0.012 * au(10) - 0.010 * au(9) + 0.012 * au(17)

    lift = 0.048 * both(10) + 0.022 * both(9) + 0.030 * both(12) * both(25) + 0.014 * both(25)
    push_up = 0.045 * both(17)
    press = both(24) + 0.7 * both(23)
    apart = 0.062 * both(25)
    apart = apart + 0.018 * both(10) * both(25) + 0.060 * both(12) * both(25) + 0.025 * both(20) * both(25)
    g["gap"] = apart + 0.92 * jaw_drop
    g["lip_up_in"] = mouth_y - lift - push_up + 0.004
    g["lip_low_in"] = g["lip_up_in"] + g["gap"]
    stretch = 1 - 0.22 * both(12) - 0.18 * both(20)
    upper = (0.048 + 0.011 * t("upper_lip")) * stretch * (1 - 0.55 * press.clamp(max=1)) * (1 - 0.15 * both(17))
    g["lip_up"] = upper.clamp(min=0.010)
    lower = (0.068 + 0.012 * t("lower_lip")) * stretch * (1 - 0.50 * press.clamp(max=1)) + 0.012 * both(17)
    g["lip_low"] = lower.clamp(min=0.012)
    square = (both(10) * 0.7 + both(9) * 0.3 + both(20) * 0.8 + 0.35 * both(12)).clamp(max=1)
    g["square_mouth"] = square * both(25).clamp(0, 1)
    teeth = 1.2 * both(12) + 1.1 * both(10) + 0.8 * both(20) + 0.6 * both(9) + 0.20 * both(26) + 0.15 * both(25)
    g["teeth"] = teeth.clamp(0, 1)
    g["teeth_low"] = (0.9 * both(20) + 0.5 * both(10) - 0.3 * both(12)).clamp(0, 1)
    return g


def _soft_tissue(who: _Who) -> Shape:
    t, au, both = who.trait, who.au, who.both
    fold = 0.05 + 0.45 * t("wrinkles") + 0.45 * t("fold_rest")
    wrinkled = 0.45 + 0.75 * t("wrinkles")  # how deep the lines of a movement are
    return {
        "cheek": (0.65 * au(6) + 0.75 * au(12)).clamp(max=1.2),
        "fold": fold + 0.95 * au(12) + 0.75 * au(10) + 0.65 * au(9) + 0.3 * au(6) + 0.25 * au(20),
        "fold_out": 0.055 * au(12) + 0.035 * au(20) + 0.02 * au(10),
        "frown": au(4) + 0.4 * au(9),
        "forehead_lines": (0.8 * au(1) + 0.7 * au(2)) * wrinkled + 0.30 * t("wrinkles"),
        "crow": (0.9 * au(6) + 0.2 * au(12)) * wrinkled + 0.25 * t("wrinkles"),
        "nose_lines": both(9),
        "dimple": au(14) + 0.35 * au(12),
        "chin_boss": both(17),
        "pouch": au(15) + 0.5 * t("sagging") + 0.3 * au(20),
        "bags": 0.30 * t("wrinkles") + 0.35 * t("eye_bags") + 0.35 * au(6) + 0.3 * au(7),
        "neck_tense": both(20),
    }
