"""Finding exercises by name."""

import subprocess
import sys

import pytest

from fer_tutorial.course.registry import chapters, exercise_names, find
from fer_tutorial.errors import UserError


def test_a_misspelled_name_is_answered_with_the_closest_one():
    with pytest.raises(UserError, match=r"no exercise called 'center_loss\.bye_hand'.*'center_loss\.by_hand'"):
        find("center_loss.bye_hand")


def test_a_name_like_no_other_is_answered_with_the_chapters():
    with pytest.raises(UserError, match=r"the chapters with exercises are .*center_loss"):
        find("xyz")


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
        written = find(name).written
        assert written is None or written.__module__ == f"fer_tutorial.course.exercises.{chapter}"
        assert all(text.strip() for text in find(name).hints)
