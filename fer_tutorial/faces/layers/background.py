"""What is behind everything: a color with shapes in it.  The picture starts with it."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.curves import bump
from fer_tutorial.faces.face import Face


def paint(canvas: Canvas, face: Face) -> Tensor:
    u, v = canvas.column / canvas.camera.size - 0.5, canvas.row / canvas.camera.size - 0.5
    a, b, c = face.scene("clutter_a"), face.scene("clutter_b"), face.scene("clutter_c")
    base = torch.cat([face.scene(f"back_{channel}") for channel in ("red", "green", "blue")], 1)[:, :, None]
    shapes = torch.sin(6 * (u * a.cos() + v * a.sin()) + 4 * b + 2 * torch.sin(9 * v + 5 * c))
    edges = torch.sigmoid(30 * (u * b.sin() - v * b.cos() + 0.5 * c.sin())) - 0.5
    blobs = bump((u - 0.6 * c.cos()) / 0.22, (v + 0.4 * a.sin()) / 0.22) - bump(
        (u + 0.6 * b.cos()) / 0.2, (v - 0.4 * c.sin()) / 0.3
    )
    pattern = face.scene("clutter") * (0.5 * shapes + 0.8 * edges + 1.0 * blobs)
    tilt = torch.stack([1 + 0 * a, 1 + 0.25 * b.sin(), 1 + 0.25 * c.sin()], 1)  # (n, 3, 1)
    return (base * (1 + 0.55 * pattern[:, None] * tilt)).clamp(0, 1).square()
