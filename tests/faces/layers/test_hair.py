"""Hair covers the scalp, falls over the forehead and down the sides."""

import pytest

from fer_tutorial.faces.layers import hair
from tests.helpers.layers import assert_follows, assert_paints, assert_paints_nothing, change, on_canvas, parameters

SHORT = {"hair": 1, "hair_length": 0.1, "hair_volume": 0.3, "fringe": 0, "receding": 0}


def test_short_hair_leaves_the_face_free():
    canvas, face = on_canvas(parameters(traits=SHORT))
    # The roots' shadow reaches a little below the hairline, the strands in front of the ears down to the lobes.
    assert_paints(hair.paint, canvas, face, (face.y < -0.3) | (face.ax > 0.5), least=0.2)


def test_a_bald_head_is_left_as_it_is():
    assert_paints_nothing(hair.paint, *on_canvas(parameters(traits={"hair": 0})))


@pytest.mark.parametrize(("trait", "x", "y"), [("fringe", 0.3, -0.42), ("hair_length", 0.68, 0.5)])
def test_a_fringe_covers_the_forehead_and_long_hair_the_sides(trait, x, y):
    changes = []
    for value in (0.0, 1.0):
        canvas, face = on_canvas(parameters(traits=SHORT | {trait: value}))
        at = ((face.ax - x).abs() + (face.y - y).abs())[0].argmin()
        changes.append(change(hair.paint, canvas, face)[at])
    assert changes[1] > changes[0] + 0.1


def test_gradients():
    for name in ("hairline", "hair_red", "fringe", "curl"):
        assert_follows(hair.paint, "traits", name, parameters(traits=SHORT | {"fringe": 0.5, "curl": 0.5}))
