from statistics import NormalDist

import numpy as np
import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.group_metrics import Z, accuracy_by_group, wilson


def people(groups, labels, names=("sex",), subjects=None):
    n = len(labels)
    return FaceData(
        "toy", "test", np.zeros((n, 4, 4, 1), np.uint8), np.array(labels), ("neutral", "happiness"), np.arange(n),
        groups=np.array(groups), group_names=names, subjects=None if subjects is None else np.array(subjects),
    )  # fmt: skip


def test_a_case_by_hand():
    data = people([["male"], ["female"], ["female"], ["female"]], [0, 0, 0, 1], subjects=[1, 2, 2, 3])
    table = accuracy_by_group(np.array([0, 0, 1, 1]), data).set_index("group")
    assert list(table.index) == ["female", "male"]
    female = table.loc["female"]
    assert (female["samples"], female["people"]) == (3, 2)
    assert female["accuracy"] == pytest.approx(2 / 3)
    assert female["mean_class_accuracy"] == pytest.approx((1 / 2 + 1) / 2)
    assert (female["low"], female["high"]) == pytest.approx(wilson(2 / 3, 2))


def test_against_a_loop():
    draw = np.random.default_rng(0)
    n = 300
    groups = np.array(draw.choice(["a", "b", "c"], (n, 2)))
    data = people(groups, draw.integers(0, 2, n), ("one", "two"), draw.integers(0, 40, n))
    predicted = draw.integers(0, 2, n)
    for crossed in ((), ("two", "one")):
        for row in accuracy_by_group(predicted, data, crossed).to_dict("records"):
            names, values = row["attribute"].split(" × "), row["group"].split(", ")
            members = [
                i
                for i in range(n)
                if all(groups[i, data.group_names.index(k)] == v for k, v in zip(names, values, strict=True))
            ]
            assert row["samples"] == len(members)
            assert row["people"] == len({data.subjects[i] for i in members})
            assert row["accuracy"] == pytest.approx(sum(predicted[i] == data.labels[i] for i in members) / len(members))
        assert len(accuracy_by_group(predicted, data, crossed)) == (9 if crossed else 6)


def test_nobody_is_left_out():
    table = accuracy_by_group(np.array([0, 1, 1]), people([["b"], [""], ["a"]], [0, 1, 0]))
    assert table["group"].tolist() == ["a", "b", "not known"]
    assert table["people"].tolist() == [1, 1, 1]  # without subjects every picture counts as a person


@pytest.mark.parametrize(("share", "n"), [(0.0, 5), (0.5, 1), (0.9, 51), (1.0, 3)])
def test_the_ends_of_wilsons_interval_are_where_the_share_is_as_unlikely_as_it_may_be(share, n):
    assert pytest.approx(NormalDist().inv_cdf(0.975), abs=1e-6) == Z
    for end in wilson(share, n):
        if 0 < end < 1:
            assert abs(share - end) == pytest.approx(Z * (end * (1 - end) / n) ** 0.5)
        else:
            assert end == share


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data": people([["a"]], [0]), "predicted": np.array([0, 1])}, "predictions of shape (2,) for 1 samples"),
        ({"data": people([["a"]], [0]), "crossed": ("age",)}, "has no attribute 'age'; choose among sex"),
        ({"data": people(np.zeros((1, 0), str), [0], ()).subset([0]), "crossed": ("age",)}, "has no attribute 'age'"),
    ],
)
def test_what_does_not_fit(change, says):
    with pytest.raises(UserError) as caught:
        accuracy_by_group(**({"predicted": np.array([0])} | change))
    assert says in str(caught.value)


def test_data_without_groups():
    data = FaceData("toy", "test", np.zeros((1, 4, 4, 1), np.uint8), np.array([0]), ("neutral",), np.arange(1))
    with pytest.raises(UserError, match="says nothing about the people in it"):
        accuracy_by_group(np.array([0]), data)
