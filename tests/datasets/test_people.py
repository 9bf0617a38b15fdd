from pathlib import PurePosixPath

import pytest

from fer_tutorial.datasets.people import drawn_split, people_in, person_numbers, say_drawn
from tests.helpers.refusals import refused


def test_people_by_file_name_and_by_folder():
    assert people_in([PurePosixPath("KA.AN1.39.tiff"), PurePosixPath("YM.SU3.60.tiff")], r"^(..)\.") == ["KA", "YM"]
    assert people_in([PurePosixPath("S010/001.png"), PurePosixPath("S011/001.png")], "^([^/]+)/") == ["S010", "S011"]


def test_numbers_follow_the_names_and_are_the_same_for_the_same_person():
    assert person_numbers(["b", "a", "c", "b"]).tolist() == [1, 0, 2, 1]


def test_eight_tenths_are_drawn_for_training():
    draws = [drawn_split(f"person {number}") for number in range(2000)]
    assert abs(draws.count("train") / 2000 - 0.8) < 0.03
    assert abs(draws.count("valid") / 2000 - 0.1) < 0.03


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (r"S\d+", "has 0 groups"),
        (r"(S)(\d+)", "has 2 groups"),
        ("(S", "is no regular expression"),
        ("^(P\\d+)_", "finds nobody in 'S010_004.png'"),
        ("^S010_004(x?)", "finds nobody in 'S010_004.png'"),
        (7, "subjects is 7; expected a regular expression"),
        (Ellipsis, "subjects is Ellipsis"),
    ],
)
def test_patterns_that_say_nobody(pattern, says):
    with refused(says):
        people_in([PurePosixPath("S010_004.png")], pattern)


def test_what_is_drawn_is_said_with_what_it_means(caplog):
    caplog.set_level("INFO")
    say_drawn("folder", "valid", by_person=True)
    say_drawn("folder", "train", by_person=False)
    assert "10 % of the people, drawn by name" in caplog.messages[0]
    assert "nothing is known" not in caplog.messages[0]
    assert "80 % of the pictures, drawn by name; nothing is known of who is pictured" in caplog.messages[1]
