"""Brows are painted where the brows were found."""

from fer_tutorial.faces.layers import brows
from tests.helpers.layers import assert_follows, assert_paints, change, on_canvas, parameters


def test_brows_lie_above_the_eyes_alone():
    canvas, face = on_canvas(parameters(traits={"hair_red": 0.1, "hair_green": 0.1, "hair_blue": 0.1}))
    there = (face.y > -0.45) & (face.y < -0.05) & (face.ax > 0.03) & (face.ax < 0.7)
    assert_paints(brows.paint, canvas, face, there, least=0.1)


def test_dense_brows_cover_more():
    thin, dense = (
        change(brows.paint, *on_canvas(parameters(traits={"brow_density": density}))).sum() for density in (0.2, 1.0)
    )
    assert dense > 2 * thin


def test_gradients():
    for name in ("brow_height", "brow_thickness", "brow_density", "hair_red"):
        assert_follows(brows.paint, "traits", name, parameters())
