"""How high the skin stands above the ellipses of the head: the height field, creases, and what muscles bulge."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.curves import bump, line
from fer_tutorial.faces.features import folds, wrinkles
from fer_tutorial.faces.features.brows import Brows
from fer_tutorial.faces.features.eyes import Eyes
from fer_tutorial.faces.features.mouth import Mouth
from fer_tutorial.faces.head import Head


class Relief(NamedTuple):
    height: Tensor  # (n, P), face units
    crease: Tensor  # (n, P), how deep the lines are, about 0 to 1


def find_relief(canvas: Canvas, head: Head, eyes: Eyes, brows: Brows, mouth: Mouth) -> Relief:
    fold = folds.nasolabial(canvas, head, mouth)
    crease = (
        fold.crease
        + wrinkles.frown(canvas, head)
        + wrinkles.forehead(canvas, head)
        + wrinkles.crows_feet(canvas, head)
        + wrinkles.nose(canvas, head)
        + wrinkles.bags(canvas, head, eyes)
        + folds.dimple(canvas, head, mouth)
        + folds.marionette(canvas, head, mouth)
        + folds.chin(canvas, head, mouth)
    )
    height = head.point.height - 0.016 * crease + fold.hill
    height = (
        height
        + _cheeks(head)
        + _wings(head)
        + _chin(head)
        + _lower_lip(head, mouth)
        + _lower_lids(head, eyes)
        + _corrugators(head, brows)
    )
    return Relief(height + _brow_edges(canvas, brows), crease)


def _cheeks(head: Head) -> Tensor:
    lifted = head.side("cheek")
    return 0.055 * lifted * bump((head.ax - 0.385) / 0.115, (head.y - 0.235 + 0.03 * lifted) / 0.085)


def _wings(head: Head) -> Tensor:
    return 0.038 * bump((head.ax - 0.66 * head.side("nose_w")) / 0.048, (head.y - head.side("ala_y")) / 0.042)


def _chin(head: Head) -> Tensor:
    return 0.030 * head.shape["chin_boss"] * bump(head.x / 0.11, (head.y - head.shape["chin"] + 0.16) / 0.07)


def _lower_lip(head: Head, mouth: Mouth) -> Tensor:
    middle = 0.5 * (mouth.hole_low + mouth.lip_low)
    return 0.022 * bump(head.x / (0.62 * mouth.corner_x), (head.y - middle) / 0.026)


def _lower_lids(head: Head, eyes: Eyes) -> Tensor:
    below = (eyes.v - eyes.lower - 0.028) / 0.022
    return 0.020 * head.side("squint") * bump((head.ax - head.shape["eye_x"]) / 0.12, below)


def _corrugators(head: Head, brows: Brows) -> Tensor:
    return 0.030 * head.side("frown") * bump((head.ax - 0.14) / 0.09, (brows.below + 0.01) / 0.05)


def _brow_edges(canvas: Canvas, brows: Brows) -> Tensor:
    ends = canvas.step((brows.along + 0.05) * 0.4, 0.03), canvas.step((1.05 - brows.along) * 0.4, 0.03)
    return 0.012 * line(brows.below / 0.03) * ends[0] * ends[1]
