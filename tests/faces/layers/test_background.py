"""The background starts the picture; it knows nothing of the face."""

import torch

from fer_tutorial.faces.layers import background
from tests.helpers.layers import assert_follows, on_canvas, parameters


def drawn(subject=20, **scene):
    canvas, face = on_canvas(parameters(subject=subject, scene=scene))
    return background.paint(canvas, face)[0]


def test_without_clutter_it_is_one_color():
    image = drawn(clutter=0, back_red=0.2, back_green=0.5, back_blue=0.8)
    expected = torch.tensor([0.2, 0.5, 0.8], dtype=torch.float64).square()[:, None].expand_as(image)
    torch.testing.assert_close(image, expected)


def test_clutter_makes_shapes():
    assert drawn(clutter=1.0)[0].std() > 5 * drawn(clutter=0.1)[0].std() > 0


def test_it_knows_nothing_of_the_face():
    canvas, face = on_canvas(parameters())
    _, other = on_canvas(parameters({26: 5}, traits={"hair": 0, "face_width": 2}))
    assert torch.equal(background.paint(canvas, face), background.paint(canvas, other))


def test_gradients():
    for name in ("back_red", "clutter", "clutter_a"):
        assert_follows(
            lambda canvas, face, image: background.paint(canvas, face) + 0 * image,
            "scene",
            name,
            parameters(scene={"clutter": 0.5}),
        )
