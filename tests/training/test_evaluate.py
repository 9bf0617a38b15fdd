from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fer_tutorial.datasets import data_from_arrays
from fer_tutorial.errors import UserError
from fer_tutorial.training import build_method, evaluate, predict, train
from fer_tutorial.vocabulary import EXPRESSIONS
from tests.helpers.quick_config import quick
from tests.helpers.striped_faces import striped

SEVEN = EXPRESSIONS[:7]


@pytest.fixture(scope="module")
def network():
    method = build_method("softmax", striped(n=200))
    train(method, striped(n=200), config=quick(epochs=3, optimizer="adamw", lr=3e-3))
    return method


def renumbered(data, names):
    """The same pictures with the same names of their classes, counted as in ``names``."""
    labels = np.array([names.index(data.class_names[label]) for label in data.labels])
    return replace(data, labels=labels, class_names=names)


def test_the_order_in_which_data_count_their_classes_changes_no_metric(network):
    data = striped(n=100, seed=1)
    expected = evaluate(network, data)
    for names in (SEVEN[::-1], SEVEN[2:] + SEVEN[:2]):
        found = evaluate(network, renumbered(data, names))
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(found[name], value)


def test_a_set_with_some_of_the_classes_is_evaluated_both_ways(network):
    data = striped(n=100, seed=1)
    data = data.subset(data.labels < 2)
    two = renumbered(data, ("happiness", "neutral"))
    metrics = evaluate(network, two)
    logits = torch.tensor(predict(network, data))
    assert metrics["confusion_matrix"].shape == (7, 7)
    assert metrics["accuracy"] == pytest.approx((logits.argmax(1).numpy() == data.labels).mean())
    assert np.isnan(metrics["class_accuracy"][2:]).all()
    assert metrics["mean_class_accuracy"] == pytest.approx(metrics["class_accuracy"][:2].mean())
    few = metrics["restricted"]
    assert few["class_names"] == ("neutral", "happiness")
    assert few["accuracy"] == pytest.approx((logits[:, :2].argmax(1).numpy() == data.labels).mean())
    assert few["confusion_matrix"].sum() == len(data)


def test_accuracy_by_group_is_that_of_the_classes_that_the_data_have(network):
    data = striped(n=100, seed=1)
    who = np.where(np.arange(100) % 3, "old", "young")
    data = replace(data, groups=np.stack([who, np.full(100, "")], axis=1), group_names=("age", "sex"))
    rows = evaluate(network, data)["groups"]
    assert [(row["attribute"], row["group"]) for row in rows] == [
        ("age", "old"),
        ("age", "young"),
        ("sex", "not known"),
    ]
    right = predict(network, data).argmax(1) == data.labels
    assert [row["accuracy"] for row in rows] == pytest.approx(
        [right[who == "old"].mean(), right[who == "young"].mean(), right.mean()]
    )
    assert [row["group"] for row in evaluate(network, data, crossed=("sex", "age"))["groups"]] == [
        "not known, old",
        "not known, young",
    ]
    two = data.subset(data.labels < 2)
    metrics = evaluate(network, renumbered(two, ("happiness", "neutral")))
    assert metrics["groups"][-1]["accuracy"] == pytest.approx(metrics["restricted"]["accuracy"])
    with pytest.raises(UserError, match="says nothing about the people"):
        evaluate(network, striped(n=10), crossed=("age",))


def test_a_set_as_small_as_londons():
    method = build_method("softmax", num_classes=7, image_size=48)
    data = data_from_arrays(np.zeros((2, 48, 48), np.uint8), np.array([0, 1]), class_names=("neutral", "happiness"))
    with pytest.raises(UserError, match="tells 7 classes apart"):  # a network that does not know its classes' names
        evaluate(method, data)
    named = build_method("softmax", striped(size=48))
    assert evaluate(named, data)["confusion_matrix"].shape == (7, 7)


def test_samples_of_unknown_expressions_are_counted(network):
    eight = striped(n=100, seed=1, classes=8)
    metrics = evaluate(network, eight)
    assert metrics["left_out"] == (eight.labels == 7).sum()
    assert metrics["confusion_matrix"].sum() == (eight.labels < 7).sum()
    assert "left_out" not in evaluate(network, striped(n=10))


def test_predictions_that_are_no_numbers_get_no_score():
    method = build_method("softmax", striped())
    nn.init.constant_(method.classifier.weight, float("nan"))
    with pytest.raises(UserError, match="50 of 50 predictions are not numbers"):
        evaluate(method, striped(n=50))


def test_evaluation_leaves_the_mode_as_it_was():
    method = build_method("softmax", striped())
    for mode in (True, False):
        evaluate(method.train(mode), striped())
        assert method.training is mode


@pytest.mark.parametrize(("data", "sentence"), [
    (striped(size=20), "16×16 pixels but those of 'striped' have 20×20; .*--size 16"),
    (replace(striped(), images=np.zeros((48, 16, 18, 3), np.uint8)), "have 18×16"),
    (replace(striped(), class_names=tuple("abcdefg")), "cannot be matched"),
])  # fmt: skip
def test_data_that_do_not_fit(data, sentence, network):
    with pytest.raises(UserError, match=sentence):
        evaluate(network, data)


def test_a_method_is_left_as_it_was_found(network, monkeypatch):
    network.train()
    predict(network, striped(n=4))
    assert network.training
    monkeypatch.setattr(network, "predict", lambda batch: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        predict(network, striped(n=4))
    assert network.training
    network.eval()
