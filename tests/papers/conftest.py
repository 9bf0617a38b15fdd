"""Several processes in one: what the papers' tests share."""

import pytest
import torch


@pytest.fixture(scope="session")
def run_processes():
    """``run_processes(method, batches)``: the outputs of one training step on every process, one batch a process.

    ``gather`` joins what all processes hand to it, and gradients flow through it to all of them, as they do through a
    differentiable all-gather.  The mean of the losses has the gradients that DDP's averaging gives.
    """

    def run(method, batches):
        sent = []
        for batch in batches:
            sent.append([])
            method.training_step(batch, gather=lambda x: sent[-1].append(x) or x)
        joined = [torch.cat(tensors) for tensors in zip(*sent, strict=True)]
        outputs = []
        for batch in batches:
            replies = iter(joined)
            outputs.append(method.training_step(batch, gather=lambda x, replies=replies: next(replies)))
        return outputs

    return run
