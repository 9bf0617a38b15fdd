"""Strands: about as much dark as light, finer than a face, faded where pixels are coarse."""

from fer_tutorial.faces.features.strands import find_strands
from tests.helpers.layers import on_canvas, parameters


def found(size=64, **traits):
    return find_strands(*on_canvas(parameters(traits=traits), size))[0]


def test_they_lie_between_about_minus_1_and_1():
    for curl in (0.0, 1.0):
        strands = found(curl=curl)
        assert strands.abs().max() <= 1
        assert strands.mean().abs() < 0.15
        assert strands.std() > 0.2


def test_curls_are_another_pattern():
    assert (found(curl=1.0) - found(curl=0.0)).abs().mean() > 0.2


def test_coarse_pixels_show_less_of_them():
    assert found(16).std() < 0.8 * found(96).std()
