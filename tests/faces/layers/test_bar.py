"""A bar is dark, straight, and as wide as it is said to be."""

from fer_tutorial.faces.layers import bar
from tests.helpers.layers import assert_follows, assert_paints, assert_paints_nothing, on_canvas, parameters

ACROSS = {"bar": 1, "bar_x": 0, "bar_y": 0.2, "bar_angle": 0, "bar_width": 0.1}


def test_a_bar_starts_at_its_point_and_covers_its_width():
    canvas, face = on_canvas(parameters(scene=ACROSS))
    margin = 0.1
    there = ((canvas.y - 0.2).abs() < 0.1 + margin) & (canvas.x > -margin)
    assert_paints(bar.paint, canvas, face, there, least=0.3)


def test_without_opacity_there_is_none():
    assert_paints_nothing(bar.paint, *on_canvas(parameters(scene=ACROSS | {"bar": 0})))


def test_gradients():
    for name in ACROSS:
        assert_follows(bar.paint, "scene", name, parameters(scene=ACROSS | {"bar": 0.8, "bar_angle": 0.3}))
