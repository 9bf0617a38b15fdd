import numpy as np
import pytest

from fer_tutorial.datasets import FaceData, data_from_arrays
from fer_tutorial.errors import UserError


def make(n=3, **changes):
    fields = {
        "name": "toy",
        "split": "train",
        "images": np.arange(n, dtype=np.uint8).repeat(16).reshape(n, 4, 4, 1),
        "labels": np.zeros(n, np.int64),
        "class_names": ("neutral", "happiness"),
        "index": np.arange(n),
    }
    return FaceData(**{**fields, **changes})


def test_a_subset_keeps_index_and_every_array():
    data = make(
        votes=np.arange(6.0).reshape(3, 2),
        landmarks=np.arange(3.0).repeat(136).reshape(3, 68, 2),
        subjects=np.array([7, 8, 9]),
        keys=np.array(["a", "b", "c"]),
    )
    part = data.subset([2, 0])
    assert part.index.tolist() == [2, 0]
    assert part.subjects.tolist() == [9, 7]
    assert part.keys.tolist() == ["c", "a"]
    assert part.votes.tolist() == [[4, 5], [0, 1]]
    assert part.landmarks[:, 0, 0].tolist() == [2, 0]
    assert part.images[:, 0, 0, 0].tolist() == [2, 0]
    assert data.subset(np.array([False, True, False])).keys.tolist() == ["b"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"images": np.zeros((3, 4, 4, 1))}, "images are float64 of shape .* expected uint8"),
        ({"images": np.zeros((3, 4, 4), np.uint8)}, "expected uint8"),
        ({"images": np.zeros((3, 4, 4, 2), np.uint8)}, "C = 1 or 3"),
        ({"labels": np.array([0, 1])}, "labels has 2 rows but there are 3 images"),
        ({"labels": np.array([0, 1, 2])}, "labels run from 0 to 2 but there are 2 classes; expected 0 to 1"),
        ({"labels": np.array([0, -1, 0])}, "labels run from -1 to 0"),
        ({"labels": np.array([0, 1, np.nan])}, "labels are float64; expected whole numbers"),
        ({"clean_labels": np.array([0, 1, 5])}, "clean_labels run from 0 to 5"),
        ({"index": np.array([0, 1, 1])}, "index repeats"),
        ({"votes": np.zeros((3, 7))}, r"votes have shape \(3, 7\); expected \(3, 2\)"),
        ({"landmarks": np.zeros((3, 189, 2))}, r"landmarks have shape .* expected \(3, 68, 2\)"),
        ({"action_units": np.zeros((3, 2)), "action_unit_names": (1,)}, r"expected \(3, 1\)"),
        ({"keys": np.array(["a", None, "c"])}, "keys are object; expected strings"),
    ],
)
def test_what_is_refused(changes, says):
    with pytest.raises(UserError, match=says):
        make(**changes)


def test_landmarks_of_sequences_have_one_row_a_frame():
    images = np.zeros((3, 5, 4, 4, 1), np.uint8)
    assert make(images=images, landmarks=np.zeros((3, 5, 68, 2))).is_sequence
    with pytest.raises(UserError, match=r"expected \(3, 5, 68, 2\)"):
        make(images=images, landmarks=np.zeros((3, 68, 2)))


def test_arrays_of_floats():
    data = data_from_arrays(np.full((2, 8, 8, 3), 0.5, np.float32), [6, 0], subjects=np.array([1, 2]))
    assert (data.images == 128).all()
    assert data.index.tolist() == [0, 1]
    assert data.subjects.tolist() == [1, 2]


def test_arrays_with_nan():
    images = np.zeros((2, 8, 8))
    images[1, 2, 3] = np.nan
    with pytest.raises(UserError, match="images hold 1 NaN or infinite values"):
        data_from_arrays(images, np.array([0, 1]))
