"""Sequences from a neutral face to the apex of an expression."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from fer_tutorial.errors import UserError
from fer_tutorial.faces.batch import FaceBatch
from fer_tutorial.faces.conditions import sample_degradation, sample_light, sample_pose, sample_scene
from fer_tutorial.faces.expressions import AU_NAMES, sample_action_units
from fer_tutorial.faces.identity import sample_identity
from fer_tutorial.faces.labels import sample_labels, sample_subjects
from fer_tutorial.faces.options import FRAMING, check_options
from fer_tutorial.faces.parameters import FaceParameters
from fer_tutorial.faces.random_numbers import keys, normal, uniform
from fer_tutorial.faces.rendering import render_in_chunks
from fer_tutorial.vocabulary import EXPRESSIONS

# When an action unit sets out and how long it takes, as shares of the time from onset to apex: brows and lids are
# fast, cheeks and mouth follow, the jaw is slowest.  Our choice; published onset times scatter widely.
_ONSET = {1: 0.05, 2: 0.05, 4: 0.08, 5: 0.05, 6: 0.18, 7: 0.12, 9: 0.15, 10: 0.18, 12: 0.12, 14: 0.15, 15: 0.20,
          17: 0.22, 20: 0.15, 23: 0.20, 24: 0.20, 25: 0.22, 26: 0.25, 43: 0.10}  # fmt: skip
_DURATION = 0.62


def sample_sequences(
    n: int,
    frames: int = 12,
    seed: int = 0,
    size: int = 64,
    num_classes: int = 7,
    *,
    min_frames: int | None = None,
    intensity: tuple[float, float] = (2.5, 5.0),
    mixed: float = 0.0,
    nuisance: float = 0.2,
    framing: tuple[float, float] = FRAMING,
    subjects: tuple[int, int] | None = None,
    device: torch.device | str = "cpu",
    first: int = 0,
    draw: bool = True,
) -> FaceBatch:
    """Make n sequences from a neutral face to the apex of an expression, as CK+ and Oulu-CASIA have them.

    Frame 0 is neutral, frame ``lengths - 1`` the apex; frames beyond repeat the apex.  Each action unit rises along a
    smooth step with its own onset (brows first, jaw last) and a little scatter; the head drifts slightly.

    Args:
        frames: T, frames stored for each sequence, at least 2.
        min_frames: shortest length; lengths are then drawn between it and ``frames``.  ``None``: all have ``frames``.

    Other arguments as in ``sample_faces``; sequences of the class neutral show only stray movements.

    Returns:
        FaceBatch with images (n, T, 3, S, S), landmarks (n, T, 68, 2), action_units (n, T, A), lengths (n,).

    Raises:
        UserError: an option out of its range.

    >>> sequences = sample_sequences(2, frames=4, size=16)
    >>> sequences.images.shape, sequences.action_units[:, 0].max().item(), sequences.lengths.tolist()
    (torch.Size([2, 4, 3, 16, 16]), 0.0, [4, 4])
    """
    check_options(n, size, num_classes, nuisance, framing, intensity, subjects, 0.0, 0)
    shortest = frames if min_frames is None else min_frames
    if not 2 <= shortest <= frames:
        raise UserError(f"frames is {frames} and min_frames {min_frames}; expected 2 <= min_frames <= frames")
    names = EXPRESSIONS[:num_classes]
    samples = torch.arange(first, first + n, dtype=torch.int64)
    labels = sample_labels(samples, seed, torch.ones(num_classes, dtype=torch.float64))
    people = sample_subjects(samples, seed, subjects)
    traits, attributes = sample_identity(people)
    units, asymmetry, level = sample_action_units(labels, samples, seed, intensity, mixed)
    u = uniform(seed, "sequence timing", samples, 2 + len(AU_NAMES))
    lengths = shortest + (u[:, 0] * (frames - shortest + 1)).long()
    time = (torch.arange(frames, dtype=torch.float64)[None] / (lengths[:, None] - 1)).clamp(max=1)  # (n, T)
    onset = torch.tensor([_ONSET[unit] for unit in AU_NAMES], dtype=torch.float64) + 0.12 * (u[:, 2:] - 0.3)
    progress = ((time[:, :, None] - onset[:, None].clamp(min=0)) / _DURATION).clamp(0, 1)  # (n, T, A)
    progress = progress**3 * (10 - 15 * progress + 6 * progress**2)  # slow start, slow arrival
    moving = units[:, None] * progress  # (n, T, A)

    pose = sample_pose(samples, seed, nuisance, framing)[:, None].repeat(1, frames, 1)  # (n, T, len(POSE))
    drift = 3.0 * normal(seed, "head drift", samples, 3)
    pose[:, :, :3] += drift[:, None] * (time[:, :, None] - 0.5)
    still = FaceParameters(
        traits,
        units,
        asymmetry,
        pose[:, -1],
        sample_light(samples, seed, nuisance),
        sample_scene(samples, seed, nuisance),
        sample_degradation(samples, seed, nuisance),
        keys(seed, "sensor noise", samples),
    )

    def every_frame(value: Tensor) -> Tensor:
        return value[:, None].expand(n, frames, *value.shape[1:]).flatten(0, 1)  # (n, ...) -> (n*T, ...)

    repeated = still.map(every_frame)
    frame_number = torch.arange(frames, dtype=torch.int64).repeat(n)
    repeated = replace(
        repeated,
        action_units=moving.flatten(0, 1),
        pose=pose.flatten(0, 1),
        noise_key=repeated.noise_key ^ (frame_number * 0x9E3779B9),
    )
    images, landmarks = render_in_chunks(repeated, size, torch.device(device), draw)

    def here(value: Tensor) -> Tensor:
        return value.to(images.device, torch.float32 if value.is_floating_point() else None)

    return FaceBatch(
        images=images.view(n, frames, 3, size, size),
        labels=here(labels),
        clean_labels=here(labels),
        votes=None,
        action_units=here(moving),
        landmarks=landmarks.view(n, frames, 68, 2),
        subjects=here(people),
        identities={name: here(value) for name, value in attributes.items()},
        pose=here(pose[:, -1, :3]),
        level=here(level),
        index=here(samples),
        parameters=still.to(images.device, torch.float32),
        class_names=names,
        lengths=here(lengths),
    )
