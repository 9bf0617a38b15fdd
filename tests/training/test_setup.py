"""Devices that are not there are named; random numbers and switches are put back."""

import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.training.setup import choose_device, repeatable, start_accelerator
from tests.helpers.quick_config import quick


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("name", ["auto", "cpu", "cuda"])
def test_the_device_is_what_was_asked_for_or_what_is_there(monkeypatch, gpu, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    if name == "cuda" and not gpu:
        with pytest.raises(UserError, match="torch finds no GPU on this machine; use device 'cpu' or 'auto'"):
            choose_device(name)
    else:
        assert choose_device(name).type == ("cuda" if gpu and name != "cpu" else "cpu")


def test_half_precision_needs_a_gpu():
    with pytest.raises(UserError, match="'fp16' needs a GPU; on a CPU use 'fp32' or 'bf16'"):
        start_accelerator(quick(precision="fp16"))


def test_two_runs_in_one_process_may_differ_in_precision():
    assert start_accelerator(quick(precision="bf16")).mixed_precision == "bf16"
    assert start_accelerator(quick(precision="fp32")).mixed_precision == "no"


def test_random_numbers_follow_the_runs_seed_and_are_put_back():
    def drawn(seed):
        config = quick(seed=seed)
        with repeatable(config, start_accelerator(config)):
            return torch.rand(3)

    before = torch.get_rng_state()
    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    assert torch.equal(torch.get_rng_state(), before)


def test_deterministic_algorithms_are_switched_on_and_off_again():
    config = quick(deterministic=True)
    with repeatable(config, start_accelerator(config)):
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    with pytest.raises(ZeroDivisionError), repeatable(config, start_accelerator(config)):
        1 / 0  # noqa: B018 - a run that fails
    assert not torch.are_deterministic_algorithms_enabled()
