"""What is known about a batch, and its form for the rest of the package."""

import numpy as np

from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_faces
from fer_tutorial.vocabulary import ACTION_UNITS


def test_as_face_data():
    data = sample_faces(8, seed=3, size=32, annotators=10).to_face_data(split="test")
    assert isinstance(data, FaceData)
    assert data.images.shape == (8, 32, 32, 3)
    assert data.images.dtype == np.uint8
    assert data.split == "test"
    assert data.action_unit_names == tuple(ACTION_UNITS)
    assert data.landmarks.shape == (8, 68, 2)
    assert data.votes.dtype == np.float32
