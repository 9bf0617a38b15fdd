"""Tiny data for the training tests: every class has a bright stripe at a place of its own."""

import numpy as np

from fer_tutorial.datasets import FaceData
from fer_tutorial.vocabulary import DISFA_ACTION_UNITS, EXPRESSIONS


def striped(n=48, seed=0, size=16, classes=7, sequence=0, channels=1, noise=100):
    """``n`` images whose class shows, with landmarks, action units and subjects; sequences of ``sequence`` frames."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, n)
    frames = (sequence,) if sequence else ()
    images = draw.integers(0, noise, (n, *frames, size, size, channels)).astype(np.uint8)
    for i, label in enumerate(labels):
        images[i, ..., 2 * label : 2 * label + 2, :, :] += 150
    landmarks = draw.uniform(2, size - 3, (n, *frames, 68, 2)).astype(np.float32)
    landmarks[..., 36:42, 0] = 3 + draw.uniform(0, 1, (n, *frames, 6))
    landmarks[..., 42:48, 0] = size - 5 + draw.uniform(0, 1, (n, *frames, 6))
    return FaceData(
        name="striped",
        split="train",
        images=images,
        labels=labels,
        class_names=EXPRESSIONS[:classes],
        index=np.arange(n) * 3 + 100,
        landmarks=landmarks,
        action_units=draw.uniform(0, 5, (n, 12)).astype(np.float32),
        action_unit_names=DISFA_ACTION_UNITS,
        subjects=np.arange(n) % 6,
        lengths=draw.integers(2, sequence + 1, n) if sequence else None,
    )
