import numpy as np
import pytest

from fer_tutorial.face_data import FaceData
from tests.helpers.refusals import refused


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
        groups=np.array([["old"], [""], ["young"]]),
        group_names=("age",),
    )
    part = data.subset([2, 0])
    assert part.index.tolist() == [2, 0]
    assert part.subjects.tolist() == [9, 7]
    assert part.keys.tolist() == ["c", "a"]
    assert part.groups.tolist() == [["young"], ["old"]]
    assert part.group_names == ("age",)
    assert part.votes.tolist() == [[4, 5], [0, 1]]
    assert part.landmarks[:, 0, 0].tolist() == [2, 0]
    assert part.images[:, 0, 0, 0].tolist() == [2, 0]
    assert data.subset(np.array([False, True, False])).keys.tolist() == ["b"]


def test_an_empty_subset_and_an_empty_mask():
    data = make(keys=np.array(["a", "b", "c"]))
    assert len(data.subset([])) == len(data.subset(np.zeros(3, bool))) == 0


# Hostile fields: what replaces a good one, and what is said
HOSTILE = {
    "images: floats": ({"images": np.zeros((3, 4, 4, 1))}, "images are float64 of shape"),
    "images: a list": ({"images": [[0]] * 3}, "images are of the type list; expected a NumPy array"),
    "images: missing": ({"images": None}, "images are missing"),
    "images: no channels": ({"images": np.zeros((3, 4, 4), np.uint8)}, "expected uint8 (N, H, W, C)"),
    "images: four channels": ({"images": np.zeros((3, 4, 4, 4), np.uint8)}, "with C = 1 or 3"),
    "images: channels first": ({"images": np.zeros((3, 1, 4, 4), np.uint8)}, "with C = 1 or 3"),
    "images: a number": ({"images": np.uint8(7)}, "expected a NumPy array"),
    "images: no dimension": ({"images": np.array(7, np.uint8)}, "images are uint8 of shape ()"),
    "images: no pixels": ({"images": np.zeros((3, 0, 4, 1), np.uint8)}, "which is no pixel at all"),
    "images: no frames": ({"images": np.zeros((3, 0, 4, 4, 1), np.uint8)}, "which is no pixel at all"),
    "images: one too few": ({"images": np.zeros((2, 4, 4, 1), np.uint8)}, "labels has 3 rows but there are 2 images"),
    "labels: a list": ({"labels": [0, 1, 0]}, "labels are of the type list; expected a NumPy array"),
    "labels: missing": ({"labels": None}, "labels are missing; expected a NumPy array"),
    "labels: floats": ({"labels": np.zeros(3)}, "labels are float64; expected whole numbers"),
    "labels: truth values": ({"labels": np.array([True, False, True])}, "labels are bool; expected whole numbers"),
    "labels: names": ({"labels": np.array(["a", "b", "c"])}, "labels are <U1; expected whole numbers"),
    "labels: one too many": ({"labels": np.zeros(4, int)}, "labels has 4 rows but there are 3 images"),
    "labels: one hot": ({"labels": np.eye(3, dtype=int)}, "labels have shape (3, 3); expected (3,)"),
    "labels: a column": ({"labels": np.zeros((3, 1), int)}, "labels have shape (3, 1); expected (3,)"),
    "labels: no dimension": ({"labels": np.array(1)}, "labels has no rows"),
    "labels: out of range": ({"labels": np.array([0, 1, 2])}, "labels run from 0 to 2 but there are 2 classes"),
    "labels: negative": ({"labels": np.array([0, 1, -1])}, "labels run from -1 to 1"),
    "clean labels out of range": ({"clean_labels": np.array([0, 1, 5])}, "clean_labels run from 0 to 5"),
    "index: repeats": ({"index": np.array([0, 1, 1])}, "index repeats"),
    "index: floats": ({"index": np.arange(3.0)}, "index are float64; expected whole numbers"),
    "index: missing": ({"index": None}, "index are missing"),
    "index: two columns": ({"index": np.arange(6).reshape(3, 2)}, "index have shape (3, 2); expected (3,)"),
    "subjects: names": ({"subjects": np.array(["S1", "S2", "S3"])}, "subjects are <U2; expected whole numbers"),
    "subjects: too few": ({"subjects": np.arange(2)}, "subjects has 2 rows but there are 3 images"),
    "votes: another number of classes": ({"votes": np.zeros((3, 7))}, "votes have shape (3, 7); expected (3, 2)"),
    "votes: negative": ({"votes": np.full((3, 2), -1.0)}, "votes are negative, NaN or infinite"),
    "votes: NaN": ({"votes": np.full((3, 2), np.nan)}, "votes are negative, NaN or infinite"),
    "votes: words": ({"votes": np.full((3, 2), "ten")}, "votes are <U3; expected real numbers"),
    "votes: a list": ({"votes": [[1, 2]] * 3}, "votes are of the type list"),
    "landmarks: another scheme": ({"landmarks": np.zeros((3, 189, 2))}, "expected (3, 68, 2)"),
    "landmarks: flat": ({"landmarks": np.zeros((3, 136))}, "expected (3, 68, 2)"),
    "landmarks: infinite": ({"landmarks": np.full((3, 68, 2), np.inf)}, "landmarks are infinite somewhere"),
    "landmarks: complex": ({"landmarks": np.zeros((3, 68, 2), complex)}, "landmarks are complex128"),
    "action units: no names": ({"action_units": np.zeros((3, 2))}, "expected (3, 0)"),
    "action units: too few names": (
        {"action_units": np.zeros((3, 2)), "action_unit_names": (1,)},
        "action_units have shape (3, 2); expected (3, 1)",
    ),
    "action units: 9 for not coded": (
        {"action_units": np.array([[0.0], [9.0], [np.nan]]), "action_unit_names": (1,)},
        "action_units run from 0 to 9; expected intensities from 0 to 5, and NaN",
    ),
    "action units: names repeat": (
        {"action_units": np.zeros((3, 2)), "action_unit_names": (1, 1)},
        "expected every unit once",
    ),
    "action units: names are words": ({"action_unit_names": ("AU1",)}, "expected a tuple of whole numbers"),
    "lengths: of stills": ({"lengths": np.ones(3, int)}, "lengths are given but the images are no sequences"),
    "lengths: beyond the frames": (
        {"images": np.zeros((3, 2, 4, 4, 1), np.uint8), "lengths": np.array([1, 2, 3])},
        "lengths run from 1 to 3; expected 1 to 2",
    ),
    "lengths: none": (
        {"images": np.zeros((3, 2, 4, 4, 1), np.uint8), "lengths": np.array([0, 2, 2])},
        "lengths run from 0 to 2; expected 1 to 2",
    ),
    "keys: objects": ({"keys": np.array(["a", None, "c"])}, "keys are object; expected strings"),
    "keys: bytes": ({"keys": np.array([b"a", b"b", b"c"])}, "keys are |S1; expected strings"),
    "class names: one string": ({"class_names": "ab"}, "class_names are 'ab'; expected a tuple of strings"),
    "class names: a list": ({"class_names": ["a", "b"]}, "expected a tuple of strings"),
    "class names: numbers": ({"class_names": (0, 1)}, "expected a tuple of strings"),
    "class names: repeat": ({"class_names": ("happy", "happy")}, "expected every name once"),
    "groups: no names": ({"groups": np.array([["a"], ["b"], ["c"]])}, "groups have shape (3, 1); expected (3, 0)"),
    "groups: a row": (
        {"groups": np.array(["a", "b", "c"]), "group_names": ("sex",)},
        "groups have shape (3,); expected (3, 1)",
    ),
    "groups: numbers": (
        {"groups": np.zeros((3, 1)), "group_names": ("age",)},
        "groups are float64; expected strings, so convert them",
    ),
    "group names: repeat": ({"group_names": ("sex", "sex")}, "expected every name once"),
    "group names: a list": ({"group_names": ["sex"]}, "group_names are ['sex']; expected a tuple of strings"),
    "name: missing": ({"name": None}, "name is None; expected a string"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_fields(case):
    changes, says = HOSTILE[case]
    with refused(says):
        make(**changes)


@pytest.mark.parametrize(
    ("positions", "says"),
    [
        ([3], "positions run from 3 to 3; expected 0 to 2"),
        ([-1], "positions run from -1 to -1; expected 0 to 2"),
        ([0.0, 1.0], "positions are float64 of shape (2,); expected whole numbers"),
        ([1, 1], "positions repeat"),
        ([True, False], "the mask has 2 rows but there are 3 samples"),
        ([[0, 1]], "positions are int64 of shape (1, 2)"),
        (1, "positions are int64 of shape ()"),
        (["a"], "positions are <U1"),
        (None, "positions are object"),
    ],
)
def test_hostile_positions(positions, says):
    with refused(says):
        make().subset(positions)


def test_landmarks_of_sequences_have_one_row_a_frame():
    images = np.zeros((3, 5, 4, 4, 1), np.uint8)
    assert make(images=images, landmarks=np.zeros((3, 5, 68, 2))).is_sequence
    with refused("expected (3, 5, 68, 2)"):
        make(images=images, landmarks=np.zeros((3, 68, 2)))
