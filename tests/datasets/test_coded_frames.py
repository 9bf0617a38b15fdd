import numpy as np
import pytest

from fer_tutorial.datasets.coded_frames import CodedFrames, check_parts, coded_table
from tests.helpers.refusals import refused


def test_lines_of_frames_and_intensities(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf7,0\r\n8,5\r\n\r\n9, 9\r\n")
    table = coded_table(tmp_path / "a.csv", unknown=9)
    assert list(table) == [7, 8, 9]
    assert (table[7], table[8]) == (0, 5)
    assert np.isnan(table[9])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a.csv is empty"),
        ("1,9\n", "line 1 of"),
        ("1,0\n2\n", "line 2 of"),
        ("1,0\n1,2\n", "has frame 1 twice"),
        ("frame,intensity\n", "expected a frame and an intensity from 0 to 5"),
        ("-1,0\n", "line 1 of"),
        ("1,0.5\n", "line 1 of"),
        ("nan,0\n", "line 1 of"),
    ],
)
def test_lines_that_are_none(tmp_path, text, says):
    (tmp_path / "a.csv").write_text(text)
    with refused(says):
        coded_table(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("valid", 0, 3, 1), "toy has no validation split"),
        (("dev", 0, 3, 1), "toy has no split 'dev'"),
        (("all", 3, 3, 1), "fold is 3; expected 0 to 2"),
        (("all", 0, 3, 0), "every is 0; expected 1 for all frames"),
        (("all", 0, 3, 2.0), "every is 2.0"),
    ],
)
def test_what_there_is_not(arguments, says):
    with refused(says):
        check_parts("toy", *arguments)


def test_an_index_is_the_recording_and_the_frame():
    frames = CodedFrames(("A", "B"))
    frames.add("B", "B", 17, np.array([1.0, np.nan]))
    source = frames.source(
        "toy", "all", (8, 8, 1), lambda a, b: np.zeros((b - a, 8, 8, 1), np.uint8), "AB", (1, 2), {}, {}
    )
    assert source.table["index"].tolist() == [100_017]
    assert source.table["keys"].tolist() == ["B/17"]
    with refused("has no frames of the people in split 'test'"):
        CodedFrames(("A",)).source("toy", "test", (8, 8, 1), lambda a, b: None, "A", (1,), {}, {})
