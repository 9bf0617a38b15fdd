"""Parameters: rows, devices and dtypes."""

from dataclasses import fields

import torch

from fer_tutorial.faces import LIGHT, SCENE, FaceParameters, sample_faces
from fer_tutorial.faces.parameters import LIGHT_INDEX, SCENE_INDEX


def test_rows_are_taken_of_every_field():
    parameters = sample_faces(5, size=16, draw=False).parameters
    part = parameters[1:3]
    assert (len(parameters), len(part)) == (5, 2)
    for field in fields(FaceParameters):
        assert torch.equal(getattr(part, field.name), getattr(parameters, field.name)[1:3])


def test_noise_keys_stay_whole_numbers():
    double = sample_faces(2, size=16, draw=False).parameters.to("cpu", torch.float64)
    assert double.noise_key.dtype == torch.int64
    assert double.traits.dtype == torch.float64


def test_columns_are_where_their_names_stand():
    assert list(LIGHT_INDEX) == list(LIGHT)
    assert [SCENE_INDEX[name] for name in SCENE] == list(range(len(SCENE)))
