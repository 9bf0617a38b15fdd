"""Which device and which processes a run uses, and how it is made repeatable."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from fer_tutorial.config import Device, TrainConfig
from fer_tutorial.errors import UserError
from fer_tutorial.training.augment import step_seed


def choose_device(name: Device) -> torch.device:
    """``auto`` is a GPU where there is one.

    Raises:
        UserError: a GPU is asked for where there is none.
    """
    gpu = torch.cuda.is_available()
    if name == "cuda" and not gpu:
        raise UserError("device is 'cuda' but torch finds no GPU on this machine; use device 'cpu' or 'auto'")
    return torch.device("cuda" if gpu and name != "cpu" else "cpu")


def check_machine(config: TrainConfig) -> torch.device:
    """The device for ``config``.

    Raises:
        UserError: a GPU, or a precision, that this machine does not have.
    """
    device = choose_device(config.device)
    if config.precision == "fp16" and device.type == "cpu":
        raise UserError("precision 'fp16' needs a GPU; on a CPU use 'fp32' or 'bf16'")
    return device


def start_accelerator(config: TrainConfig) -> Accelerator:
    """The accelerator for ``config``: one process, or all that ``accelerate launch`` or ``torchrun`` started.

    Raises:
        UserError: a GPU, or a precision, that this machine does not have.
    """
    cpu = check_machine(config).type == "cpu"
    # accelerate remembers device and precision for the whole process; a notebook may well train twice with two choices.
    AcceleratorState._reset_state(reset_partial_state=not (dist.is_available() and dist.is_initialized()))
    return Accelerator(
        cpu=cpu,
        mixed_precision={"fp32": "no"}.get(config.precision, config.precision),
        gradient_accumulation_steps=config.accumulate,
    )


@contextmanager
def repeatable(config: TrainConfig, accelerator: Accelerator) -> Iterator[None]:
    """Random numbers from the run's seed, and deterministic algorithms where asked for; afterwards all is as before."""
    devices = [accelerator.device] if accelerator.device.type == "cuda" else []
    before = torch.are_deterministic_algorithms_enabled()
    benchmark = torch.backends.cudnn.benchmark
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(step_seed(config.seed, accelerator.process_index))
        torch.backends.cudnn.benchmark = not config.deterministic
        if config.deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before)
            torch.backends.cudnn.benchmark = benchmark
