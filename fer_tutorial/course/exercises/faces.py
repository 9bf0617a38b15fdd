"""Exercises of the chapter "Faces, labels and data"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fer_tutorial.course import Wrong, exercise, expect_close
from fer_tutorial.vocabulary import MIRRORED_LANDMARKS


@exercise(
    "faces.baseline",
    hints=(
        "A classifier that never looks always gives the same answer. Which answer is right most often?",
        "Its accuracy is the share of that class. Its recall is 1 for that class and 0 for all others.",
        "return max(counts) / sum(counts), 1 / len(counts)",
    ),
)
def _(answer: Callable[[list[int]], tuple[float, float]]) -> None:
    for counts in ([10, 10], [70, 20, 10], [5, 80, 5, 10]):
        value = answer(counts)
        if not (isinstance(value, tuple) and len(value) == 2):
            raise Wrong(f"for counts {counts}: expected two numbers, accuracy and mean class accuracy")
        expect_close(value[0], max(counts) / sum(counts), f"accuracy for counts {counts}")
        expect_close(value[1], 1 / len(counts), f"mean class accuracy for counts {counts}")


@exercise(
    "faces.majority",
    hints=(
        "Compare the largest number of votes in a row with the sum of that row.",
        "votes.argmax(axis=1) names the class, votes.max(axis=1) its votes; np.where chooses between the class and -1.",
        "return np.where(votes.max(axis=1) > votes.sum(axis=1) / 2, votes.argmax(axis=1), -1)",
    ),
)
def _(answer: Callable[[np.ndarray], np.ndarray]) -> None:
    votes = np.array([[10, 0, 0], [6, 4, 0], [5, 5, 0], [4, 3, 3], [1, 2, 7], [0, 3, 0]])
    meaning = "ten agree", "6 of 10", "a tie", "4 of 10 is no majority", "7 of 10", "only three voted"
    result = np.asarray(answer(votes))
    if result.shape != (6,):
        raise Wrong(f"expected one label for each of 6 rows, got shape {result.shape}")
    for row, words, got, want in zip(votes, meaning, result, (0, 0, -1, -1, 2, 1), strict=True):
        if got != want:
            raise Wrong(f"for votes {row.tolist()} ({words}) expected {want}, got {got}")


@exercise(
    "faces.mirror",
    hints=(
        "Two things change: where each point lies, and which point it is. The left eye of the mirrored face is drawn "
        "where the right eye was.",
        "In an image of width W, column u becomes column W - 1 - u. Rows do not change.",
        "mirrored = landmarks.copy(); mirrored[:, 0] = width - 1 - mirrored[:, 0]; "
        "return mirrored[list(MIRRORED_LANDMARKS)]",
    ),
)
def _(answer: Callable[[np.ndarray, int], np.ndarray]) -> None:
    generator = np.random.default_rng(0)
    landmarks = generator.uniform(0, 47, size=(68, 2)).round(1)
    before = landmarks.copy()
    once = np.asarray(answer(landmarks, 48), dtype=float)
    if not np.array_equal(landmarks, before):
        raise Wrong("your function changes the array it is given; work on a copy")
    if once.shape != (68, 2):
        raise Wrong(f"expected shape (68, 2), got {once.shape}")
    moved = before.copy()
    moved[:, 0] = 47 - moved[:, 0]
    if np.allclose(once, moved):
        raise Wrong("the points are mirrored but keep their numbers, so the left eye now carries the right eye's")
    if np.allclose(once[:, 0] - moved[list(MIRRORED_LANDMARKS), 0], 1):
        raise Wrong("columns run from 0 to W - 1, so column 0 must become column W - 1, not W")
    expect_close(once, moved[list(MIRRORED_LANDMARKS)], "68 random points in an image 48 pixels wide")


@exercise(
    "faces.noise_matrix",
    hints=(
        "Row k says where the samples of class k end up. Each row sums to 1.",
        "A share of 1 - rate stays; the rest is divided evenly among the K - 1 other classes.",
        "matrix = np.full((K, K), rate / (K - 1)); np.fill_diagonal(matrix, 1 - rate); return matrix",
    ),
)
def _(answer: Callable[[int, float], np.ndarray]) -> None:
    for classes, rate in ((2, 0.1), (7, 0.3), (7, 0.0)):
        expected = np.full((classes, classes), rate / (classes - 1))
        np.fill_diagonal(expected, 1 - rate)
        got = np.asarray(answer(classes, rate), dtype=float)
        where = f"K = {classes}, rate = {rate}"
        if rate and got.shape == expected.shape and np.allclose(got, rate / classes + (1 - rate) * np.eye(classes)):
            raise Wrong(f"{where}: here a flipped label may fall back on its own class; draw from the K - 1 others")
        expect_close(got, expected, where)


@exercise(
    "faces.subject_split",
    hints=(
        "Decide about people first, then about their pictures.",
        "np.unique(subjects) lists the people; shuffle them with the generator and take the first share of them.",
        "people = generator.permutation(np.unique(subjects)); "
        "return np.isin(subjects, people[: round(share * len(people))])",
    ),
)
def _(answer: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]) -> None:
    subjects = np.repeat(np.arange(20), np.arange(1, 21))
    masks = []
    for seed in (0, 1, 2):
        mask = np.asarray(answer(subjects, 0.25, np.random.default_rng(seed)))
        if mask.shape != subjects.shape or mask.dtype != bool:
            raise Wrong(f"expected one bool for each of {len(subjects)} pictures, got {mask.dtype} {mask.shape}")
        both = np.intersect1d(subjects[mask], subjects[~mask])
        if len(both):
            raise Wrong(f"person {both[0]} is in both parts")
        if len(np.unique(subjects[mask])) != 5:
            raise Wrong(f"of 20 people a quarter should be in the test, got {len(np.unique(subjects[mask]))}")
        masks.append(mask)
    if all(np.array_equal(masks[0], mask) for mask in masks):
        raise Wrong("three generators with different seeds gave the same split; use the generator to choose people")
