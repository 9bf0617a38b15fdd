"""Comparing values, and saying in plain words how they differ."""

from fractions import Fraction
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch

from fer_tutorial.course import Wrong, expect_close
from fer_tutorial.course.comparing import diagnosis, in_words


class Liar(torch.Tensor):
    def __eq__(self, other):
        return True


class Five(float):
    def __eq__(self, other):
        return True


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (0.5, torch.tensor(0.5)),
        (np.float32(0.5), 0.5),
        (Fraction(1, 2), 0.5),
        ([torch.tensor(1.0, requires_grad=True), 2], np.array([1.0, 2.0 + 1e-7])),
        ([1, 2], torch.tensor([1.0, 2.0])),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2, dtype=torch.float64)),
        (np.array([1, 2], dtype=np.uint8), torch.tensor([1, 2])),
        ([True, False], np.array([True, False])),
        ([[], []], np.zeros((2, 0))),
    ],
)
def test_the_same_values_of_any_kind_pass(given, right):
    expect_close(given, right, "here")


@pytest.mark.parametrize(
    ("given", "right", "sentence"),
    [
        (None, 1.0, "here: got None; is a return statement missing?"),
        ("three", 3.0, "here: expected numbers, got str"),
        (1j, 1.0, "here: expected numbers, got complex"),
        (np.array(["a"]), np.ones(1), "here: expected numbers, got <U1"),
        (MagicMock(), 1.0, "here: expected numbers, got MagicMock"),
        (Five(3.0), 3.0, "here: expected numbers, got Five"),
        (torch.ones(2).as_subclass(Liar), torch.ones(2), "here: expected numbers, got Liar"),
        ([[1.0], [2.0, 3.0]], torch.ones(2, 2), "here: expected rows of equal length"),
        ([1.0, 2.0], 3.0, r"here: expected a single number, got shape \(2,\)"),
        (torch.ones(2, 1), torch.ones(2), r"here: expected shape \(2,\), got shape \(2, 1\)"),
        (torch.tensor([1, 2]), torch.tensor([1.0, 2.0]), "expected numbers with a decimal point, got whole numbers"),
        ([1.0, 2.0], torch.tensor([1, 2]), "expected whole numbers, got numbers with a decimal point"),
        (np.array([1, 0]), np.array([True, False]), "expected True and False, got whole numbers"),
        (True, 1.0, "expected numbers with a decimal point, got True and False"),
        (-0.0000001, 3.0, "^here: expected 3, got 0$"),
        (0.0, 3.0, "^here: expected 3, got 0; it is zero$"),
        (6.0, 3.0, "here: expected 3, got 6; it is twice too large"),
        (-3.0, 3.0, "it is of the wrong sign"),
        (4.0, 3.0, "^here: expected 3, got 4$"),
        (float("nan"), 3.0, "expected 3, got nan"),
        (
            [1.0, 2.0],
            [2.0, 4.0],
            r"here: entry \[0\] should be 2 but is 1; all of it is half as large as it should be$",
        ),
        (torch.tensor([[1.0, 2.0], [3.0, 5.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), r"entry \[1, 1\] .* 4 but is 5$"),
        (np.array([True]), np.array([False]), r"entry \[0\] should be False but is True"),
    ],
)
def test_a_difference_is_one_sentence(given, right, sentence):
    with pytest.raises(Wrong, match=sentence):
        expect_close(given, right, "here")


@pytest.mark.parametrize(
    ("given", "words"),
    [(4.0, "twice"), (1.0, "half"), (-2.0, "sign"), (0.0, "zero"), (3.0, "large"), (1.5, "small"), (np.nan, "NaN")],
)
def test_the_diagnosis_of_a_number_says_which_way_but_not_which_number(given, words):
    assert words in diagnosis(given, 2.0)
    assert "2" not in diagnosis(given, 2.0)


def test_an_input_is_shown_as_it_could_be_typed():
    inputs = {"x": torch.tensor([[1.0, -0.25]]), "labels": np.array([0, 2]), "size": (3, 4), "counts": [1, 2], "k": 2}
    assert in_words(inputs) == "for x = [[1, -0.25]], labels = [0, 2], size = (3, 4), counts = [1, 2], k = 2"


def test_a_large_input_is_shown_by_its_shape():
    shown = in_words({"landmarks": np.zeros((68, 2)), "generator": np.random.default_rng(0)})
    assert shown == "for landmarks = numbers of shape (68, 2), generator = a Generator"


def test_double_precision_is_said():
    assert in_words({"x": torch.ones(1, dtype=torch.float64)}) == "for x = [1], in double precision"
