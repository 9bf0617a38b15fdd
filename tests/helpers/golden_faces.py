"""The faces whose pixels and landmarks are kept in ``tests/faces/golden``.

When a change of the pictures is wanted: python -m tests.helpers.golden_faces
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fer_tutorial.faces import (
    DEGRADATION,
    LIGHT,
    POSE,
    SCENE,
    TRAITS,
    FaceParameters,
    face_parameters,
    render,
    sample_faces,
)
from fer_tutorial.vocabulary import ACTION_UNITS

GOLDEN = Path(__file__).parent.parent / "faces" / "golden"
SMALL, LARGE = 32, 96  # pixels
COLUMNS = {"traits": TRAITS, "pose": POSE, "light": LIGHT, "scene": SCENE, "degradation": DEGRADATION}

# Whatever is drawn only now and then, one face each.
EXTRAS: tuple[dict[str, dict[str, float]], ...] = (
    {"traits": {"glasses": 1, "lens_round": 0}},
    {"traits": {"glasses": 1, "lens_round": 1, "lens_dark": 0.9}},
    {"traits": {"stubble": 1}},
    {"traits": {"moustache": 1}},
    {"traits": {"goatee": 1}},
    {"traits": {"beard": 1, "moustache": 1, "goatee": 1}},
    {"traits": {"makeup": 1, "lip_red": 1}},
    {"traits": {"freckles": 1, "skin_tone": 0}},
    {"traits": {"hair": 0}},
    {"traits": {"hair": 1, "hair_length": 1, "hair_volume": 1, "fringe": 1}},
    {"traits": {"hair": 1, "hair_length": 0.5, "hair_volume": 1, "curl": 1}},
    {"traits": {"hair": 1, "receding": 1, "hair_length": 0.1}},
    {"traits": {"wrinkles": 1, "sagging": 1, "fold_rest": 1, "eye_bags": 1}},
    {"traits": {"youth": 1, "epicanthus": 1, "iris": 1}},
    {"scene": {"clutter": 1}},
    {"scene": {"bar": 1, "bar_x": 0, "bar_y": 0.2, "bar_angle": 0.4, "bar_width": 0.15}},
    {"scene": {"hand": 1, "hand_x": 0.1, "hand_y": 0.5, "hand_angle": 1.6}},
    {"light": {"azimuth": -80, "key": 1.3, "ambient": 0.2, "gloss": 1}, "pose": {"gaze_x": 0.4, "gaze_y": 0.3}},
    {"light": {"elevation": -40, "warmth": 1}, "pose": {"pitch": -20, "roll": 20}},
    {"degradation": {"blur": 0.02, "noise": 0.05, "vignette": 0.5, "exposure": 0.8, "contrast": 1.3}},
    {"degradation": {"gray": 1}},
)


def golden_parameters() -> FaceParameters:
    """Every action unit, on both sides and on one; every extra; and faces as they are sampled."""
    faces = []
    for number, unit in enumerate(ACTION_UNITS):
        side = (number % 3 - 1) * 0.8
        faces.append(face_parameters({unit: 5}, 5 * number, yaw=30 * side, span=1.9, asymmetry={unit: side}))
    for number, changes in enumerate(EXTRAS):
        face = face_parameters({12: 2, 25: 1}, 100 + 7 * number)
        for what, values in changes.items():
            for name, value in values.items():
                getattr(face, what)[0, list(COLUMNS[what]).index(name)] = value
        faces.append(face)
    sampled = sample_faces(9, seed=8, num_classes=8, nuisance=1.0, draw=False).parameters
    sampled.degradation[:, list(DEGRADATION).index("jpeg")] = 0  # it rounds, and so multiplies the smallest difference
    faces.append(sampled)
    return FaceParameters(**{f.name: torch.cat([getattr(face, f.name) for face in faces]) for f in fields(sampled)})


def golden_pictures() -> Iterator[tuple[str, Tensor]]:
    """Names of files with pictures (n, 3, S, S): all of them small, some large."""
    parameters = golden_parameters()
    with torch.no_grad():
        yield "small.png", render(parameters, SMALL)[0]
        yield "large.png", render(parameters[::6], LARGE)[0]


def golden_landmarks() -> np.ndarray:
    with torch.no_grad():
        return render(golden_parameters(), SMALL)[1].numpy()


def levels(images: Tensor) -> np.ndarray:
    """One tall picture (n * S, S, 3) of 8 bits."""
    return (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).flatten(0, 1).numpy()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, images in golden_pictures():
        Image.fromarray(levels(images)).save(GOLDEN / name, optimize=True)
    np.save(GOLDEN / "landmarks.npy", golden_landmarks())
