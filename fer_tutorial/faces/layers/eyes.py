"""The eyeballs between the lids: white, iris, pupil, and the light's reflection."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import fixed, linear, over, palette
from fer_tutorial.faces.curves import bump, line
from fer_tutorial.faces.face import Face

# From dark brown through hazel and green to blue, as picture values.
IRIS = ((0.16, 0.09, 0.05), (0.30, 0.18, 0.09), (0.35, 0.30, 0.14), (0.34, 0.42, 0.26), (0.33, 0.47, 0.58))


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    eyes, shape = face.eyes, face.shape
    gaze_x, gaze_y = face.pose("gaze_x"), face.pose("gaze_y")
    i_x = face.ax - shape["eye_x"] - torch.where(face.on_left, -gaze_x, gaze_x) * shape["eye_w"]
    i_y = eyes.v + 0.006 - gaze_y * shape["eye_w"] * 0.6
    radius = (i_x * i_x + i_y * i_y + 1e-8).sqrt()  # from the middle of the iris
    iris_radius = 0.066 + 0.006 * face.trait("youth")
    under_lid = (eyes.v - eyes.upper).clamp(min=0)
    shade = (1 - 0.60 * line(under_lid / 0.026)) * (1 - 0.35 * eyes.s.square().square().clamp(max=1))
    iris = canvas.step(iris_radius - radius, 0.004)
    ball = fixed((0.90, 0.88, 0.86), radius).expand(len(radius), 3, radius.shape[1])
    ball = over(ball, linear(palette(face.trait("iris"), IRIS)), iris)
    ball = ball * (1 - 0.55 * line((radius - iris_radius) / canvas.wide(0.010)) * iris)[:, None]
    ball = over(ball, fixed((0.03, 0.03, 0.03), radius), canvas.step(0.026 - radius, 0.004))
    arriving = 0.60 * (0.10 + 0.86 * (face.lit("ambient") + 0.75 * face.lit("key")))[:, :, None] * face.light.color
    ball = ball * shade[:, None] * arriving
    middle = torch.where(face.on_left, -shape["eye_x"], shape["eye_x"])
    spark_x = face.x - middle - gaze_x * shape["eye_w"] - 0.022 * face.light.from_right.sign()
    spark = bump(spark_x / canvas.wide(0.009), (i_y + 0.020) / canvas.wide(0.009))
    ball = ball + (0.75 * face.lit("key") * spark)[:, None]
    return over(image, ball, eyes.open)
