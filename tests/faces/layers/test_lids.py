"""The upper lids' crease, and eye shadow."""

from fer_tutorial.faces.layers import lids
from tests.helpers.layers import assert_follows, assert_paints, change, on_canvas, parameters

PLAIN = {"makeup": 0}


def around_the_eyes(face):
    return (face.eyes.s.abs() < 1.5) & (face.eyes.v.abs() < 0.25)


def test_the_crease_lies_above_the_eye_alone():
    canvas, face = on_canvas(parameters(traits=PLAIN | {"lid_crease": 1}))
    assert_paints(lids.paint, canvas, face, around_the_eyes(face), least=0.1)


def test_eye_shadow_fills_the_lid_below_the_crease():
    plain = on_canvas(parameters({43: 5}, traits=PLAIN), 96)
    made_up = on_canvas(parameters({43: 5}, traits={"makeup": 1}), 96)
    added = (change(lids.paint, *made_up) - change(lids.paint, *plain)).abs()
    _, face = made_up
    assert added[around_the_eyes(face)[0]].max() > 0.1
    assert added[~around_the_eyes(face)[0]].max() < 0.01


def test_gradients():
    for name in ("lid_crease", "makeup", "eye_opening"):
        assert_follows(lids.paint, "traits", name, parameters(traits={"makeup": 0.5}))
