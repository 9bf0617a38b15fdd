"""The label noise benchmark's own arithmetic: noise, verdicts, area under the ROC curve, FER2013's labels."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from fer_tutorial.face_data import FaceData
from fer_tutorial.vocabulary import EXPRESSIONS
from studies.scn import area_under_roc, fer2013_labels, moved_towards_votes, verdict, with_noise


def faces(n: int = 4000, classes: int = 4) -> FaceData:
    labels = np.arange(n) % classes
    votes = 2.0 * np.eye(classes, dtype=np.float32)[labels]
    votes[:, 0] += 1
    images = np.zeros((n, 2, 2, 1), np.uint8)
    return FaceData("toy", "train", images, labels, EXPRESSIONS[:classes], index=np.arange(n) + 5, votes=votes)


def test_flips_are_as_many_as_asked_and_spread_evenly() -> None:
    noisy = with_noise(faces(), "0.3", seed=0, root=None)
    wrong = noisy.labels != noisy.clean_labels
    assert wrong.mean() == pytest.approx(0.3, abs=0.03)
    shift = (noisy.labels - noisy.clean_labels)[wrong] % 4
    assert (np.bincount(shift, minlength=4)[1:] / wrong.sum()).tolist() == pytest.approx([1 / 3] * 3, abs=0.05)
    again, other = (with_noise(faces(), "0.3", seed, None) for seed in (0, 1))
    assert np.array_equal(noisy.labels, again.labels)
    assert not np.array_equal(noisy.labels, other.labels)


def test_the_annotator_votes_as_the_annotators_do() -> None:
    noisy = with_noise(faces(), "annotator", seed=0, root=None)
    others = noisy.clean_labels != 0
    assert (noisy.labels[others] == 0).mean() == pytest.approx(1 / 3, abs=0.03)
    assert (noisy.labels[~others] == 0).all()


def test_verdict_by_hand() -> None:
    given, now, truth = np.array([[0, 1, 1, 0, 1, 2], [0, 0, 1, 2, 1, 0], [0, 0, 0, 0, 1, 1]])
    counts = verdict(given, now, truth)
    assert counts == {"right": 1, "wrong": 2, "missed": 1, "spoiled": 1, "label_accuracy": 0.5}


def test_area_under_roc_equals_the_count_of_pairs() -> None:
    generator = np.random.default_rng(0)
    score, positive = generator.integers(0, 5, 40).astype(float), generator.random(40) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in score[positive] for b in score[~positive]]
    assert area_under_roc(score, positive) == pytest.approx(np.mean(pairs))
    assert math.isnan(area_under_roc(score, np.zeros(40, bool)))


def test_votes_for_the_old_and_the_new_label() -> None:
    data = faces(4)
    now = data.labels.copy()
    now[1] = 0  # one of three annotators said 0, two said 1
    moved = moved_towards_votes(data, now)
    assert (moved["votes_before"], moved["votes_after"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_fer2013_labels_go_to_the_pictures_they_belong_to(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n3,1,Training\n0,1,Training\n6,1,Training\n")
    (tmp_path / "fer2013new.csv").write_text(
        "Usage,Image name,neutral\nTraining,fer0000007.png,1\nTraining,,0\nTraining,fer0000005.png,1\n"
    )
    labels = fer2013_labels(tmp_path, faces(3).subset([0, 2]))  # indices 5 and 7
    assert [EXPRESSIONS[label] for label in labels] == ["neutral", "happiness"]


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"fer2013\.csv and no fer2013new\.csv"):
        fer2013_labels(tmp_path, faces(3))
