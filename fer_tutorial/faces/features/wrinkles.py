"""Lines of the upper face: frown, forehead, crow's feet, nose, bags under the eyes."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.curves import bump, line
from fer_tutorial.faces.features.eyes import Eyes
from fer_tutorial.faces.head import Head


def frown(canvas: Canvas, head: Head) -> Tensor:
    """Two upright lines between the brows."""
    distance = head.ax - 0.045 - 0.05 * (_between_brows(head) - head.y)
    upright = 0.55 * head.side("frown") * line(distance / canvas.wide(0.014))
    return upright * bump(head.x / 0.5, (head.y - _between_brows(head) + 0.02) / 0.10)


def forehead(canvas: Canvas, head: Head) -> Tensor:
    """Waves across the forehead, bent over each brow."""
    waves = torch.sin((head.y - 0.16 * (head.ax - 0.18).square() * 2) * (2 * torch.pi / 0.088))
    there = bump(head.ax / 0.34, (head.y - _between_brows(head) + 0.21) / 0.11) * head.side("forehead_lines")
    return 0.30 * canvas.fade * there * (0.5 + 0.5 * waves).square()


def crows_feet(canvas: Canvas, head: Head) -> Tensor:
    """A fan of lines at the eye's outer corner."""
    shape = head.shape
    out_x = head.ax - shape["eye_x"] - shape["eye_w"] - 0.015
    out_y = head.y - shape["eye_y"] + shape["eye_cant"]
    fan = torch.cos(out_y / (out_x.clamp(min=0) + 0.07) * 8.5)
    there = bump((out_x - 0.065) / 0.055, out_y / 0.085)
    return 0.30 * head.side("crow") * (0.5 + 0.5 * fan).square() * there * canvas.step(out_x, 0.012)


def nose(canvas: Canvas, head: Head) -> Tensor:
    """Slanting lines on both sides of the bridge."""
    waves = 0.5 + 0.5 * torch.sin(head.y * (2 * torch.pi / 0.062) + 9 * head.ax)
    there = bump(head.ax / 0.10, (head.y - 0.05) / 0.09)
    return 0.30 * head.shape["nose_lines"] * canvas.fade * waves.square() * there


def bags(canvas: Canvas, head: Head, eyes: Eyes) -> Tensor:
    """The lower edge of the bags under the eyes."""
    edge = line((eyes.v - eyes.lower - 0.055) / canvas.wide(0.018))
    return (0.10 + 0.40 * head.side("bags")) * edge * eyes.near * torch.sigmoid((0.7 - eyes.s) * 5)


def _between_brows(head: Head) -> Tensor:
    return 0.5 * (head.shape["brow_in_y"][:, :1] + head.shape["brow_in_y"][:, 1:])  # (n, 1)
