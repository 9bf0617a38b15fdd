"""Which way the surface faces: the normals of the turned ellipses, tilted by the relief."""

from __future__ import annotations

from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.head import Head
from fer_tutorial.faces.surface import DEPTH_RATIO

Vector = tuple[Tensor, Tensor, Tensor]  # x, y, z, each (n, P), in the camera's frame


def find_normals(canvas: Canvas, head: Head, height: Tensor) -> Vector:
    camera, point = canvas.camera, head.point
    w = point.w2.sqrt()
    z_in_slice = point.z - DEPTH_RATIO * (head.shape["head_width"] - w) * point.lower
    y = -0.5 * point.dw2 * (1 - (z_in_slice / (DEPTH_RATIO * w)) * point.lower)
    x, y, z = _unit((point.x, y, z_in_slice / DEPTH_RATIO**2))
    x, z = camera.cos_yaw * x + camera.sin_yaw * z, camera.cos_yaw * z - camera.sin_yaw * x
    y, z = camera.cos_pitch * y - camera.sin_pitch * z, camera.sin_pitch * y + camera.cos_pitch * z
    x, y = camera.cos_roll * x - camera.sin_roll * y, camera.sin_roll * x + camera.cos_roll * y
    slope_x, slope_y = canvas.differences(height)
    return _unit((x - slope_x, y - slope_y, z))


def _unit(vector: Vector) -> Vector:
    x, y, z = vector
    inverse = (x * x + y * y + z * z + 1e-6).rsqrt()
    return x * inverse, y * inverse, z * inverse
