"""Wrong answers to the exercises on faces and data, and what some of them are told."""

from unittest.mock import MagicMock

import numpy as np

from fer_tutorial.vocabulary import MIRRORED_LANDMARKS


def mirror(landmarks, width, offset=1, renumber=True):
    mirrored = landmarks.copy()
    mirrored[:, 0] = width - offset - mirrored[:, 0]
    return mirrored[list(MIRRORED_LANDMARKS)] if renumber else mirrored


def in_place(landmarks, width):
    landmarks[:, 0] = width - 1 - landmarks[:, 0]
    return landmarks[list(MIRRORED_LANDMARKS)]


def rows_too(landmarks, width):
    return (width - 1 - landmarks)[list(MIRRORED_LANDMARKS)]


def in_order(subjects, share, generator):
    people = np.unique(subjects)
    return np.isin(subjects, people[: round(share * len(people))])


def five(subjects, share, generator):
    return np.isin(subjects, generator.permutation(np.unique(subjects))[:5])


def pictures_first(subjects, share, generator):
    wanted = round(share * len(np.unique(subjects)))
    chosen = []
    for person in generator.permutation(subjects):
        if person not in chosen and len(chosen) < wanted:
            chosen.append(person)
    return np.isin(subjects, chosen)


def block(subjects, share, generator):
    people = np.unique(subjects)
    first = generator.integers(len(people))
    return np.isin(subjects, np.roll(people, -first)[: round(share * len(people))])


def share_of_pictures(subjects, share, generator):
    people = generator.permutation(np.unique(subjects))
    mask = np.zeros(len(subjects), bool)
    for person in people:
        if mask.mean() < share:
            mask |= subjects == person
    return mask


def by_people(subjects, share, generator):
    people = generator.permutation(np.unique(subjects))
    return np.isin(subjects, people[: round(share * len(people))])


def own_seed(subjects, share, generator):
    return by_people(subjects, share, np.random.default_rng(1))


def no_seed(subjects, share, generator):
    return by_people(subjects, share, np.random.default_rng())


WRONG = {
    "faces.baseline": {
        "accuracy alone": lambda counts: max(counts) / sum(counts),
        "one class in K twice": lambda counts: (1 / len(counts), 1 / len(counts)),
        "the first class": lambda counts: (counts[0] / sum(counts), 1 / len(counts)),
        "the other way round": lambda counts: (1 / len(counts), max(counts) / sum(counts)),
        "recall of one": lambda counts: (max(counts) / sum(counts), 1.0),
        "both largest": lambda counts: (counts.count(max(counts)) * max(counts) / sum(counts), 1 / len(counts)),
        "sorts the list": lambda counts: (counts.sort() or counts[-1] / sum(counts), 1 / len(counts)),
        "percent": lambda counts: (100 * max(counts) / sum(counts), 100 / len(counts)),
    },
    "faces.majority": {
        "a constant": lambda votes: [0, 0, -1, -1, 2, 1],
        "most votes": lambda votes: votes.argmax(axis=1),
        "at least half": lambda votes: np.where(2 * votes.max(1) >= votes.sum(1), votes.argmax(1), -1),
        "more than five": lambda votes: np.where(votes.max(1) > 5, votes.argmax(1), -1),
        "most in common": lambda votes: np.where((votes == votes.max(1)[:, None]).sum(1) == 1, votes.argmax(1), -1),
        "decimal": lambda votes: np.where(votes.max(1) > votes.sum(1) / 2, votes.argmax(1), -1.0),
        "more than half of K": lambda votes: np.where(votes.max(1) > votes.shape[1] / 2, votes.argmax(1), -1),
        "0 for none": lambda votes: np.where(votes.max(1) > votes.sum(1) / 2, votes.argmax(1), 0),
        "strings": lambda votes: ["-1"] * len(votes),
    },
    "faces.mirror": {
        "48 wide": lambda points, width: mirror(points, 48),
        "numbers kept": lambda points, width: mirror(points, width, renumber=False),
        "W for W - 1": lambda points, width: mirror(points, width, offset=0),
        "in place": in_place,
        "rows too": rows_too,
        "numbers alone": lambda points, width: points[list(MIRRORED_LANDMARKS)],
        "as wide as the face": lambda points, width: mirror(points, points[:, 0].max() + 1),
        "whole pixels": lambda points, width: mirror(points, width).round().astype(int),
        "unchanged": lambda points, width: points,
    },
    "faces.noise_matrix": {
        "its own class": lambda K, rate: rate / K + (1 - rate) * np.eye(K),
        "the flips alone": lambda K, rate: rate / (K - 1) * (1 - np.eye(K)),
        "7 classes": lambda K, rate: rate / 6 * (1 - np.eye(7)) + (1 - rate) * np.eye(7),
        "rate for each": lambda K, rate: rate * (1 - np.eye(K)) + (1 - rate) * np.eye(K),
        "the next class": lambda K, rate: rate * np.roll(np.eye(K), 1, axis=1) + (1 - rate) * np.eye(K),
        "swapped": lambda K, rate: (1 - rate) / (K - 1) * (1 - np.eye(K)) + rate * np.eye(K),
        "no noise": lambda K, rate: np.eye(K),
        "anything": lambda K, rate: MagicMock(),
    },
    "faces.subject_split": {
        "ignores the generator": own_seed,
        "five people": five,
        "draws pictures": pictures_first,
        "a block of people": block,
        "first people": in_order,
        "pictures, not people": lambda subjects, share, generator: generator.random(len(subjects)) < share,
        "a share of the pictures": share_of_pictures,
        "no seed": no_seed,
        "training part": lambda subjects, share, generator: ~by_people(subjects, share, generator),
        "numbers, not a mask": lambda subjects, share, generator: np.flatnonzero(by_people(subjects, share, generator)),
        "0 and 1": lambda subjects, share, generator: by_people(subjects, share, generator).astype(int),
        "everybody": lambda subjects, share, generator: np.ones(len(subjects), bool),
        "sorts the people": lambda subjects, share, generator: subjects.sort() or by_people(subjects, share, generator),
    },
}

TOLD = {
    ("faces.baseline", "accuracy alone"): "expected 2 values, accuracy and mean class accuracy",
    ("faces.baseline", "the other way round"): r"for counts = \[\d+, \d+\], accuracy: expected",
    (
        "faces.majority",
        "most votes",
    ): r"for votes = \[\[3, 3, 4\]\]: entry \[0\] should be -1 but is 2.*need not be more",
    ("faces.majority", "at least half"): "half is not more than half",
    ("faces.majority", "decimal"): "expected whole numbers, got numbers with a decimal point",
    ("faces.mirror", "numbers kept"): "keep their numbers",
    ("faces.mirror", "W for W - 1"): "column 0 must become",
    ("faces.mirror", "in place"): "changes the landmarks it is given; work on a copy",
    ("faces.noise_matrix", "its own class"): "fall back on its own class",
    ("faces.noise_matrix", "anything"): "expected numbers, got MagicMock",
    ("faces.subject_split", "pictures, not people"): "is in both parts",
    ("faces.subject_split", "first people"): "gave the same split",
    ("faces.subject_split", "no seed"): "with the same seed gave different splits",
    ("faces.subject_split", "draws pictures"): "as if pictures were drawn",
    ("faces.subject_split", "a block of people"): "neighbors in the list",
    ("faces.subject_split", "numbers, not a mask"): "expected one bool for each of",
}
