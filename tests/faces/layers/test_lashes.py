"""Lashes lie along the lids."""

from fer_tutorial.faces.layers import lashes
from tests.helpers.layers import assert_follows, assert_paints, change, on_canvas, parameters


def test_lashes_lie_along_the_lids_alone():
    canvas, face = on_canvas(parameters(), 96)
    near_a_lid = ((face.eyes.v - face.eyes.upper).abs() < 0.12) | ((face.eyes.v - face.eyes.lower).abs() < 0.12)
    assert_paints(lashes.paint, canvas, face, near_a_lid & (face.eyes.s.abs() < 1.4), least=0.1)


def test_eye_liner_darkens():
    plain, lined = (change(lashes.paint, *on_canvas(parameters(traits={"makeup": makeup}))).sum() for makeup in (0, 1))
    assert lined > 1.2 * plain


def test_gradients():
    for name in ("makeup", "eye_opening"):
        assert_follows(lashes.paint, "traits", name, parameters(traits={"makeup": 0.5}))
