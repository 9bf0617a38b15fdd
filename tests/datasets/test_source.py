import numpy as np
import pytest

import fer_tutorial.datasets.source as source_module
from fer_tutorial.datasets import Source
from fer_tutorial.errors import UserError


def make(labels, **changes):
    n = len(labels)
    table = {"labels": np.array(labels, np.int64), "index": np.arange(n), **changes.pop("table", {})}
    return Source(
        "toy",
        "train",
        ("neutral", "happiness"),
        table,
        (4, 4, 1),
        lambda start, stop: np.repeat(np.arange(start, stop, dtype=np.uint8), 16).reshape(-1, 4, 4, 1),
        **changes,
    )


def test_loading_in_pieces_gives_every_row_once(monkeypatch):
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 3 * 16)
    source = make([0, 1, 0, 1, 0, 1, 1])
    assert [first for first, _ in source.chunks()] == [0, 3, 6]
    assert [first for first, _ in source.chunks(2)] == [2, 5]
    assert source.load().images[:, 0, 0, 0].tolist() == list(range(7))


def test_an_image_larger_than_a_chunk_is_read_alone(monkeypatch):
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 1)
    assert [first for first, _ in make([0, 1]).chunks()] == [0, 1]


def test_the_table_is_checked_before_any_pixel_is_read():
    with pytest.raises(UserError, match="labels run from 0 to 2 but there are 2 classes"):
        make([0, 2])
    with pytest.raises(UserError, match="index repeats"):
        make([0, 1], table={"index": np.array([5, 5])})
    with pytest.raises(UserError, match="subjects has 3 rows but there are 2 images"):
        make([0, 1], table={"subjects": np.arange(3)})


def test_no_samples():
    with pytest.raises(UserError, match="the train split of toy has no samples"):
        make([])
