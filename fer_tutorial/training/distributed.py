"""What several processes need so that together they do what one would do."""

from __future__ import annotations

import os
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class AllGather(torch.autograd.Function):
    """Concatenation over processes; its gradient is the sum of what every process wants of these rows."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.count = len(rows)
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].contiguous()
        dist.all_reduce(gradient)
        return gradient[dist.get_rank() * ctx.count :][: ctx.count]


def gather(rows: Tensor) -> Tensor:
    """Concatenate ``rows`` (m, ...) over all processes, in their order, to (W·m, ...); with one process, ``rows``.

    Differentiable.  Every process computes the same loss from what it gathered, so the gradient that flows back is the
    sum over processes, W times what a single process would see; data-parallel training then averages over processes,
    and the W cancels.  All processes must bring equally many rows.

    >>> gather(torch.arange(3)).tolist()
    [0, 1, 2]
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return rows
    return AllGather.apply(rows.contiguous())


def is_first_process() -> bool:
    """Whether this process is the one that prints and writes, as ``torchrun`` and ``accelerate launch`` count them."""
    return int(os.environ.get("RANK", "0")) == 0


class GatheredBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalization over the batches of all processes, on any device.

    torch's own ``SyncBatchNorm`` is faster but runs on GPUs alone; this one is for processes on CPUs.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        """Any (m, C, ...) will do."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        axes = [axis for axis in range(input.ndim) if axis != 1]
        shape = [1, -1] + [1] * (input.ndim - 2)
        mean = gather(input.mean(axes)[None]).mean(0)  # (W, C) -> (C,)
        centered = input - mean.view(shape)
        variance = gather(centered.square().mean(axes)[None]).mean(0)  # (W, C) -> (C,)
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            count = dist.get_world_size() * input.numel() // input.shape[1]
            self.num_batches_tracked.add_(1)
            momentum = self.num_batches_tracked.reciprocal() if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean.detach(), momentum)
            self.running_var.lerp_(variance.detach() * count / (count - 1), momentum)
        normalized = centered * (variance + self.eps).rsqrt().view(shape)
        return normalized * self.weight.view(shape) + self.bias.view(shape) if self.affine else normalized


def synchronise_batchnorm(module: nn.Module, device: torch.device) -> None:
    """Make every batch normalization inside ``module`` span all processes, in place."""
    if device.type == "cuda":
        for name, child in module.named_children():
            setattr(module, name, nn.SyncBatchNorm.convert_sync_batchnorm(child))
        return
    for child in module.modules():
        if isinstance(child, nn.modules.batchnorm._BatchNorm):
            child.__class__ = GatheredBatchNorm
