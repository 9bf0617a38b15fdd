"""Initial weights disturbed by a relative 1e-3, the same way each time the same network is built."""

import pytest
import torch

from tools.disturb import disturb


@pytest.fixture
def disturbed(monkeypatch):
    """``disturbed(seed)`` from the beginning; the optimizers are as they were afterwards."""
    original = torch.optim.Optimizer.add_param_group

    def start(seed):
        monkeypatch.setattr(torch.optim.Optimizer, "add_param_group", original)
        disturb(seed)

    return start


def weights(count=1):
    """The parameters of ``count`` layers of ones after an optimizer got them."""
    layers = [torch.nn.Linear(100, 10, bias=False) for _ in range(count)]
    for layer in layers:
        torch.nn.init.ones_(layer.weight)
    torch.optim.SGD([{"params": layer.weight} for layer in layers], lr=0.1)
    return [layer.weight.detach() for layer in layers]


def test_every_parameter_changes_by_one_in_a_thousand_and_each_in_its_own_way(disturbed):
    disturbed(1)
    first, second = weights(2)
    for weight in (first, second):
        assert (weight - 1).std().item() == pytest.approx(1e-3, rel=0.2)
    assert not torch.equal(first, second)


def test_the_same_network_is_disturbed_in_the_same_way_and_another_seed_in_another(disturbed):
    disturbed(1)
    once, again = weights()[0], weights()[0]
    assert torch.equal(once, again)
    disturbed(2)
    assert not torch.equal(weights()[0], once)


def test_zeros_stay_zeros(disturbed):
    disturbed(1)
    zero = torch.nn.Parameter(torch.zeros(5))
    torch.optim.Adam([zero])
    assert not zero.any()
