"""Answers to the exercises on faces and data: the right ones, and the usual wrong ones with what they are told."""

import numpy as np

from fer_tutorial.vocabulary import MIRRORED_LANDMARKS


def majority(votes):
    return np.where(votes.max(axis=1) > votes.sum(axis=1) / 2, votes.argmax(axis=1), -1)


def mirror(landmarks, width, offset=1, renumber=True):
    mirrored = landmarks.copy()
    mirrored[:, 0] = width - offset - mirrored[:, 0]
    return mirrored[list(MIRRORED_LANDMARKS)] if renumber else mirrored


def noise_matrix(classes, rate):
    matrix = np.full((classes, classes), rate / (classes - 1))
    np.fill_diagonal(matrix, 1 - rate)
    return matrix


def subject_split(subjects, share, generator):
    people = generator.permutation(np.unique(subjects))
    return np.isin(subjects, people[: round(share * len(people))])


def in_place(landmarks, width):
    landmarks[:, 0] = width - 1 - landmarks[:, 0]
    return landmarks[list(MIRRORED_LANDMARKS)]


RIGHT = {
    "faces.baseline": lambda counts: (max(counts) / sum(counts), 1 / len(counts)),
    "faces.majority": majority,
    "faces.mirror": mirror,
    "faces.noise_matrix": noise_matrix,
    "faces.subject_split": subject_split,
}

MISTAKES = [
    ("faces.baseline", lambda counts: max(counts) / sum(counts), "expected two numbers"),
    ("faces.baseline", lambda counts: (1 / len(counts), 1 / len(counts)), r"accuracy for counts \[70"),
    ("faces.majority", lambda votes: votes.argmax(axis=1), r"\[5, 5, 0\] \(a tie\) expected -1, got 0"),
    ("faces.mirror", lambda points, width: mirror(points, width, renumber=False), "keep their numbers"),
    ("faces.mirror", lambda points, width: mirror(points, width, offset=0), "column 0 must become"),
    ("faces.mirror", in_place, "work on a copy"),
    ("faces.noise_matrix", lambda k, rate: rate / k + (1 - rate) * np.eye(k), "fall back on its own class"),
    ("faces.subject_split", lambda s, share, g: g.random(len(s)) < share, "is in both parts"),
    ("faces.subject_split", lambda s, share, g: s < 5, "gave the same split"),
]
