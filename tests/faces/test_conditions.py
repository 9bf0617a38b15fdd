"""Pose, light, scene and camera: still and clear without nuisance, harder with more."""

import pytest
import torch

from fer_tutorial.faces import DEGRADATION, LIGHT, POSE, SCENE
from fer_tutorial.faces.conditions import sample_degradation, sample_light, sample_pose, sample_scene

SAMPLES = torch.arange(2000)


def column(values, table, name):
    return values[:, list(table).index(name)]


@pytest.mark.parametrize(
    ("sample", "table"),
    [(sample_pose, POSE), (sample_light, LIGHT), (sample_scene, SCENE), (sample_degradation, DEGRADATION)],
)
def test_a_column_a_name_and_each_sample_by_itself(sample, table):
    many = sample(SAMPLES, 4, 0.7)
    assert many.shape == (2000, len(table))
    assert torch.equal(sample(SAMPLES[70:71], 4, 0.7), many[70:71])


def test_without_nuisance_nothing_is_turned_covered_or_degraded():
    assert sample_pose(SAMPLES, 0, 0.0)[:, :3].abs().max() == 0
    scene, camera = sample_scene(SAMPLES, 0, 0.0), sample_degradation(SAMPLES, 0, 0.0)
    assert column(scene, SCENE, "bar").max() == column(scene, SCENE, "hand").max() == 0
    for name in ("blur", "noise", "gray", "jpeg", "vignette"):
        assert column(camera, DEGRADATION, name).abs().max() == 0


def test_shares_at_full_nuisance_are_as_documented():
    scene, camera = sample_scene(SAMPLES, 0, 1.0), sample_degradation(SAMPLES, 0, 1.0)
    for values, table, name, share in (
        (scene, SCENE, "bar", 0.08),
        (scene, SCENE, "hand", 0.08),
        (camera, DEGRADATION, "gray", 0.30),
        (camera, DEGRADATION, "jpeg", 0.50),
    ):
        assert abs((column(values, table, name) > 0).double().mean() - share) < 0.03
