"""Annotators against each other, and what the test data have no part in."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from fer_tutorial.face_data import FaceData
from fer_tutorial.vocabulary import EXPRESSIONS
from studies import transfer


def agreement_by_counting(votes: np.ndarray) -> tuple[float, list[float]]:
    """One annotator after the other, by the definition."""
    accuracy, agree, often = [], np.zeros(votes.shape[1]), np.zeros(votes.shape[1])
    for row in votes:
        answers = [answer for answer, count in enumerate(row) for _ in range(int(count))]
        for one in range(len(answers)):
            others = answers[:one] + answers[one + 1 :]
            counts = [others.count(answer) for answer in range(len(row))]
            most = [answer for answer, count in enumerate(counts) if count == max(counts)]
            for answer in most:
                often[answer] += 1 / len(most) / len(answers)
                agree[answer] += (answers[one] == answer) / len(most) / len(answers)
            accuracy.append((answers[one] in most) / len(most) / len(answers))
    with np.errstate(invalid="ignore"):
        return sum(accuracy) / len(votes), list(agree / often)


def test_annotators_against_the_others_one_by_one():
    votes = np.random.default_rng(0).multinomial(10, [0.5, 0.3, 0.15, 0.05], size=40)
    votes[:5] = [[2, 2, 0, 0], [1, 1, 1, 0], [0, 2, 0, 0], [10, 0, 0, 0], [0, 1, 0, 1]]
    accuracy, recall = transfer.annotator_agreement(votes)
    expected_accuracy, expected_recall = agreement_by_counting(votes)
    assert accuracy == pytest.approx(expected_accuracy)
    assert recall == pytest.approx(expected_recall, nan_ok=True)


def test_annotators_who_all_agree_and_two_who_do_not():
    accuracy, recall = transfer.annotator_agreement(np.array([[0, 10, 0]]))
    assert accuracy == 1
    assert recall == pytest.approx([np.nan, 1, np.nan], nan_ok=True)
    assert transfer.annotator_agreement(np.array([[1, 1]]))[0] == 0


def test_an_annotator_who_is_alone_is_refused():
    with pytest.raises(ValueError, match="two or more"):
        transfer.annotator_agreement(np.array([[10, 0], [1, 0]]))


def test_any_answer_counts_what_is_none_of_the_seven(monkeypatch):
    votes = np.zeros((1, 7), np.float32)
    votes[0, 0] = 6  # of ten: four said something else
    faces = SimpleNamespace(votes=votes, class_names=EXPRESSIONS[:7])
    monkeypatch.setattr(transfer, "photographs", lambda *_, **__: Faces(faces))
    measured = {
        answers: transfer.one_agreement(transfer.AnnotatorSettings(), {"split": "test", "answers": answers}).metrics
        for answers in transfer.ANSWERS
    }
    assert measured["seven expressions"]["accuracy"] == 1
    assert measured["any"]["accuracy"] == pytest.approx(0.6)  # the four face six of another mind


class Faces(SimpleNamespace):
    def __init__(self, faces: SimpleNamespace) -> None:
        super().__init__(**vars(faces))

    def __len__(self) -> int:
        return len(self.votes)


def test_the_best_epoch_of_all_augmentations_is_chosen(monkeypatch):
    histories = {"mild": [0.2, 0.5, 0.3], "strong": [0.4, 0.1, 0.45]}
    trained = iter(histories.items())

    def train(method, data, valid, config):
        name, values = next(trained)
        assert config.augment == transfer.AUGMENTATIONS[name]
        assert (config.restore_best, config.monitor) == (True, transfer.CHOSEN_BY)
        return SimpleNamespace(
            history=pd.DataFrame({"epoch": range(3), transfer.CHOSEN_BY: values}), best_epoch=int(np.argmax(values))
        )

    monkeypatch.setattr(transfer, "train", train)
    monkeypatch.setattr(transfer, "build_method", lambda *_, **__: object())
    network = next(iter(transfer.NETWORKS.values()))
    chosen = transfer.best_by_validation(transfer.Settings(), network, 0, None, None)
    assert (chosen.augmentation, chosen.epoch, chosen.validation) == ("mild", 1, 0.5)
    assert chosen.epochs.groupby("augmentation").size().to_dict() == {"mild": 3, "strong": 3}


def test_nothing_is_tested_before_all_is_chosen(monkeypatch, photographs):
    happened = []
    read = transfer.photographs.__wrapped__
    monkeypatch.setattr(
        transfer, "photographs", lambda name, root, split, size: happened.append(split) or read(name, root, split, size)
    )
    choose = transfer.best_by_validation
    monkeypatch.setattr(transfer, "best_by_validation", lambda *a: (choose(*a), happened.append("chosen"))[0])
    settings = transfer.Settings(**transfer.QUICK)
    result = transfer.one_run(settings, {"network": "oriented gradients", "seed": 0}, photographs)
    assert happened == ["valid", "chosen", "test", "test"]
    assert set(result.tables["classes"]["data"]) == set(result.tables["confusion"]["data"]) == {"ferplus", "london"}
    counts = result.tables["confusion"].groupby("data")["count"].sum()
    assert counts.to_dict() == {"ferplus": 28, "london": 4}


def test_logits_do_not_change_when_the_picture_is_mirrored():
    images = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 1), np.uint8)
    data = FaceData("toy", "test", images, np.arange(3), EXPRESSIONS[:7], np.arange(3))
    mirrored = FaceData("toy", "test", images[:, :, ::-1].copy(), np.arange(3), EXPRESSIONS[:7], np.arange(3))
    method = transfer.build_method("softmax", data)
    torch.testing.assert_close(transfer.logits_of(method, data), transfer.logits_of(method, mirrored))
