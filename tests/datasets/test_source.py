import dataclasses

import numpy as np
import pytest

import fer_tutorial.datasets.source as source_module
from fer_tutorial.datasets import Source
from fer_tutorial.errors import UserError
from tests.helpers.refusals import refused


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


HOSTILE = {
    "no labels": (lambda t: {"index": t["index"]}, (4, 4, 1), "the table of toy has no labels"),
    "no index": (lambda t: {"labels": t["labels"]}, (4, 4, 1), "the table of toy has no index"),
    "an unknown column": (lambda t: {**t, "vote": t["index"]}, (4, 4, 1), "has a column 'vote'; expected some of"),
    "images in the table": (lambda t: {**t, "images": t["index"]}, (4, 4, 1), "has a column 'images'"),
    "a list": (lambda t: {**t, "labels": [0, 1]}, (4, 4, 1), "labels in the table of toy is list; expected an array"),
    "a number": (lambda t: {**t, "labels": np.array(3)}, (4, 4, 1), "labels in the table of toy"),
    "labels as words": (lambda t: {**t, "labels": np.array(["a", "b"])}, (4, 4, 1), "labels are <U1"),
    "no height": (lambda t: t, (0, 4, 1), "the images of toy have shape (0, 4, 1)"),
    "half a pixel": (lambda t: t, (4.5, 4, 1), "the images of toy have shape (4.5, 4, 1)"),
    "no channels": (lambda t: t, (4, 4), "images are uint8 of shape (2, 4, 4)"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_tables(case):
    spoil, image_shape, says = HOSTILE[case]
    table = spoil({"labels": np.array([0, 1]), "index": np.arange(2)})
    with refused(says):
        Source("toy", "train", ("neutral", "happiness"), table, image_shape, lambda start, stop: None)


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        (np.zeros((2, 4, 4, 1)), "toy delivered float64 (2, 4, 4, 1) as pixels; expected uint8 (2, 4, 4, 1)"),
        (np.zeros((1, 4, 4, 1), np.uint8), "toy delivered uint8 (1, 4, 4, 1)"),
        (np.uint8(0), "toy delivered"),
        ([[0]], "toy delivered list as pixels"),
    ],
)
def test_pixels_that_are_not_what_was_promised(pixels, says):
    with refused(says):
        dataclasses.replace(make([0, 1]), read=lambda start, stop: pixels).load()
