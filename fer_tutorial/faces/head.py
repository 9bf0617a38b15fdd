"""The bare head as every pixel sees it: all parameters by name, and the point that the pixel's ray meets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fer_tutorial.faces.camera import POSE_INDEX
from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.identity import TRAIT_INDEX
from fer_tutorial.faces.parameters import LIGHT_INDEX, SCENE_INDEX, FaceParameters
from fer_tutorial.faces.shape import Shape
from fer_tutorial.faces.surface import Point, head_at


@dataclass(frozen=True)
class Head:
    """n heads; ``Head.on`` finds one on a canvas."""

    shape: Shape
    parameters: FaceParameters
    point: Point
    ax: Tensor  # (n, P), distance from the middle of the face
    on_left: Tensor  # (n, P), whether the point lies on the picture's left half of the face

    @classmethod
    def on(cls, canvas: Canvas, shape: Shape, parameters: FaceParameters) -> Head:
        point = head_at(shape, canvas.camera, canvas.x, canvas.y)
        return cls(shape, parameters, point, point.x.abs(), point.x < 0)

    @property
    def x(self) -> Tensor:
        return self.point.x

    @property
    def y(self) -> Tensor:
        return self.point.y

    def side(self, name: str) -> Tensor:
        """A number of each side at each pixel, taken from the half of the face the pixel lies on."""
        value = self.shape[name]
        return torch.where(self.on_left, value[:, :1], value[:, 1:])

    def trait(self, name: str) -> Tensor:
        return self.parameters.traits[:, TRAIT_INDEX[name], None]  # (n, 1)

    def pose(self, name: str) -> Tensor:
        return self.parameters.pose[:, POSE_INDEX[name], None]

    def lit(self, name: str) -> Tensor:
        """A number of the light."""
        return self.parameters.light[:, LIGHT_INDEX[name], None]

    def scene(self, name: str) -> Tensor:
        return self.parameters.scene[:, SCENE_INDEX[name], None]
