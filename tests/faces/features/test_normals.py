"""Normals have length 1 and point out of the head."""

import torch

from fer_tutorial.faces.features.normals import find_normals
from tests.helpers.layers import on_canvas, parameters


def found(**changes):
    canvas, face = on_canvas(parameters(**changes), 64)
    return find_normals(canvas, face, torch.zeros_like(face.x)), face  # the ellipses without the height field


def test_they_have_length_1_and_face_the_camera():
    (x, y, z), face = found()
    inside = face.outline > 0.99
    torch.testing.assert_close(
        (x * x + y * y + z * z)[inside].sqrt(), torch.ones(int(inside.sum())).double(), atol=1e-3, rtol=0
    )
    assert z[inside].min() > -0.05


def test_the_left_side_faces_left_and_the_chin_down():
    (x, y, _), face = found()
    assert (x[face.x < -0.1] < 0).all()
    assert (x[face.x > 0.1] > 0).all()
    below = (face.y > 0.8) & (face.outline > 0.99)
    assert y[below].mean() > 0.1


def test_a_turned_head_turns_its_normals():
    (x, _, z), face = found(pose={"yaw": 30})
    middle = (face.ax < 0.03) & ((face.y - 0.08).abs() < 0.1)
    angle = torch.rad2deg(torch.atan2(x, z))[middle]
    assert (angle - 30).abs().max() < 6


def test_a_slope_tilts_them():
    canvas, face = on_canvas(parameters(), 64)
    flat = find_normals(canvas, face, torch.zeros_like(face.x))
    rising = find_normals(canvas, face, 0.5 * canvas.x)  # higher to the right: faces left
    inner = face.outline > 0.99
    assert (rising[0] < flat[0])[inner].all()
