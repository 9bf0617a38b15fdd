from dataclasses import replace

import numpy as np
import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.training import build_method
from fer_tutorial.training.fit import check_fit, match_classes
from fer_tutorial.vocabulary import EXPRESSIONS
from tests.helpers.striped_faces import striped

SEVEN = EXPRESSIONS[:7]


def voted(n=30, classes=7):
    data = striped(n=n, classes=classes)
    votes = np.random.default_rng(0).uniform(size=(n, classes)).astype(np.float32)
    return replace(data, votes=votes, clean_labels=np.roll(data.labels, 1))


def names_of(data, field="labels"):
    return [data.class_names[label] for label in getattr(data, field)]


def test_the_same_classes_are_left_as_they_are():
    data = voted()
    matched = match_classes(SEVEN, data)
    assert matched.data is data
    assert matched.present == tuple(range(7))
    assert matched.left_out == 0


def test_labels_votes_and_clean_labels_keep_their_names_in_another_order():
    data = voted()
    order = SEVEN[3:] + SEVEN[:3]
    matched = match_classes(order, data)
    assert matched.data.class_names == order
    assert names_of(matched.data) == names_of(data)
    assert names_of(matched.data, "clean_labels") == names_of(data, "clean_labels")
    for number, name in enumerate(order):
        np.testing.assert_array_equal(matched.data.votes[:, number], data.votes[:, SEVEN.index(name)])
    assert matched.data.index.tolist() == data.index.tolist()


def test_fewer_classes_are_a_part_of_the_networks():
    data = replace(striped(n=20, classes=2), class_names=("fear", "happiness"))
    matched = match_classes(SEVEN, data)
    assert names_of(matched.data) == names_of(data)
    assert [SEVEN[number] for number in matched.present] == ["happiness", "fear"]
    assert matched.left_out == 0


def test_expressions_that_the_network_does_not_know_are_left_out():
    data = voted(n=60, classes=8)
    data = replace(data, clean_labels=None)
    contempt = data.labels == 7
    matched = match_classes(SEVEN, data)
    assert matched.left_out == contempt.sum() > 0
    assert matched.data.index.tolist() == data.index[~contempt].tolist()
    assert matched.data.votes.shape == (len(matched.data), 7)


@pytest.mark.parametrize(("names", "sentence"), [
    (("smile", "no smile"), "smile, no smile cannot be matched"),
    (("neutral", "Happiness"), "Happiness cannot be matched"),
    (("contempt", "contempt2"), "contempt2 cannot be matched"),
    (("", "neutral"), "cannot be matched"),
])  # fmt: skip
def test_names_that_are_no_expressions_are_refused_with_both_orders(names, sentence):
    data = replace(striped(classes=2), class_names=names)
    with pytest.raises(UserError, match=sentence) as told:
        match_classes(SEVEN, data)
    assert ", ".join(SEVEN) in str(told.value)
    assert ", ".join(names) in str(told.value)


def test_data_without_a_sample_of_the_networks_classes():
    data = replace(striped(classes=2), class_names=("contempt", "neutral"))
    data = data.subset(data.labels == 0)
    with pytest.raises(UserError, match="no sample"):
        match_classes(SEVEN, data)


def test_training_needs_the_same_names_in_the_same_order():
    method = build_method("softmax", striped())
    check_fit(method, striped())
    with pytest.raises(UserError, match="same names in the same order"):
        check_fit(method, replace(striped(), class_names=SEVEN[::-1]))
    with pytest.raises(UserError, match="tells 7 classes apart but the data set 'striped' has 5"):
        check_fit(method, striped(classes=5))
    unnamed = build_method("softmax", num_classes=7, image_size=16)
    check_fit(unnamed, replace(striped(), class_names=SEVEN[::-1]))
