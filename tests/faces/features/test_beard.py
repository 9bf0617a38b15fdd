"""Which skin a beard covers."""

import pytest

from fer_tutorial.faces.features.beard import find_beard
from tests.helpers.layers import on_canvas, parameters

SHAVEN = {"stubble": 0, "moustache": 0, "goatee": 0, "beard": 0}


def found(**traits):
    canvas, face = on_canvas(parameters(traits=SHAVEN | traits), 64)
    return find_beard(canvas, face, face.mouth), face


def test_a_shaven_face_has_none():
    assert found()[0].max() == 0


@pytest.mark.parametrize(("kind", "least"), [("beard", 0.8), ("goatee", 0.8), ("moustache", 0.6), ("stubble", 0.3)])
def test_every_kind_covers_its_part(kind, least):
    cover, face = found(**{kind: 1.0})
    assert least < cover.max() <= 0.96
    assert cover[(face.y < -0.1) & (face.ax < 0.6)].max() < 0.02
    if kind == "goatee":
        assert cover[face.ax > 0.4].max() < 0.02
    if kind == "moustache":
        assert cover[face.y > face.mouth.lip_low + 0.2].max() < 0.02


def test_stubble_covers_less_than_a_beard():
    assert found(stubble=1.0)[0].max() < 0.6 * found(beard=1.0)[0].max()
