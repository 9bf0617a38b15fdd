import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_tutorial.methods import NORMALIZATIONS
from fer_tutorial.training.batches import (
    FaceBatches,
    Prepare,
    Selection,
    ahead,
    epoch_order,
    evaluation_selections,
)
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


def test_every_sample_comes_once_in_evaluation():
    data = striped(n=11)
    batches = FaceBatches(data, CPU)(evaluation_selections(np.arange(11), 4))
    assert torch.cat([batch["index"] for batch in batches]).tolist() == data.index.tolist()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sequence", [0, 2])
def test_images_are_normalised_with_three_channels(channels, sequence):
    data = striped(n=4, channels=channels, sequence=sequence)
    normalization = NORMALIZATIONS["imagenet"]
    prepared = Prepare(normalization, CPU)({"images": torch.from_numpy(data.images)})["images"]
    assert prepared.shape == (4, *((2,) if sequence else ()), 3, 16, 16)
    assert prepared.dtype == torch.float32
    by_hand = (data.images[1] / 255 - np.array(normalization.mean)) / np.array(normalization.std)
    np.testing.assert_allclose(prepared[1].movedim(-3, -1), by_hand, atol=1e-5)


def test_orders_differ_between_epochs_and_seeds_but_not_between_runs():
    orders = [tuple(epoch_order(30, seed, epoch)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4
    assert all(sorted(order) == list(range(30)) for order in orders)
    assert orders[0] == tuple(epoch_order(30, 0, 0))


def test_balanced_draws_are_equally_often_of_every_class():
    labels = np.array([0] * 900 + [1] * 90 + [3] * 10)  # there is no class 2
    drawn = labels[epoch_order(1000, 0, 0, labels)]
    for label in (0, 1, 3):
        assert abs((drawn == label).mean() - 1 / 3) < 0.06


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
