"""One face with chosen action units."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fer_tutorial.errors import UserError
from fer_tutorial.faces.camera import POSE_INDEX
from fer_tutorial.faces.conditions import sample_degradation, sample_light, sample_pose, sample_scene
from fer_tutorial.faces.degradation import DEGRADATION_INDEX
from fer_tutorial.faces.expressions import AU_INDEX, AU_NAMES, MAX_INTENSITY
from fer_tutorial.faces.identity import sample_identity
from fer_tutorial.faces.parameters import LIGHT_INDEX, SCENE_INDEX, FaceParameters
from fer_tutorial.faces.random_numbers import keys
from fer_tutorial.faces.rendering import render


def face_parameters(
    action_units: Mapping[int, float] | None = None,
    identity_seed: int = 0,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    span: float = 2.3,
    asymmetry: Mapping[int, float] | None = None,
) -> FaceParameters:
    """One face with chosen action units, well lit and sharp; ``identity_seed`` is the subject's number.

    >>> face_parameters({1: 3, 4: 2}, identity_seed=7).action_units[0, :3].tolist()
    [3.0, 0.0, 2.0]
    """
    units, one_sided = torch.zeros(1, len(AU_NAMES)), torch.zeros(1, len(AU_NAMES))
    for target, given, low, high in ((units, action_units, 0.0, MAX_INTENSITY), (one_sided, asymmetry, -1.0, 1.0)):
        for unit, value in (given or {}).items():
            if unit not in AU_INDEX:
                raise UserError(f"action unit {unit} is not one of {list(AU_NAMES)}; choose among these")
            if not low <= value <= high:
                raise UserError(f"action unit {unit} is given {value}; expected {low:g} to {high:g}")
            target[0, AU_INDEX[unit]] = value
    subject = torch.tensor([identity_seed], dtype=torch.int64)
    pose = sample_pose(subject, 0, 0.0)
    for name, value in (("yaw", yaw), ("pitch", pitch), ("roll", roll), ("span", span)):
        pose[:, POSE_INDEX[name]] = value
    light, scene = sample_light(subject, 0, 0.0), sample_scene(subject, 0, 0.0)
    light[:, LIGHT_INDEX["azimuth"]] = 25.0
    scene[:, SCENE_INDEX["clutter"]] = 0.1
    degradation = sample_degradation(subject, 0, 0.0)
    degradation[:, DEGRADATION_INDEX["exposure"]] = 1.0
    traits, _ = sample_identity(subject)
    exact = FaceParameters(traits, units, one_sided, pose, light, scene, degradation, keys(0, "sensor noise", subject))
    return exact.to("cpu", torch.float32)


def face_with(
    action_units: Mapping[int, float] | None = None,
    identity_seed: int = 0,
    size: int = 128,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    span: float = 2.3,
    asymmetry: Mapping[int, float] | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw one person with chosen action units; the arguments are those of ``face_parameters``.

    Returns:
        ``(image, landmarks)``: (3, size, size) in [0, 1] and (68, 2) in pixels.

    >>> image, landmarks = face_with(action_units={12: 4, 6: 3}, identity_seed=3, size=64)
    >>> image.shape, landmarks.shape
    (torch.Size([3, 64, 64]), torch.Size([68, 2]))
    """
    face = face_parameters(action_units, identity_seed, yaw=yaw, pitch=pitch, roll=roll, span=span, asymmetry=asymmetry)
    with torch.no_grad():
        images, landmarks = render(face, size)
    return images[0], landmarks[0]
