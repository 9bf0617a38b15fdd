"""A face is a head with its features and colors."""

import torch

from tests.helpers.layers import on_canvas, parameters


def test_colors_are_the_traits_in_linear_light():
    _, face = on_canvas(parameters(traits={"hair_red": 0.5, "hair_green": 0.4, "hair_blue": 0.1}), 16)
    expected = torch.tensor([0.25, 0.16, 0.01], dtype=torch.float64)[None, :, None]
    torch.testing.assert_close(face.hair_color, expected)
    tones = [on_canvas(parameters(traits={"skin_tone": tone}), 16)[1].skin_color.mean() for tone in (0.0, 0.5, 1.0)]
    assert tones == sorted(tones, reverse=True)


def test_warm_skin_is_less_blue():
    cool, warm = (on_canvas(parameters(traits={"undertone": z}), 16)[1].skin_color[0] for z in (-2.0, 2.0))
    assert warm[2] < cool[2]
    assert warm[0] > cool[0]


def test_features_are_numbers_at_every_pixel():
    canvas, face = on_canvas(parameters({12: 3, 25: 3}), 16)
    for value in (face.eyes.open, face.brows.cover, face.mouth.lips, face.beard, face.outline):
        assert value.shape == canvas.x.shape
        assert value.min() >= 0
        assert value.max() <= 1
