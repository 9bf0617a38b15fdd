"""Right answers to the exercises on faces and data, as the chapter's and as a reader might write them."""

import numpy as np
import torch

from fer_tutorial.vocabulary import MIRRORED_LANDMARKS


def majority(votes):
    return np.where(votes.max(axis=1) > votes.sum(axis=1) / 2, votes.argmax(axis=1), -1)


def majority_loop(votes):
    labels = []
    for row in votes:
        winners = [k for k, count in enumerate(row) if count > row.sum() / 2]
        labels.append(winners[0] if winners else -1)
    return labels


def majority_in_place(votes):
    labels = votes.argmax(axis=1)
    labels[2 * votes.max(axis=1) <= votes.sum(axis=1)] = -1
    return labels.astype(np.int32)


def mirror(landmarks, width):
    mirrored = landmarks.copy()
    mirrored[:, 0] = width - 1 - mirrored[:, 0]
    return mirrored[list(MIRRORED_LANDMARKS)]


def mirror_loop(landmarks, width):
    mirrored = np.zeros((68, 2))
    for number, opposite in enumerate(MIRRORED_LANDMARKS):
        mirrored[opposite] = width - 1 - landmarks[number, 0], landmarks[number, 1]
    return mirrored


def noise_matrix(classes, rate):
    matrix = np.full((classes, classes), rate / (classes - 1))
    np.fill_diagonal(matrix, 1 - rate)
    return matrix


def split(subjects, share, generator):
    people = generator.permutation(np.unique(subjects))
    return np.isin(subjects, people[: round(share * len(people))])


def split_choice(subjects, share, generator):
    people = sorted(set(subjects.tolist()))
    test = set(generator.choice(people, size=int(np.ceil(share * len(people))), replace=False).tolist())
    return np.array([person in test for person in subjects])


def split_numbers(subjects, share, generator):
    people, inverse = np.unique(subjects, return_inverse=True)
    drawn = generator.random(len(people))
    return (drawn.argsort().argsort() < int(share * len(people) + 0.5))[inverse]


RIGHT = {
    "faces.baseline": {
        "the line": lambda counts: (max(counts) / sum(counts), 1 / len(counts)),
        "list": lambda counts: [max(counts) / sum(counts), 1 / len(counts)],
        "array": lambda counts: np.array([np.max(counts) / np.sum(counts), 1 / len(counts)]),
        "tensor": lambda counts: torch.tensor([max(counts) / sum(counts), 1 / len(counts)]),
    },
    "faces.majority": {
        "where": majority,
        "loop, list": majority_loop,
        "in place": majority_in_place,
        "whole halves": lambda votes: np.where(votes.max(1) > votes.sum(1) // 2, votes.argmax(1), -1),
        "strictly one": lambda votes: (2 * votes > votes.sum(1, keepdims=True)) @ np.arange(1, votes.shape[1] + 1) - 1,
    },
    "faces.mirror": {
        "copy": mirror,
        "loop": mirror_loop,
        "scaled": lambda points, width: (points * [-1, 1] + [width - 1, 0])[np.array(MIRRORED_LANDMARKS)],
    },
    "faces.noise_matrix": {
        "fill_diagonal": noise_matrix,
        "lists": lambda K, rate: [[1 - rate if k == j else rate / (K - 1) for j in range(K)] for k in range(K)],
        "ones": lambda K, rate: rate / (K - 1) * np.ones((K, K)) + (1 - rate - rate / (K - 1)) * np.eye(K),
        "tensor": lambda K, rate: torch.tensor(noise_matrix(K, rate)),
    },
    "faces.subject_split": {
        "permutation": split,
        "choice": split_choice,
        "random keys": split_numbers,
    },
}
