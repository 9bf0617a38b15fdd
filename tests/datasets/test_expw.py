import numpy as np
import pytest

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.expw import CLASSES
from tests.helpers.refusals import refused


@pytest.fixture
def expw(save, tmp_path):
    """A face a class, two of them in one picture with a blank in its name; faces are white, at left 60, top 10."""
    picture = np.zeros((60, 100), np.uint8)
    picture[10:30, 60:80] = 255
    lines = []
    for number in range(7):
        name = "two faces.jpg" if number < 2 else f"angry_{number}.jpg"
        save(tmp_path / f"ExpW/data/image/origin/{name}", picture)
        lines.append(f"{name} {number if number < 2 else 0} 10 60 80 30 45.6 {number}")
    folder = tmp_path / "ExpW/data/label"
    folder.mkdir()
    (folder / "label.lst").write_text("\r\n".join([*lines, lines[0]]))
    (folder / "readme.txt").write_text("top, left, right, bottom")
    return tmp_path / "ExpW"


@pytest.mark.parametrize("inside", ["..", "", "data", "data/label/label.lst"])
def test_faces_are_cut_by_top_left_right_bottom(expw, inside, caplog):
    caplog.set_level("INFO")
    data = load_data("expw", expw / inside, "all", channels=1)
    assert [data.class_names[label] for label in data.labels] == list(CLASSES)
    assert data.images[:, 5:-5, 5:-5].min() > 240
    assert data.keys[:3].tolist() == ["two faces.jpg#0", "two faces.jpg#1", "angry_2.jpg#0"]
    assert "1 lines that repeat a face" in caplog.text


def test_faces_of_one_picture_stay_together(expw):
    parts = [set(load_data("expw", expw, split).index.tolist()) for split in splits_of("expw") if split == "train"]
    assert all({0, 1} <= part or not {0, 1} & part for part in parts)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("10 60 80 30 45.6 0", "10 60 80 30 0", "line 1 of"),
        (" 45.6 0", " 45.6 7", "has the label 7; expected 0 to 6"),
        ("10 60 80 30", "10 60 nan 30", "has a box that is no numbers; expected picture, face, top, left, right"),
        (" 0 10 60 80 30 45.6 0", " 0 11 60 80 30 45.6 0", "says something else of face 0"),
        ("angry_2.jpg", "gone.jpg", "1 of the 7 faces"),
    ],
)
def test_hostile_lists(expw, old, new, says):
    file = expw / "data/label/label.lst"
    file.write_text(file.read_text().replace(old, new, 1))
    with refused(says):
        load_data("expw", expw, "all")


def test_boxes_without_an_area_are_left_out_and_said(expw, caplog):
    caplog.set_level("INFO")
    file = expw / "data/label/label.lst"
    file.write_text(file.read_text().replace("angry_3.jpg 0 10 60 80 30", "angry_3.jpg 0 10 80 60 30"))
    assert len(load_data("expw", expw, "all")) == 6
    assert "1 faces without an area" in caplog.text


def test_pictures_that_are_not_there(expw, caplog):
    caplog.set_level("INFO")
    (expw / "data/image/origin/angry_2.jpg").unlink()
    assert len(load_data("expw", expw, "all", missing="skip")) == 6
    assert "1 lines whose picture is not there" in caplog.text
    with refused("missing is 'maybe'"):
        load_data("expw", expw, missing="maybe")


def test_what_is_not_expw(expw, tmp_path):
    (tmp_path / "empty").mkdir()
    with refused("has no label.lst; expected ExpW's folder"):
        load_data("expw", tmp_path / "empty")
    (expw / "data/label/label.lst").write_text("\n")
    with refused("label.lst is empty"):
        load_data("expw", expw)
    with refused("pass root (--data-root)"):
        load_data("expw")
