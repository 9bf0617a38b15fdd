"""Where light comes from, and what it does not reach."""

import torch

from fer_tutorial.faces.features.light import find_light
from tests.helpers.layers import on_canvas, parameters


def found(**light):
    canvas, face = on_canvas(parameters(light=light), 64)
    return find_light(canvas, face, face.eyes, face.brows, face.mouth), face


def test_the_lit_side_gets_more():
    for azimuth in (-60.0, 60.0):
        light, face = found(azimuth=azimuth)
        right, left = (light.diffuse[side & (face.outline > 0.9)].mean() for side in (face.x > 0.2, face.x < -0.2))
        assert (right > left + 0.2) == (azimuth > 0)
        assert (light.from_right > 0) == (azimuth > 0)


def test_light_from_above_leaves_the_chin_darker():
    high, face = found(elevation=70.0)
    low, _ = found(elevation=-70.0)
    under = (face.y > 0.85) & (face.outline > 0.9)
    assert high.diffuse[under].mean() < low.diffuse[under].mean() - 0.3


def test_sockets_are_darker_under_light_from_everywhere():
    light, face = found(key=0.0, ambient=1.0)
    socket = ((face.ax - face.shape["eye_x"]).abs() < 0.08) & ((face.y - face.shape["eye_y"]).abs() < 0.04)
    cheek = ((face.ax - 0.4).abs() < 0.08) & ((face.y - 0.3).abs() < 0.04)
    assert light.shade[socket].mean() < 0.8 * light.shade[cheek].mean()


def test_warm_light_is_red():
    torch.testing.assert_close(found(warmth=0.0)[0].color, torch.ones(1, 3, 1).double())
    red, green, blue = found(warmth=1.0)[0].color.flatten()
    assert red > green > blue


def test_matt_skin_has_no_glint():
    assert found(gloss=0.0)[0].glint.abs().max() == 0
    assert found(gloss=1.0)[0].glint.max() > 0.02
