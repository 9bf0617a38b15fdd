"""Clothes lie at the bottom, in the scene's color."""

from fer_tutorial.faces.layers import clothes
from tests.helpers.layers import assert_follows, assert_paints, gray, on_canvas, parameters

CLOTH = {"cloth_red": 0.1, "cloth_green": 0.4, "cloth_blue": 0.9}


def test_clothes_lie_at_the_bottom_alone():
    canvas, face = on_canvas(parameters(scene=CLOTH, pose={"span": 3.0}))
    assert_paints(clothes.paint, canvas, face, canvas.y > 0.9, least=0.2)


def test_they_have_the_scenes_color():
    canvas, face = on_canvas(parameters(scene=CLOTH, pose={"span": 3.0}))
    bottom = clothes.paint(canvas, face, gray(canvas))[0][:, -1]
    assert bottom.argsort().tolist() == [0, 1, 2]


def test_gradients():
    for name in CLOTH:
        assert_follows(clothes.paint, "scene", name, parameters(scene=CLOTH, pose={"span": 3.0}))
