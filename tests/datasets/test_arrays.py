import numpy as np
import pytest
import torch

from fer_tutorial.datasets import data_from_arrays
from tests.helpers.refusals import refused


def test_arrays_of_floats():
    data = data_from_arrays(np.full((2, 8, 8, 3), 0.5, np.float32), [6, 0], subjects=[1, 2])
    assert (data.images == 128).all()
    assert data.index.tolist() == [0, 1]
    assert data.subjects.tolist() == [1, 2]


def test_lists_tensors_and_a_given_index():
    images = np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8)
    from_lists = data_from_arrays(images, [0, 1], index=[7, 5], votes=[[1.0] * 7] * 2)
    from_tensors = data_from_arrays(torch.from_numpy(images), torch.tensor([0, 1]))
    np.testing.assert_array_equal(from_lists.images, from_tensors.images)
    assert from_lists.index.tolist() == [7, 5]
    assert from_lists.votes.shape == (2, 7)


def test_gray_pictures_and_sequences_get_their_axes():
    assert data_from_arrays(np.zeros((2, 8, 9), np.uint8), [0, 1]).images.shape == (2, 8, 9, 1)
    assert data_from_arrays(np.zeros((2, 5, 8, 8, 3), np.uint8), [0, 1]).is_sequence


IMAGES = np.zeros((2, 8, 8), np.uint8)
HOSTILE = {
    "NaN": ({"images": np.array([[[0.0, np.nan]]])}, "images hold 1 NaN or infinite values"),
    "infinite": ({"images": np.array([[[np.inf, -np.inf]]])}, "images hold 2 NaN or infinite values"),
    "floats to 255": ({"images": np.full((2, 8, 8), 255.0)}, "images run from 255 to 255; expected floats in [0, 1]"),
    "floats from -1": ({"images": np.full((2, 8, 8), -1.0)}, "images run from -1 to -1"),
    "int64": ({"images": np.zeros((2, 8, 8), int)}, "images are int64; expected uint8 in 0..255"),
    "truth values": ({"images": np.zeros((2, 8, 8), bool)}, "images are bool"),
    "objects": ({"images": np.array([None, None])}, "images are object"),
    "words": ({"images": np.array(["a.png", "b.png"])}, "images are <U5"),
    "complex": ({"images": np.zeros((2, 8, 8), complex)}, "images are complex128"),
    "rows of different lengths": ({"images": [[1, 2], [3]]}, "images cannot be made an array"),
    "channels first": ({"images": np.zeros((2, 3, 8, 8), np.uint8)}, "expected channels last, so use np.moveaxis"),
    "four channels": ({"images": np.zeros((2, 8, 8, 4), np.uint8)}, "with C = 1 or 3"),
    "one image": ({"images": IMAGES[0]}, "images have shape (8, 8); expected (N, H, W)"),
    "nothing": ({"images": None}, "images are object"),
    "no pixels": ({"images": np.zeros((2, 0, 8), np.uint8)}, "which is no pixel at all"),
    "needs a gradient": ({"images": torch.zeros(2, 8, 8, requires_grad=True)}, "images cannot be made an array"),
    "labels: too few": ({"labels": [0]}, "labels has 1 rows but there are 2 images"),
    "labels: names": ({"labels": ["happy", "sad"]}, "labels are <U5; expected whole numbers"),
    "labels: floats": ({"labels": [0.0, 1.0]}, "labels are float64; expected whole numbers"),
    "labels: from 1 to 7": ({"labels": [1, 7]}, "labels run from 1 to 7 but there are 7 classes"),
    "labels: nothing": ({"labels": None}, "labels has no rows"),
    "labels: ragged": ({"labels": [[0], [0, 1]]}, "labels cannot be made an array"),
    "class names: one string": ({"class_names": "happy"}, "class_names is 'happy'; expected a list of names"),
    "class names: repeat": ({"class_names": ["a", "a"]}, "expected every name once"),
    "index: repeats": ({"index": [3, 3]}, "index repeats"),
    "unknown field": ({"vote": np.zeros((2, 7))}, "there is no field 'vote'; expected some of name, split"),
    "subjects: words": ({"subjects": ["S1", "S2"]}, "subjects are <U2; expected whole numbers"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_arrays(case):
    changes, says = HOSTILE[case]
    with refused(says):
        data_from_arrays(**{"images": IMAGES, "labels": [0, 1], **changes})
