"""Light on the skin: none without lamps, none of the gloss on hairs."""

import torch

from fer_tutorial.faces.layers import shading
from tests.helpers.layers import assert_follows, gray, on_canvas, parameters


def shaded(**changes):
    canvas, face = on_canvas(parameters(**changes))
    return shading.paint(canvas, face, gray(canvas))[0], face


def test_without_light_all_is_black():
    image, _ = shaded(light={"key": 0, "ambient": 0})
    assert image.abs().max() == 0


def test_ambient_light_alone_multiplies_the_color():
    once, _ = shaded(light={"key": 0, "ambient": 0.4})
    twice, _ = shaded(light={"key": 0, "ambient": 0.8})
    torch.testing.assert_close(twice, 2 * once)


def test_gloss_adds_light_and_less_of_it_on_a_beard():
    def gloss(**traits):
        matt, shiny = (shaded(light={"gloss": gloss}, traits=traits)[0] for gloss in (0, 1))
        return (shiny - matt).mean(0)

    assert gloss().min() >= 0
    assert gloss().max() > 0.02
    _, face = shaded()
    jaw = ((face.y > 0.75) & (face.ax < 0.4))[0]
    assert gloss(beard=1.0)[jaw].mean() < 0.8 * gloss(beard=0.0, stubble=0.0, goatee=0.0)[jaw].mean()


def test_gradients():
    for name in ("azimuth", "elevation", "key", "ambient", "warmth", "gloss"):
        assert_follows(shading.paint, "light", name, parameters())
