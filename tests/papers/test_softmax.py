"""The baseline: one linear layer on the average of the feature map, and cross-entropy."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fer_tutorial.papers.configs import SoftmaxConfig
from fer_tutorial.papers.softmax import Softmax


@pytest.fixture
def images():
    return torch.randn(5, 3, 8, 8)


@pytest.fixture
def backbone():
    layer = nn.Conv2d(3, 6, 3)
    layer.out_channels = 6
    return layer


def test_logits_are_a_linear_layer_on_the_average_of_the_map(backbone, images):
    method = Softmax(backbone, num_classes=4).eval()
    average = torch.stack([backbone(image[None])[0].flatten(1).mean(1) for image in images])  # (m, C)
    torch.testing.assert_close(method.embed(images), average)
    expected = average @ method.classifier.weight.T + method.classifier.bias
    torch.testing.assert_close(method(images), expected)
    torch.testing.assert_close(method.predict({"images": images}), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_cross_entropy_with_its_smoothing_written_out(backbone, images, smoothing):
    method = Softmax(backbone, 4, SoftmaxConfig(label_smoothing=smoothing)).eval()
    labels = torch.tensor([0, 3, 1, 1, 2])
    outputs = method.training_step({"images": images, "labels": labels})
    target = (1 - smoothing) * F.one_hot(labels, 4) + smoothing / 4
    log_p = outputs["logits"] - outputs["logits"].logsumexp(1, keepdim=True)
    torch.testing.assert_close(outputs["loss"], -(target * log_p).sum(1).mean())
    outputs["loss"].backward()
    assert all(parameter.grad is not None for parameter in method.parameters())


def test_dropout_acts_in_training_alone(backbone, images):
    method = Softmax(backbone, 4, SoftmaxConfig(dropout=0.5))
    assert not torch.equal(method(images), method(images))
    method.eval()
    assert torch.equal(method(images), method(images))
