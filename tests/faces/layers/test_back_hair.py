"""The hair behind the head: above and beside it, and farther down the longer it is."""

from fer_tutorial.faces.layers import back_hair
from tests.helpers.layers import assert_follows, assert_paints, assert_paints_nothing, change, on_canvas, parameters


def test_short_hair_stays_above():
    canvas, face = on_canvas(parameters(traits={"hair": 1, "hair_length": 0, "hair_volume": 0.5}))
    assert_paints(back_hair.paint, canvas, face, canvas.y < 0.5, least=0.2)


def test_long_hair_falls_over_the_shoulders():
    canvas, face = on_canvas(parameters(traits={"hair": 1, "hair_length": 1, "hair_volume": 0.5}))
    assert change(back_hair.paint, canvas, face)[((canvas.y > 0.9) & (canvas.x.abs() < 0.5))[0]].max() > 0.2


def test_a_bald_head_has_none():
    assert_paints_nothing(back_hair.paint, *on_canvas(parameters(traits={"hair": 0})))


def test_gradients():
    for name in ("hair_length", "hair_volume", "hair_green"):
        assert_follows(back_hair.paint, "traits", name, parameters(traits={"hair": 1, "hair_length": 0.4}))
