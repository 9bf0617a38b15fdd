"""Solutions of the exercises, one section each, as ``solution`` shows them."""

import numpy as np

from fer_tutorial.vocabulary import MIRRORED_LANDMARKS


# %% faces.baseline
def baseline(counts):
    return max(counts) / sum(counts), 1 / len(counts)


# %% faces.majority
def majority(votes):
    return np.where(
        votes.max(axis=1) > votes.sum(axis=1) / 2, votes.argmax(axis=1), -1
    )


# %% faces.mirror
def mirror(landmarks, width):
    mirrored = landmarks.copy()
    mirrored[:, 0] = width - 1 - mirrored[:, 0]
    return mirrored[list(MIRRORED_LANDMARKS)]


# %% faces.noise_matrix
def noise_matrix(K, rate):
    matrix = np.full((K, K), rate / (K - 1))
    np.fill_diagonal(matrix, 1 - rate)
    return matrix


# %% faces.subject_split
def subject_split(subjects, share, generator):
    people = generator.permutation(np.unique(subjects))
    return np.isin(subjects, people[: round(share * len(people))])
