import pytest
from torch import nn

from fer_tutorial.training.schedule import build_optimizer, rate_factor, set_rate
from tests.helpers.quick_config import quick


@pytest.mark.parametrize(("settings", "expected"), [
    ({"schedule": "constant"}, [1, 1, 1, 1]),
    ({"schedule": "exponential", "gamma": 0.5}, [1, 0.5, 0.25, 0.125]),
    ({"schedule": "step", "step_epochs": 2, "gamma": 0.1}, [1, 1, 0.1, 0.1]),
    ({"schedule": "cosine"}, [1, 0.8535534, 0.5, 0.1464466]),
])  # fmt: skip
def test_schedules_by_hand(settings, expected):
    config = quick(epochs=4, warmup_epochs=0, **settings)
    assert [rate_factor(config, epoch * 10, 10) for epoch in range(4)] == pytest.approx(expected)


def test_warmup_rises_and_cosine_ends_near_zero():
    config = quick(epochs=5, schedule="cosine", warmup_epochs=1)
    factors = [rate_factor(config, step, 10) for step in range(50)]
    assert factors[:10] == pytest.approx([0.1 * (i + 1) for i in range(10)])
    assert factors[10] == pytest.approx(1)
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[-1] < 0.01


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_every_group_keeps_its_own_rate(name):
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    groups = [
        {"params": list(first.parameters()), "lr": 0.1, "weight_decay": 0.01},
        {"params": list(second.parameters()), "lr": 0.5, "weight_decay": 0.0},
    ]
    optimizer = build_optimizer(quick(optimizer=name), groups)
    set_rate(optimizer, 0.5)
    set_rate(optimizer, 0.2)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.02, 0.1])
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.01, 0.0]
