from pathlib import Path

import pytest

from fer_tutorial.datasets.list_columns import columns_of
from fer_tutorial.datasets.picture_files import PictureIndex
from tests.helpers.refusals import refused


@pytest.fixture
def columns(tmp_path):
    """``columns(lines, picture=..., label=..., split_by=..., subjects=...)`` of a list beside no pictures."""

    def of(lines, picture=None, label=None, split_by=None, subjects=None):
        rows = [line.split(",") for line in lines]
        return columns_of(Path("list.csv"), rows, PictureIndex(tmp_path), picture, label, split_by, subjects)

    return of


def test_a_head_tells_by_usual_names(columns):
    found = columns(["age,Emotion,image,subject,Usage", "31,sad,a.png,P1,Training"])
    assert (found.label, found.picture, found.person, found.split) == (1, 2, 3, 4)
    assert found.names == ["age", "Emotion", "image", "subject", "Usage"]


def test_without_a_head_two_columns_are_plain(columns):
    found = columns(["sad,a.png", "happy,b.png"])
    assert (found.names, found.picture, found.label, found.split, found.person) == (None, 1, 0, None, None)


def test_columns_by_name_by_number_and_by_pattern(columns):
    found = columns(["x,y,z", "a.png,1,2"], picture="X", label=3, split_by="(t.*)_", subjects="y")
    assert (found.picture, found.label, found.split, found.person) == (0, 2, None, 1)


@pytest.mark.parametrize(
    ("lines", "options", "says"),
    [
        (["x,y", "1,2"], {}, "it is not plain which column of list.csv names the pictures"),
        (["file,x,y", "a.png,1,2"], {}, "it is not plain which column of list.csv has the labels"),
        (["file,x", "a.png,1"], {"label": 1}, "label and picture are the same column"),
        (["file,x", "a.png,1"], {"label": 3}, "has 2 columns; expected 1 to 2"),
        (["file,x", "a.png,1"], {"label": "z"}, "has no such column: it has file, x"),
    ],
)
def test_what_is_not_plain(columns, lines, options, says):
    with refused(says):
        columns(lines, **options)
