"""Finding exercises by name, and the comparison their checkers share."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from fer_tutorial.course import Wrong, exercise, expect_close
from fer_tutorial.course.registry import chapters, exercise_names, find
from fer_tutorial.errors import UserError


def test_a_misspelt_name_is_answered_with_the_closest_one():
    with pytest.raises(UserError, match=r"no exercise called 'center_loss\.bye_hand'.*'center_loss\.by_hand'"):
        find("center_loss.bye_hand")


def test_a_name_like_no_other_is_answered_with_the_chapters():
    with pytest.raises(UserError, match=r"the chapters with exercises are .*center_loss"):
        find("xyz")


def test_exercises_need_three_hints_and_a_chapter():
    with pytest.raises(ValueError, match="has 2 hints; give 3"):
        exercise("faces.x", hints=("one", "two"))
    with pytest.raises(ValueError, match=r"name it chapter\.what"):
        exercise("x", hints=("one", "two", "three"))


def test_a_chapter_is_imported_only_when_one_of_its_exercises_is_asked_for():
    program = (
        "import sys, fer_tutorial.course as course\n"
        "loaded = lambda: 'fer_tutorial.course.exercises.center_loss' in sys.modules\n"
        "before = loaded(); course.hint('center_loss.by_hand'); print(before, loaded())"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[-1] == "False True"


@pytest.mark.parametrize("chapter", chapters())
def test_every_exercise_is_in_the_module_its_name_says(chapter):
    names = exercise_names(chapter)
    assert names
    for name in names:
        assert find(name).checker.__module__ == f"fer_tutorial.course.exercises.{chapter}"
        assert all(text.strip() for text in find(name).hints)


def test_close_values_of_any_kind_pass():
    expect_close(0.5, torch.tensor(0.5), "a number")
    expect_close([torch.tensor(1.0, requires_grad=True), 2.0], np.array([1.0, 2.0 + 1e-7]), "a list of both")


@pytest.mark.parametrize(
    ("actual", "expected", "sentence"),
    [
        (None, 1.0, "here: got None; is a return statement missing?"),
        ("three", 3.0, "here: expected numbers, got str"),
        ([1.0, 2.0], 3.0, r"here: expected shape \(\), got \(2,\)"),
        (-0.00001, 3.0, "here: expected 3, got 0"),
        (np.zeros((2, 7)), np.ones((2, 7)), r"here: expected \[1, .* 1, \.\.\.\] of shape \(2, 7\), got \[0, "),
    ],
)
def test_a_difference_is_one_sentence(actual, expected, sentence):
    with pytest.raises(Wrong, match=sentence):
        expect_close(actual, expected, "here")
