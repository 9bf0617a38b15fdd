"""Glasses are seen at the height of the eyes, on the head alone."""

from fer_tutorial.faces.layers import glasses
from tests.helpers.layers import assert_follows, assert_paints, assert_paints_nothing, change, on_canvas, parameters

ON, OFF = {"glasses": 1, "lens_dark": 0}, {"glasses": 0, "lens_dark": 0}


def test_glasses_lie_around_the_eyes_alone():
    canvas, face = on_canvas(parameters(traits=ON))
    assert_paints(glasses.paint, canvas, face, (face.y.abs() < 0.35) & (face.outline > 1e-3), least=0.2)


def test_without_glasses_nothing_changes():
    assert_paints_nothing(glasses.paint, *on_canvas(parameters(traits=OFF)))


def test_dark_lenses_hide_the_eyes():
    canvas, face = on_canvas(parameters(traits=ON | {"lens_dark": 1}), 96)
    eye = (face.eyes.open > 0.8)[0]
    assert change(glasses.paint, canvas, face)[eye].min() > 0.3


def test_gradients():
    for name in ("glasses", "lens_round", "lens_dark"):
        values = {"glasses": 0.8, "lens_round": 0.5, "lens_dark": 0.5}
        assert_follows(glasses.paint, "traits", name, parameters(traits=values))
