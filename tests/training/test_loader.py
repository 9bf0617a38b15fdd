from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig
from fer_tutorial.methods import NORMALIZATIONS
from fer_tutorial.training import build_method
from fer_tutorial.training.augment import Augment
from fer_tutorial.training.loader import Loader, drawn_labels, epoch_order, normalize
from tests.helpers.striped_faces import striped


def loader_of(data, **options):
    name = "mgln" if data.is_sequence else "softmax"
    return Loader(data, build_method(name, data), **options)


def test_taken_rows_come_in_their_order_with_all_that_the_data_have():
    data = striped(n=20)
    rows = [7, 3, 3, 19, 0]
    batch = loader_of(data).take(rows)
    for name in ("labels", "index", "landmarks", "action_units"):
        np.testing.assert_array_equal(batch[name].numpy(), getattr(data, name)[rows])
    assert "lengths" not in batch


@pytest.mark.parametrize("rows", [slice(2, 5), np.array([2, 3, 4]), np.arange(11) // 3 == 1, [-1], slice(None)])
def test_rows_may_be_named_as_numpy_takes_them(rows):
    data = striped(n=11)
    assert loader_of(data).take(rows)["index"].tolist() == data.index[rows].tolist()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sequence", [0, 2])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_images_are_normalized_with_three_channels(channels, sequence, normalization):
    data = striped(n=4, channels=channels, sequence=sequence, size=32)
    method = build_method("mgln" if sequence else "softmax", data, normalization=normalization)
    images = Loader(data, method).take()["images"]
    assert images.shape == (4, *((2,) if sequence else ()), 3, 32, 32)
    assert images.dtype == torch.float32
    mean, std = (np.array(values) for values in NORMALIZATIONS[normalization])
    np.testing.assert_allclose(images[1].movedim(-3, -1), (data.images[1] / 255 - mean) / std, atol=1e-5)
    pixels = torch.tensor(data.images).movedim(-1, -3).float().expand_as(images) / 255
    assert torch.equal(normalize(pixels, normalization), images)


def test_every_sample_comes_once_in_turn():
    data = striped(n=11)
    batches = list(loader_of(data).in_turn(np.arange(11), 4))
    assert [len(batch["index"]) for batch in batches] == [4, 4, 3]
    assert torch.cat([batch["index"] for batch in batches]).tolist() == data.index.tolist()


def test_an_epoch_visits_every_sample_once_and_each_epoch_in_another_order():
    data = striped(n=24)
    loader = loader_of(data, batch_size=8)
    first, second = (torch.cat([batch["index"] for batch in loader.epoch(epoch)]) for epoch in (0, 1))
    assert first.tolist() != second.tolist()
    assert sorted(first.tolist()) == sorted(second.tolist()) == data.index.tolist()


@pytest.mark.parametrize("augment", [None, Augment(AugmentConfig(noise=0.05, erase=0.5))])
def test_an_epoch_entered_in_its_middle_goes_on_with_the_same_batches(augment):
    loader = loader_of(striped(n=24), batch_size=8, augment=augment)
    whole, rest = list(loader.epoch(1)), list(loader.epoch(1, first=1))
    assert len(rest) == 2
    for expected, batch in zip(whole[1:], rest, strict=True):
        assert all(torch.equal(batch[name], expected[name]) for name in expected)


def test_two_processes_share_a_batch():
    data, augment = striped(n=24), Augment(AugmentConfig(noise=0.05))
    settings = {"batch_size": 8, "augment": augment}
    whole = list(loader_of(data, **settings).epoch(2))
    halves = [list(loader_of(data, rows=rows, **settings).epoch(2)) for rows in (slice(0, 4), slice(4, 8))]
    for batch, *parts in zip(whole, *halves, strict=True):
        for name, value in batch.items():
            torch.testing.assert_close(torch.cat([part[name] for part in parts]), value)


def test_only_epochs_are_augmented():
    data = striped(n=8)
    flipped = loader_of(data, batch_size=8, augment=Augment(replace(NO_AUGMENTATION, flip=1.0)))
    (batch,) = flipped.epoch(0)
    plain = flipped.take(epoch_order(8, 0, 0))
    assert torch.equal(batch["index"], plain["index"])
    torch.testing.assert_close(batch["images"], plain["images"].flip(-1))
    assert not torch.equal(batch["landmarks"], plain["landmarks"])


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


def test_labels_are_drawn_as_often_as_they_were_voted_for():
    votes = torch.tensor([[1, 0, 3], [0, 5, 5], [2, 0, 0]])
    draws = (torch.arange(1000) + 0.5) / 1000
    for row in votes:
        counts = torch.bincount(drawn_labels(row.expand(1000, 3), draws), minlength=3)
        assert torch.equal(counts, (1000 * row / row.sum()).long())
    shares = votes / votes.sum(1, keepdim=True)
    assert torch.equal(drawn_labels(shares, draws[:3]), drawn_labels(votes, draws[:3]))


def test_each_epoch_draws_labels_anew_and_two_processes_draw_those_of_one():
    data = replace(striped(n=64), votes=np.tile([1, 1, 0, 0, 0, 0, 0], (64, 1)))
    loader = loader_of(data, batch_size=64, draw_labels=True)
    first, again, second = (next(loader.epoch(epoch)) for epoch in (0, 0, 1))
    assert torch.equal(first["labels"], again["labels"])
    assert set(first["labels"].tolist()) == {0, 1}
    by_index = [batch["labels"][batch["index"].argsort()] for batch in (first, second)]
    assert not torch.equal(*by_index)
    halves = [
        next(loader_of(data, batch_size=64, draw_labels=True, rows=rows).epoch(0))["labels"]
        for rows in (slice(0, 32), slice(32, 64))
    ]
    assert torch.equal(torch.cat(halves), first["labels"])
    assert torch.equal(loader.take()["labels"], torch.from_numpy(data.labels))  # as given where nothing is trained
