import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from fer_tutorial.methods import METHODS
from fer_tutorial.training.distributed import GatheredBatchNorm, gather
from tests.helpers import two_processes

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What two processes with half the batch each came to, for every method."""
    folder = tmp_path_factory.mktemp("two")
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--master_port=0", "--standalone"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [*launch, str(REPOSITORY / "tests" / "helpers" / "two_processes.py"), str(folder), *METHODS],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.parametrize("name", METHODS)
def test_two_processes_with_half_the_batch_are_one_with_the_whole(two, name):
    method, run = two_processes.trained(name)
    for rank in (0, 1):
        weights = load_file(two / f"{name}-{rank}.safetensors")
        assert torch.equal(weights.pop("__labels__"), run.labels.labels)
        for key, expected in method.state_dict().items():
            torch.testing.assert_close(weights[key], expected, rtol=1e-3, atol=2e-5, msg=lambda m, k=key: f"{k}: {m}")
        history = pd.read_csv(two / f"{name}-{rank}.csv")
        assert list(history) == list(run.history)
        np.testing.assert_allclose(history["loss"], run.history["loss"], rtol=1e-4)


def test_scn_really_relabeled(two):
    _, run = two_processes.trained("scn")
    assert len(run.labels.audit()) > 0


def test_gather_is_the_identity_in_one_process():
    rows = torch.randn(3, 2)
    assert gather(rows) is rows


def test_gathered_batch_norm_is_batch_norm_in_one_process(monkeypatch):
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 1)
    ours, theirs = GatheredBatchNorm(4), nn.BatchNorm1d(4)
    for layer in (ours, theirs):
        nn.init.constant_(layer.weight, 2.0)
    images = torch.randn(16, 4) * 3 + 1
    torch.testing.assert_close(ours(images), theirs(images))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(images), theirs.eval()(images))
