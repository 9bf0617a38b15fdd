"""The average of the weights, written out, and the weights put back."""

import pytest
import torch
from torch import nn

from fer_tutorial.training.ema import EMA


@pytest.fixture
def module():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).double()


def moved(module, by):
    with torch.no_grad():
        for tensor in module.state_dict().values():
            tensor.add_(by)


def test_the_average_follows_by_its_formula(module):
    ema = EMA(module, decay=0.2)
    expected = {name: tensor.clone() for name, tensor in ema.averages.items()}
    for step in range(6):
        moved(module, by=1)
        ema.update()
        decay = min(0.2, (1 + step) / (10 + step))  # small at first, so that the random start is forgotten
        for name, weight in module.state_dict().items():
            if weight.is_floating_point():
                expected[name] = decay * expected[name] + (1 - decay) * weight
    for name, average in ema.averages.items():
        torch.testing.assert_close(average, expected[name])


def test_running_statistics_are_averaged_and_counters_are_not(module):
    averages = EMA(module, decay=0.9).averages
    assert "1.running_var" in averages
    assert "1.num_batches_tracked" not in averages


def test_within_the_context_the_averages_count_and_afterwards_the_weights(module):
    ema = EMA(module, decay=0.9)
    start = module[0].weight.detach().clone()
    moved(module, by=1)
    with ema.applied():
        assert torch.equal(module[0].weight, start)
    torch.testing.assert_close(module[0].weight.detach(), start + 1)
    with pytest.raises(RuntimeError, match="on the way"), ema.applied():
        raise RuntimeError("on the way")
    torch.testing.assert_close(module[0].weight.detach(), start + 1)


def test_the_averages_are_no_part_of_the_graph(module):
    ema = EMA(module, decay=0.9)
    ema.update()
    assert not any(average.requires_grad for average in ema.averages.values())
    assert module[0].weight.requires_grad
