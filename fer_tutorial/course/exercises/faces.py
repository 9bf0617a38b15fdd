"""Exercises of the chapter "Faces, labels and data"."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fer_tutorial.course import Draw, Wrong, exercise, judged_exercise
from fer_tutorial.course.trying import Answer
from fer_tutorial.vocabulary import MIRRORED_LANDMARKS


def class_sizes(draw: Draw) -> Iterator[tuple[list[int]]]:
    """Balanced, unbalanced, with the largest class anywhere, with two that are largest."""
    yield ([10, 10],)
    for classes in (2, 3, 4, 7):
        yield (draw.integers(classes, low=1, high=99).tolist(),)
    yield ([5, 80, 5, 80, 10],)


@exercise(
    "faces.baseline",
    draw=class_sizes,
    results=("accuracy", "mean class accuracy"),
    hints=(
        "A classifier that never looks always gives the same answer. Which answer is right most often?",
        "Its accuracy is the share of that class. Its recall is 1 for that class and 0 for all others.",
        "return max(counts) / sum(counts), 1 / len(counts)",
    ),
)
def _(counts: list[int]) -> tuple[float, float]:
    return max(counts) / sum(counts), 1 / len(counts)


def votes(draw: Draw) -> Iterator[tuple[np.ndarray]]:
    """One face: agreement, a majority, the most votes without a majority, a tie, an odd sum, nobody; then several."""
    for row in ([10, 0, 0], [4, 6, 0], [3, 3, 4], [5, 5, 0], [1, 2, 7], [0, 3, 2], [0, 0, 0]):
        yield (np.array([row]),)
    for n, classes in ((3, 2), (4, 5), (9, 3)):
        yield (draw.integers(n, classes, low=0, high=6).square().numpy(),)


@exercise(
    "faces.majority",
    draw=votes,
    mistakes={
        "half is not more than half": lambda v: np.where(2 * v.max(axis=1) >= v.sum(axis=1), v.argmax(axis=1), -1),
        "the most votes need not be more than half": lambda v: v.argmax(axis=1),
    },
    hints=(
        "Compare the largest number of votes in a row with the sum of that row.",
        "votes.argmax(axis=1) names the class, votes.max(axis=1) its votes; np.where chooses between the class and -1.",
        "return np.where(votes.max(axis=1) > votes.sum(axis=1) / 2, votes.argmax(axis=1), -1)",
    ),
)
def _(votes: np.ndarray) -> np.ndarray:
    return np.where(votes.max(axis=1) > votes.sum(axis=1) / 2, votes.argmax(axis=1), -1)


def landmarks(draw: Draw) -> Iterator[tuple[np.ndarray, int]]:
    for width in (48, 100, 33):
        yield draw.numbers(68, 2, low=0, high=width - 1).numpy(), width


def mirrored(landmarks: np.ndarray, width: int) -> np.ndarray:
    return np.stack([width - 1 - landmarks[:, 0], landmarks[:, 1]], axis=1)


@exercise(
    "faces.mirror",
    draw=landmarks,
    mistakes={
        "the points are mirrored but keep their numbers, so the left eye now carries the right eye's": mirrored,
        "columns run from 0 to W - 1, so column 0 must become column W - 1, not W": lambda points, width: mirrored(
            points, width + 1
        )[list(MIRRORED_LANDMARKS)],
    },
    hints=(
        "Two things change: where each point lies, and which point it is. The left eye of the mirrored face is drawn "
        "where the right eye was.",
        "In an image of width W, column u becomes column W - 1 - u. Rows do not change.",
        "mirrored = landmarks.copy(); mirrored[:, 0] = width - 1 - mirrored[:, 0]; "
        "return mirrored[list(MIRRORED_LANDMARKS)]",
    ),
)
def _(landmarks: np.ndarray, width: int) -> np.ndarray:
    return mirrored(landmarks, width)[list(MIRRORED_LANDMARKS)]


@exercise(
    "faces.noise_matrix",
    draw=lambda draw: ((2, 0.1), (3, 0.2), (7, 0.3), (7, 0.0), (4, 1.0)),
    mistakes={
        "here a flipped label may fall back on its own class; draw from the K - 1 others": lambda K, rate: (
            rate / K + (1 - rate) * np.eye(K)
        ),
    },
    hints=(
        "Row k says where the samples of class k end up. Each row sums to 1.",
        "A share of 1 - rate stays; the rest is divided evenly among the K - 1 other classes.",
        "matrix = np.full((K, K), rate / (K - 1)); np.fill_diagonal(matrix, 1 - rate); return matrix",
    ),
)
def _(K: int, rate: float) -> np.ndarray:
    return rate / (K - 1) * (1 - np.eye(K)) + (1 - rate) * np.eye(K)


@judged_exercise(
    "faces.subject_split",
    hints=(
        "Decide about people first, then about their pictures.",
        "np.unique(subjects) lists the people; shuffle them with the generator and take the first share of them.",
        "people = generator.permutation(np.unique(subjects)); "
        "return np.isin(subjects, people[: round(share * len(people))])",
    ),
)
def _(answer: Answer) -> None:
    small = np.array([7, 3, 7, 5, 3, 12])
    unequal = np.repeat(np.arange(20), np.arange(1, 21))
    shuffled = Draw().order(len(unequal)).numpy()
    for subjects, share in ((small, 0.5), (unequal, 0.25), (unequal[shuffled] + 100, 0.4), (unequal, 0.1)):
        people = np.unique(subjects)
        first = _split(answer, subjects, share, seed=0)
        if not np.array_equal(first, _split(answer, subjects, share, seed=0)):
            raise Wrong("two generators with the same seed gave different splits; draw with the generator alone")
        if abs(len(np.unique(subjects[first])) - share * len(people)) >= 1:
            count = len(np.unique(subjects[first]))
            raise Wrong(f"of {len(people)} people a share of {share} should be in the test, got {count}")
    chosen = np.array([np.isin(np.arange(20), unequal[_split(answer, unequal, 0.25, seed)]) for seed in range(200)])
    if (chosen == chosen[0]).all():
        raise Wrong("generators with different seeds gave the same split; use the generator to choose people")
    # Of 200 splits each person should be in the test of 50, within 5 standard deviations of 6.
    often = chosen.sum(axis=0)
    if often.max() > 80 or often.min() < 20:
        raise Wrong("some people are in the test more often than others, as if pictures were drawn; draw people")
    together = (chosen[:, :-1] & chosen[:, 1:]).mean()
    if together > 0.1:  # of two people who are drawn independently 1 in 19
        raise Wrong("neighbors in the list are mostly in the same part; draw each person by chance")


def _split(answer: Answer, subjects: np.ndarray, share: float, seed: int) -> np.ndarray:
    mask = answer(subjects=subjects, share=share, generator=np.random.default_rng(seed))
    if type(mask) is not np.ndarray or mask.shape != subjects.shape or mask.dtype != bool:
        got = f"{mask.dtype} {mask.shape}" if type(mask) is np.ndarray else type(mask).__name__
        raise Wrong(f"expected one bool for each of {len(subjects)} pictures, got {got}")
    both = np.intersect1d(subjects[mask], subjects[~mask])
    if len(both):
        raise Wrong(f"person {both[0]} is in both parts")
    return mask
