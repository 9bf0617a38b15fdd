"""What every test may ask for: the folder of real face files, and a fixed seed."""

import os
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data_root() -> Path:
    """The folder with ``ferplus/`` and ``london/``; a test that needs real faces skips where there is none."""
    root = Path(os.environ.get("FER_DATA_ROOT", REPOSITORY.parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip("no real faces here: set FER_DATA_ROOT to a folder that holds ferplus/ and london/")
    return root


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
