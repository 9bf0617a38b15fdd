import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_tutorial.training.batches import FaceBatches, Selection, ahead
from tests.helpers.striped_faces import striped

CPU = torch.device("cpu")


def test_batches_hold_the_selected_rows_in_the_selected_order(tmp_path):
    data = striped(n=20)
    mapped = np.memmap(tmp_path / "images", np.uint8, "w+", shape=data.images.shape)
    mapped[:] = data.images
    mapped.flush()
    data = replace(data, images=np.memmap(tmp_path / "images", np.uint8, "r", shape=data.images.shape))
    positions = np.array([7, 3, 3, 19, 0])
    (batch,) = FaceBatches(data, CPU)([Selection(positions)])
    assert batch["images"].dtype == torch.uint8
    for name in ("images", "labels", "index", "landmarks", "action_units"):
        np.testing.assert_array_equal(batch[name].numpy(), getattr(data, name)[positions])
    assert "lengths" not in batch


def test_errors_of_the_thread_reach_the_loop():
    def broken():
        yield {"number": torch.tensor(0)}
        raise RuntimeError("the disk is gone")

    items = ahead(broken(), 2)
    next(items)
    with pytest.raises(RuntimeError, match="the disk is gone"):
        next(items)


def test_a_loop_left_early_leaves_no_thread():
    items = ahead(({"number": torch.tensor(i)} for i in range(100)), 2)
    next(items)
    items.close()
    time.sleep(0.01)
    assert not [thread for thread in threading.enumerate() if thread.name == "batches"]
