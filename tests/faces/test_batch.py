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


def test_people_by_group():
    batch = sample_faces(48, seed=3, size=16, draw=False)
    data = batch.to_face_data()
    assert data.group_names == ("sex", "age group", "skin tone", "glasses")
    first = {name: int(value[0]) for name, value in batch.identities.items()}
    assert data.groups[0].tolist() == [
        ("female", "male")[first["sex"]],
        ("child", "young adult", "middle-aged", "old")[first["age_group"]],
        f"{first['skin_tone'] + 1} of 6",
        ("without", "with")[first["glasses"]],
    ]
    assert [len(np.unique(column)) for column in data.groups.T] == [2, 4, 6, 2]
