"""The learning rate at every step, as a plain function of the step: nothing to save, nothing to restore."""

from __future__ import annotations

import math

import torch

from fer_tutorial.config import TrainConfig


def rate_factor(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """What the learning rate is multiplied with at ``step``, counted in batches from the start of training.

    >>> config = TrainConfig(epochs=40, schedule="step", step_epochs=20, gamma=0.1, warmup_epochs=0)
    >>> [round(rate_factor(config, epoch * 10, 10), 3) for epoch in (0, 19, 20, 39)]
    [1.0, 1.0, 0.1, 0.1]
    """
    warmup = round(config.warmup_epochs * steps_per_epoch)
    if step < warmup:
        return (step + 1) / warmup
    epoch = step // steps_per_epoch
    if config.schedule == "step":
        return config.gamma ** (epoch // config.step_epochs)
    if config.schedule == "exponential":
        return config.gamma**epoch
    if config.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(config.epochs * steps_per_epoch - warmup, 1)))
    return 1.0


def build_optimizer(config: TrainConfig, groups: list[dict]) -> torch.optim.Optimizer:
    """The optimizer of ``config`` over a method's parameter groups, each of which may have its own rate and decay."""
    if config.optimizer == "sgd":
        optimizer: torch.optim.Optimizer = torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum)
    elif config.optimizer == "adam":
        optimizer = torch.optim.Adam(groups, lr=config.lr)
    else:
        optimizer = torch.optim.AdamW(groups, lr=config.lr)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    return optimizer


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Give every parameter group its own rate times ``factor``."""
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * factor
