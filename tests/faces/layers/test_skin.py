"""Skin starts the head's picture: its tone everywhere, freckles and blush where they belong."""

import torch

from fer_tutorial.faces.layers import skin
from tests.helpers.layers import assert_follows, on_canvas, parameters


def paint(canvas, face, image):
    return image * 0 + skin.paint(canvas, face)


def drawn(**traits):
    canvas, face = on_canvas(parameters(traits=traits))
    return skin.paint(canvas, face)[0], face


def test_the_tone_is_everywhere_with_little_mottle():
    image, face = drawn(freckles=0)
    away = (face.y < -0.5)[0]
    assert (image / face.skin_color[0] - 1).abs()[:, away].max() < 0.06


def test_freckles_lie_across_nose_and_cheeks_alone():
    changed = (drawn(freckles=1)[0] - drawn(freckles=0)[0]).abs().amax(0)
    _, face = drawn()
    there = ((face.y - 0.2).abs() < 0.45)[0]
    assert changed[there].max() > 0.05
    assert changed[~there].max() < 0.1 * changed.max()


def test_cheeks_are_redder_than_the_forehead():
    image, face = drawn(freckles=0)
    cheek = (((face.ax - 0.4).abs() < 0.1) & ((face.y - 0.26).abs() < 0.1))[0]
    forehead = (face.y < -0.4)[0]
    redness = image[0] / image[1]
    assert redness[cheek].mean() > 1.05 * redness[forehead].mean()


def test_gradients():
    for name in ("skin_tone", "undertone", "freckles"):
        assert_follows(paint, "traits", name, parameters(traits={"freckles": 0.5}))
    assert torch.isfinite(drawn()[0]).all()
