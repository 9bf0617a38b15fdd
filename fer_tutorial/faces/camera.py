"""The camera: how a turned head comes onto the picture, and back from a pixel to the plane that it lies in.

The *camera plane* is upright and in face units: X to the picture's right, Y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

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
