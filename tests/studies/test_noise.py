"""Labels with noise: as many flips as asked for, FER2013's labels by name, and what became of them against counts."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fer_tutorial.config import TrainConfig
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import build_method
from fer_tutorial.papers.scn import SCNConfig
from fer_tutorial.training.engine import train
from fer_tutorial.vocabulary import EXPRESSIONS
from studies.noise import Watch, area_under_roc, fer2013_labels, moved_towards_votes, summary, verdict, with_noise


def faces(n: int = 4000, classes: int = 4, size: int = 2) -> FaceData:
    """Index and name of sample i are those of FERPlus's picture i + 5."""
    labels = np.arange(n) % classes
    votes = 2.0 * np.eye(classes, dtype=np.float32)[labels]
    votes[:, 0] += 1
    images = np.random.default_rng(0).integers(0, 256, (n, size, size, 1), np.uint8)
    keys = np.array([f"fer{i + 5:07d}.png" for i in range(n)])
    index = np.arange(n) + 5
    return FaceData("toy", "train", images, labels, EXPRESSIONS[:classes], index=index, votes=votes, keys=keys)


# --- labels ----------------------------------------------------------------------------------------------------------


def test_flips_are_as_many_as_asked_and_spread_evenly() -> None:
    noisy = with_noise(faces(), "0.3", seed=0)
    wrong = noisy.labels != noisy.clean_labels
    assert wrong.mean() == pytest.approx(0.3, abs=0.03)
    shift = (noisy.labels - noisy.clean_labels)[wrong] % 4
    assert (np.bincount(shift, minlength=4)[1:] / wrong.sum()).tolist() == pytest.approx([1 / 3] * 3, abs=0.05)
    again, other = (with_noise(faces(), "0.3", seed) for seed in (0, 1))
    assert np.array_equal(noisy.labels, again.labels)
    assert not np.array_equal(noisy.labels, other.labels)


def test_no_flips_leave_every_label() -> None:
    assert np.array_equal(with_noise(faces(), "0", seed=3).labels, faces().labels)


def test_the_annotator_votes_as_the_annotators_do() -> None:
    noisy = with_noise(faces(), "annotator", seed=0)
    others = noisy.clean_labels != 0
    assert (noisy.labels[others] == 0).mean() == pytest.approx(1 / 3, abs=0.03)
    assert (noisy.labels[~others] == 0).all()


def test_no_annotator_without_votes() -> None:
    with pytest.raises(UserError, match="has no votes"):
        with_noise(replace(faces(), votes=None), "annotator", seed=0)


def test_fer2013_labels_go_to_the_pictures_they_belong_to(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n3,1,Training\n0,1,Training\n6,1,Training\n")
    (tmp_path / "fer2013new.csv").write_text(
        "Usage,Image name,neutral\nTraining,fer0000007.png,1\nTraining,,0\nTraining,fer0000005.png,1\n"
    )
    labels = fer2013_labels(tmp_path, faces(3))  # pictures 5, 6 and 7
    assert labels.tolist() == [EXPRESSIONS.index("neutral"), -1, EXPRESSIONS.index("happiness")]


@pytest.mark.parametrize("folder", [".", "labels"])
def test_fer2013_labels_from_the_table(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "fer2013_emotion.csv").write_text(
        "split,name,emotion,certain\n"
        "Train,fer0000008.png,3,1\nTrain,fer0000005.png,4,1\nTrain,fer0000006.png,5,0\n"  # 7 is missing
        "Train,fer0000009.png,0,1\nTest,fer0000009.png,2,1\n"  # one name, two emotions
    )
    data = faces(5, classes=7)
    sadness, happiness = EXPRESSIONS.index("sadness"), EXPRESSIONS.index("happiness")
    assert fer2013_labels(tmp_path, data).tolist() == [sadness, -1, -1, happiness, -1]
    noisy = with_noise(data, "fer2013", seed=0, root=tmp_path)
    assert noisy.keys is not None
    assert noisy.keys.tolist() == ["fer0000005.png", "fer0000008.png"]
    assert noisy.labels.tolist() == [sadness, happiness]
    assert noisy.clean_labels.tolist() == data.labels[[0, 3]].tolist()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, r"expected fer2013\.csv and fer2013new\.csv there, or fer2013_emotion\.csv"),
        ({"fer2013_emotion.csv": "name,emotion\na,1\n"}, "lacks a column; expected name, emotion, certain"),
        ({"fer2013_emotion.csv": "name,emotion,certain\na,7,1\n"}, "emotion 7; expected 0 to 6"),
        ({"fer2013.csv": "emotion\n1\n", "fer2013new.csv": "Image name\na\nb\n"}, "1 rows and fer2013new.csv 2"),
    ],
)
def test_files_that_do_not_fit_are_named(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=expected):
        fer2013_labels(tmp_path, faces(3))


