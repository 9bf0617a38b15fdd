"""Grad-CAM against the two equations of its paper, written out."""

import numpy as np
import pytest
import torch
from torch import nn

from fer_tutorial.errors import UserError
from fer_tutorial.viz import grad_cam, overlay


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Tanh())
        self.classify = nn.Linear(4, 3)

    def forward(self, images):
        return self.classify(self.backbone(images).square().mean(dim=(2, 3)))


def by_hand(network, images, classes):
    maps = []
    for image, k in zip(images, classes, strict=True):
        feature_map = network.backbone(image[None]).detach().requires_grad_()  # (1, C, h, w)
        logit = network.classify(feature_map.square().mean(dim=(2, 3)))[0, k]
        (gradient,) = torch.autograd.grad(logit, feature_map)
        weights = gradient.mean(dim=(2, 3), keepdim=True)  # Eq. (1)
        heat = (weights * feature_map).sum(dim=1)[0].relu()  # Eq. (2)
        maps.append((heat - heat.min()) / (heat.max() - heat.min()))
    return torch.stack(maps).detach().numpy()


def test_it_is_the_papers_two_equations():
    network, images, classes = Network().eval(), torch.randn(5, 1, 8, 8), [0, 1, 2, 1, 0]
    np.testing.assert_allclose(grad_cam(network, images, classes), by_hand(network, images, classes), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "together"),
    [
        ("HiResCAM", lambda gradient, feature_map: gradient * feature_map),
        ("LayerCAM", lambda gradient, feature_map: gradient.relu() * feature_map),
    ],
)
def test_relatives_that_multiply_place_by_place(kind, together):
    network, images = Network().eval(), torch.randn(1, 1, 8, 8)
    feature_map = network.backbone(images).detach().requires_grad_()  # (1, C, h, w)
    (gradient,) = torch.autograd.grad(network.classify(feature_map.square().mean(dim=(2, 3)))[0, 1], feature_map)
    heat = together(gradient, feature_map).sum(dim=1).relu().detach()  # (1, h, w)
    expected = (heat - heat.min()) / (heat.max() - heat.min())
    np.testing.assert_allclose(grad_cam(network, images, [1], kind=kind), expected.numpy(), atol=1e-4)


def test_without_classes_the_predicted_ones_are_explained():
    network, images = Network().eval(), torch.randn(4, 1, 8, 8)
    np.testing.assert_array_equal(grad_cam(network, images), grad_cam(network, images, network(images).argmax(dim=1)))


def test_frozen_weights_give_the_same_map():
    network, images = Network(), torch.randn(2, 1, 8, 8)
    expected = grad_cam(network, images, [0, 1])
    np.testing.assert_array_equal(grad_cam(network.requires_grad_(False), images, [0, 1]), expected)


def test_the_network_is_left_as_it_was():
    network, images = Network().train(), torch.randn(2, 1, 8, 8)
    network.classify.eval()
    network(images).sum().backward()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    with torch.no_grad():
        grad_cam(network, images, [0, 1])
    assert network.training
    assert not network.classify.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        assert torch.equal(parameter.grad, gradient)
    assert images.grad is None


def test_another_layer_can_be_looked_at():
    network, images = Network(), torch.randn(1, 1, 8, 8)
    assert not np.array_equal(grad_cam(network, images, [0]), grad_cam(network, images, [0], layer=network.backbone[0]))


def test_bad_input_is_named():
    with pytest.raises(UserError, match=r"expected \(m, C, H, W\)"):
        grad_cam(Network(), torch.randn(1, 8, 8))
    with pytest.raises(UserError, match="1 classes for 2 images"):
        grad_cam(Network(), torch.randn(2, 1, 8, 8), [0])
    with pytest.raises(UserError, match="Linear has no backbone"):
        grad_cam(nn.Linear(3, 2), torch.randn(2, 1, 8, 8))
    with pytest.raises(UserError, match="no kind of map 'CAM'; choose one of Grad-CAM, "):
        grad_cam(Network(), torch.randn(2, 1, 8, 8), kind="CAM")


def test_overlay_mixes_image_and_map():
    image = np.full((6, 6, 1), 51, np.uint8)
    np.testing.assert_allclose(overlay(image, np.ones((2, 2)), alpha=0), 0.2, atol=1e-6)
    hot, cold = overlay(image, np.ones((2, 2)), alpha=1), overlay(image, np.zeros((2, 2)), alpha=1)
    assert hot.shape == (6, 6, 3)
    assert hot.mean() > 0.8 > 0.1 > cold.mean()
    with pytest.raises(UserError, match="alpha is 2"):
        overlay(image, np.ones((2, 2)), alpha=2)
    with pytest.raises(UserError, match="one map at a time"):
        overlay(image, np.ones((1, 2, 2)))
