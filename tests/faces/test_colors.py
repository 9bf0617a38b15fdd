"""Colors in linear light."""

import torch

from fer_tutorial.faces.colors import fixed, linear, over, palette, tinted


def test_a_palette_is_linear_between_its_nodes():
    nodes = ((0.0, 0.0, 0.0), (1.0, 0.5, 0.2), (0.0, 1.0, 1.0))
    position = torch.tensor([[0.0], [0.25], [0.5], [1.0]])
    torch.testing.assert_close(
        palette(position, nodes), torch.tensor([[0, 0, 0], [0.5, 0.25, 0.1], [1, 0.5, 0.2], [0, 1, 1]])
    )


def test_picture_values_are_the_square_roots_of_linear_light():
    color = torch.tensor([[0.5, 0.2, 1.0]])
    torch.testing.assert_close(linear(color), torch.tensor([[[0.25], [0.04], [1.0]]]))
    torch.testing.assert_close(fixed((0.5, 0.2, 1.0), like=color), linear(color)[0])
    torch.testing.assert_close(tinted(linear(color), (1.0, 0.5, 0.0)), torch.tensor([[[0.25], [0.02], [0.0]]]))


def test_a_color_is_laid_over_where_alpha_says():
    image, red = torch.full((1, 3, 3), 0.5), fixed((1.0, 0.0, 0.0), torch.zeros(()))
    painted = over(image, red, torch.tensor([[0.0, 0.5, 1.0]]))
    torch.testing.assert_close(painted[0].T, torch.tensor([[0.5, 0.5, 0.5], [0.75, 0.25, 0.25], [1.0, 0.0, 0.0]]))
