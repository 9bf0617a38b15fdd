"""Labeled batches of faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fer_tutorial.faces.batch import FaceBatch
from fer_tutorial.faces.camera import POSE_INDEX
from fer_tutorial.faces.conditions import sample_degradation, sample_light, sample_pose, sample_scene
from fer_tutorial.faces.expressions import sample_action_units, sample_votes
from fer_tutorial.faces.identity import sample_identity
from fer_tutorial.faces.labels import class_weights, sample_labels, sample_subjects
from fer_tutorial.faces.options import FRAMING, check_options
from fer_tutorial.faces.parameters import FaceParameters
from fer_tutorial.faces.random_numbers import keys, uniform
from fer_tutorial.faces.rendering import render_in_chunks
from fer_tutorial.vocabulary import EXPRESSIONS


def sample_faces(
    n: int,
    seed: int = 0,
    size: int = 64,
    num_classes: int = 7,
    *,
    imbalance: Sequence[float] | Mapping[str, float] | None = None,
    label_noise: float = 0.0,
    annotators: int = 0,
    intensity: tuple[float, float] = (1.0, 5.0),
    mixed: float = 0.15,
    nuisance: float = 0.5,
    framing: tuple[float, float] = FRAMING,
    subjects: tuple[int, int] | None = None,
    device: torch.device | str = "cpu",
    first: int = 0,
    draw: bool = True,
) -> FaceBatch:
    """Make n labeled faces.  Sample i of a seed is the same face whatever ``n``, ``first`` and the device.

    Args:
        n: how many.
        seed: decides everything that is drawn at random.
        size: width and height in pixels.
        num_classes: 7 for the basic expressions (neutral among them), 8 with contempt; the first K of ``EXPRESSIONS``.
        imbalance: how often each class comes, as K weights or ``{"disgust": 0.1, ...}`` (classes not named: never);
            ``None`` for all alike.
        label_noise: share of the samples whose label is replaced by another class; ``clean_labels`` keeps the truth.
        annotators: how many simulated people vote on each face, 0 for none.  FERPlus had 10.
        intensity: least and greatest intensity (0-5) of an expression's strongest action unit; near 1 hardly shows.
        mixed: share of faces that show traces of a second expression.
        nuisance: 0 frontal, evenly lit and sharp, .. 1 turned, harshly lit, cluttered, occluded, blurred, noisy.
        framing: least and greatest width of the picture, in units of about 10 cm; below 1.7 the face fills it as in
            FER2013, above 2.3 hair and neck are in view.
        subjects: ``(first, end)``, the numbers of the people to draw from: ``(0, 500)`` for training and ``(500, 600)``
            for testing are disjoint.  ``None``: every sample is a person of its own, and seeds do not share people.
        device: where to draw; the labels and parameters are always decided on the CPU.
        first: number of the first sample, to make a large set piece by piece.
        draw: ``False`` leaves the pictures black, which takes no memory and a tenth of the time: for everything else.

    Raises:
        UserError: an option out of its range.

    >>> faces = sample_faces(14, seed=0, size=32)
    >>> faces.images.shape, faces.landmarks.shape, faces.class_names[int(faces.labels[0])] in EXPRESSIONS
    (torch.Size([14, 3, 32, 32]), torch.Size([14, 68, 2]), True)
    >>> again = sample_faces(2, seed=0, size=32, first=12)
    >>> bool((again.images == faces.images[12:]).all())
    True
    """
    check_options(n, size, num_classes, nuisance, framing, intensity, subjects, label_noise, annotators)
    names = EXPRESSIONS[:num_classes]
    samples = torch.arange(first, first + n, dtype=torch.int64)
    clean = sample_labels(samples, seed, class_weights(imbalance, names))
    people = sample_subjects(samples, seed, subjects)
    traits, attributes = sample_identity(people)
    units, asymmetry, level = sample_action_units(clean, samples, seed, intensity, mixed)
    parameters = FaceParameters(
        traits,
        units,
        asymmetry,
        sample_pose(samples, seed, nuisance, framing),
        sample_light(samples, seed, nuisance),
        sample_scene(samples, seed, nuisance),
        sample_degradation(samples, seed, nuisance),
        keys(seed, "sensor noise", samples),
    )
    images, landmarks = render_in_chunks(parameters, size, torch.device(device), draw)

    noise = uniform(seed, "label noise", samples, 2)
    other = (clean + 1 + (noise[:, 1] * (num_classes - 1)).long()) % num_classes
    labels = torch.where(noise[:, 0] < label_noise, other, clean)
    votes = sample_votes(clean, level, samples, seed, annotators, num_classes) if annotators else None

    def here(value: Tensor) -> Tensor:
        return value.to(images.device, torch.float32 if value.is_floating_point() else None)

    return FaceBatch(
        images=images,
        labels=here(labels),
        clean_labels=here(clean),
        votes=None if votes is None else here(votes),
        action_units=here(units),
        landmarks=landmarks,
        subjects=here(people),
        identities={name: here(value) for name, value in attributes.items()},
        pose=here(parameters.pose[:, : POSE_INDEX["roll"] + 1]),
        level=here(level),
        index=here(samples),
        parameters=parameters.to(images.device, torch.float32),
        class_names=names,
    )
