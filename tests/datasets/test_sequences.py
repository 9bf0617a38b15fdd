import numpy as np
import pytest

from fer_tutorial.datasets.sequences import FRAMES, Recording, check_frames, positions_of, recordings_source
from tests.helpers.refusals import refused


@pytest.fixture
def recordings(save, tmp_path):
    """Three recordings of 5, 2 and 3 frames of 40×30; the first has points around a white square in its frames."""

    def frame(name, value):
        picture = np.full((30, 40), value, np.uint8)
        picture[10:20, 20:30] = 255
        return save(tmp_path / name, picture)

    square = np.stack([np.linspace(20, 30, 68), np.linspace(10, 20, 68)], axis=1)
    return [
        Recording(
            "A/1", "A", tuple(frame(f"a{n}.png", n) for n in range(5)), "fear", np.stack([square] * 5), np.arange(2)
        ),
        Recording("B/1", "B", tuple(frame(f"b{n}.png", 10 + n) for n in range(2)), "anger"),
        Recording("B/2", "B", tuple(frame(f"c{n}.png", 20 + n) for n in range(3)), "contempt"),
    ]


@pytest.fixture
def source(recordings):
    """``source(frames)`` of those recordings, 20×20 gray."""

    def of(frames, num_classes=7, is_chosen=lambda each: True):
        args = ("toy", "train", 20, 1, num_classes, frames, recordings, is_chosen, ["0", "A", "B"], {})
        return recordings_source(*args, unit_names=(1, 12))

    return of


def test_sequences_repeat_their_last_frame(source):
    data = source("all").load()
    assert data.images.shape == (2, 5, 20, 20, 1)
    assert data.lengths.tolist() == [5, 2]
    assert [int(image[0, 0, 0]) for image in data.images[1]] == [10, 11, 11, 11, 11]
    assert data.subjects.tolist() == [1, 2]
    assert data.index.tolist() == [0, 1]
    np.testing.assert_array_equal(data.action_units, [[0, 1], [np.nan, np.nan]])


def test_points_move_with_the_square_that_is_cut(source):
    data = source("all").load()
    assert np.isnan(data.landmarks[1]).all()
    low, high = data.landmarks[0, 4].min(), data.landmarks[0, 4].max()
    np.testing.assert_allclose([low, high], [20 * 0.15 / 1.3, 20 * 1.15 / 1.3], rtol=1e-5)
    inside = data.images[0, 4, 4:16, 4:16, 0]
    assert inside.min() == 255


def test_three_frames(source):
    data = source("first_middle_last", 8).load()
    assert data.images.shape == (3, 3, 20, 20, 1)
    assert data.lengths.tolist() == [3, 3, 3]
    assert [[int(image[0, 0, 0]) for image in sequence] for sequence in data.images[1:]] == [[10, 10, 11], [20, 21, 22]]
    assert data.labels.tolist() == [6, 4, 7]


def test_stills(source):
    assert source("last", 8).load().images.shape == (3, 20, 20, 1)
    three = source("last_three", 8).load()
    assert three.keys.tolist() == ["A/1/a2", "A/1/a3", "A/1/a4", "B/1/b0", "B/1/b1", "B/2/c0", "B/2/c1", "B/2/c2"]
    assert three.index.tolist() == [2, 3, 4, 1000, 1001, 2000, 2001, 2002]
    assert three.lengths is None
    assert three.landmarks.shape == (8, 68, 2)
    assert np.isnan(three.action_units[0]).all()
    assert three.action_units[2].tolist() == [0, 1]


def test_first_frames_are_neutral(source):
    data = source("last_three_and_first").load()
    assert dict(zip(data.keys.tolist(), data.labels.tolist(), strict=True)) == {
        **{"A/1/a0": 0, "A/1/a2": 6, "A/1/a3": 6, "A/1/a4": 6},
        **{"B/1/b0": 0, "B/1/b1": 4},
    }


def test_nothing_that_can_be_used(source):
    with refused("toy has nothing in split 'train' that can be used"):
        source("all", is_chosen=lambda each: False)
    with refused("has nothing in split"):
        source("all", is_chosen=lambda each: each.expression == "contempt")


def test_choices_of_frames():
    assert [positions_of(1, frames) for frames in FRAMES] == [[0], [0, 0, 0], [0], [0], [0]]
    with refused("frames is 'some'; expected one of all, first_middle_last"):
        check_frames("some")