def test_pictures_without_names_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "fer2013_emotion.csv").write_text("name,emotion,certain\na,1,1\n")
    with pytest.raises(UserError, match="does not name its pictures"):
        fer2013_labels(tmp_path, replace(faces(3), keys=None))
    with pytest.raises(UserError, match="--data-root"):
        with_noise(faces(3), "fer2013", seed=0)


# --- what became of them ---------------------------------------------------------------------------------------------


def test_verdict_by_hand() -> None:
    given, now, truth = np.array([[0, 1, 1, 0, 1, 2], [0, 0, 1, 2, 1, 0], [0, 0, 0, 0, 1, 1]])
    assert verdict(given, now, truth) == {
        "right": 1, "wrong": 2, "missed": 1, "spoiled": 1,
        "relabel_precision": pytest.approx(1 / 3), "relabel_recall": pytest.approx(1 / 3),
        "given_label_accuracy": 0.5, "label_accuracy": 0.5,
    }  # fmt: skip


def test_nothing_changed_has_no_precision_and_nothing_wrong_no_recall() -> None:
    untouched = verdict(np.array([0, 1]), np.array([0, 1]), np.array([0, 0]))
    assert math.isnan(untouched["relabel_precision"])
    assert untouched["relabel_recall"] == 0
    spoiled = verdict(np.array([0, 1]), np.array([1, 1]), np.array([0, 1]))
    assert spoiled["relabel_precision"] == 0
    assert math.isnan(spoiled["relabel_recall"])


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


def test_the_watch_keeps_favorites_and_importances_by_epoch() -> None:
    watch = Watch()
    logits, alpha = torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor([0.25, 0.75])
    watch.on_step({"index": torch.tensor([7, 3])}, {"logits": logits, "kept": {"importance": alpha}})
    watch.on_epoch(None, {})
    watch.on_step({"index": torch.tensor([3, 7])}, {"logits": logits})
    expected = pd.DataFrame(
        {"epoch": [0, 0, 1, 1], "index": [7, 3, 3, 7], "favorite": [1, 0, 1, 0], "importance": [0.25, 0.75, None, None]}
    )
    pd.testing.assert_frame_equal(watch.table(), expected, check_dtype=False)


@pytest.mark.parametrize("name", ["softmax", "scn"])
def test_the_summary_of_a_run_tells_how_its_labels_fared(name: str) -> None:
    data = with_noise(faces(48, classes=3, size=16), "0.3", seed=0)
    config = SCNConfig(relabel_epoch=2, delta_2=0.0, relabel_group="all") if name == "scn" else None
    method, watch = build_method(name, data, config=config), Watch()
    plan = TrainConfig(epochs=3, batch_size=16, progress=False, tensorboard=False)
    run = train(method, data, data, plan, on_step=watch.on_step, on_epoch=watch.on_epoch)
    result = summary(run, watch.table(), data, seed=0, left_out=5)
    store = run.labels
    assert store is not None
    assert data.clean_labels is not None
    now = store.labels.cpu().numpy()
    assert result.metrics["left_out"] == 5
    assert result.metrics["label_accuracy"] == pytest.approx((now == data.clean_labels).mean())
    assert result.epochs is not None
    assert (result.epochs.loc[0, ["right", "wrong"]] == 0).all()  # no label changes before its time
    assert result.epochs["clean_train_accuracy"].between(0, 1).all()
    if name == "softmax":
        assert result.metrics["label_accuracy"] == result.metrics["given_label_accuracy"]
        assert not result.tables
        assert "auc_flipped" not in result.metrics
    else:
        assert (now != data.labels).any()
        assert result.tables["importance"]["count"].sum() == len(data)
        assert {"auc_flipped", "auc_disagreement", "votes_after"} <= set(result.metrics)
