"""Four fingers of the skin's color."""

import torch

from fer_tutorial.faces.layers import hand
from tests.helpers.layers import assert_follows, assert_paints, assert_paints_nothing, gray, on_canvas, parameters

LAID = {"hand": 1, "hand_x": 0, "hand_y": 0.3, "hand_angle": 0}


def test_fingers_reach_from_their_tips_across():
    canvas, face = on_canvas(parameters(scene=LAID))
    there = ((canvas.y - 0.3).abs() < 0.42) & (canvas.x > -0.15)
    assert_paints(hand.paint, canvas, face, there, least=0.05)


def test_there_are_four():
    canvas, face = on_canvas(parameters(scene=LAID), 96)
    on_black = hand.paint(canvas, face, torch.zeros_like(gray(canvas)))[0, 0].view(96, 96)[:, 80]
    crests = (on_black[1:-1] > on_black[:-2]) & (on_black[1:-1] >= on_black[2:]) & (on_black[1:-1] > 0.01)
    assert crests.sum() == 4


def test_without_opacity_there_are_none():
    assert_paints_nothing(hand.paint, *on_canvas(parameters(scene=LAID | {"hand": 0})))


def test_they_have_the_skins_color():
    canvas, face = on_canvas(parameters(scene=LAID))
    dark = on_canvas(parameters(scene=LAID, traits={"skin_tone": 1.0}))
    assert hand.paint(*dark, gray(canvas)).mean() < hand.paint(canvas, face, gray(canvas)).mean()


def test_gradients():
    for name in LAID:
        assert_follows(hand.paint, "scene", name, parameters(scene=LAID | {"hand": 0.8, "hand_angle": 0.3}))
