import numpy as np
import pytest

from fer_tutorial.datasets import affectnet_annotations, load_data
from fer_tutorial.datasets.affectnet_2017 import COLUMNS, NUMBERED
from tests.helpers.refusals import refused

POINTS = ";".join(f"{30 + n / 4:g};{20 + n / 8:g}" for n in range(68))


@pytest.fixture(params=["Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images"])
def affectnet(request, save, tmp_path):
    """A row for each of the eleven labels; the face is white, 20 pixels wide around (40, 30) in a picture of 100×60."""
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[20:40, 30:50] = 255
    rows = []
    for number in range(len(NUMBERED)):
        name = f"{number % 3}/{number:056x}.{'JPG' if number else 'png'}"
        save(tmp_path / request.param / name, picture)
        feelings = "-2,-2" if number > 8 else f"{number / 10:.2f},-0.5"
        rows.append(f"{name.lower()},30,20,20,20,{POINTS},{number},{feelings}")
    folder = tmp_path / "Manually_Annotated_file_lists"
    folder.mkdir()
    (folder / "training.csv").write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    (folder / "validation.csv").write_text("\n".join(rows[:2]))  # without its head
    return tmp_path


def test_the_owners_numbers(affectnet, caplog):
    caplog.set_level("INFO")
    data = load_data("affectnet", affectnet, num_classes=8)
    assert [data.class_names[label] for label in data.labels] == list(NUMBERED[:8])
    assert data.index.tolist() == list(range(8))
    assert "1 pictures labeled none and 1 pictures labeled uncertain and 1 pictures labeled no face" in caplog.text
    assert len(load_data("affectnet", affectnet)) == 7
    assert len(load_data("affectnet", affectnet, "valid")) == 2


def test_faces_are_cut_out_and_points_move_with_them(affectnet):
    data = load_data("affectnet", affectnet, landmarks=True, size=40, channels=1)
    assert data.images[:, 4:-4, 4:-4].min() > 240
    np.testing.assert_allclose(data.landmarks[0, 0], [0, 0], atol=1e-4)
    np.testing.assert_allclose(data.landmarks[0, 40], [20, 10], atol=1e-4)
    assert load_data("affectnet", affectnet).landmarks is None


def test_what_nobody_could_tell_is_no_number(affectnet):
    table = affectnet_annotations(affectnet)
    assert len(table) == 11
    assert table["label"].tolist() == list(NUMBERED)
    assert table["valence"].tolist()[:9] == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    assert table[["valence", "arousal"]].iloc[9:].isna().all().all()


def test_pictures_that_are_not_there(affectnet, caplog):
    caplog.set_level("INFO")
    next(affectnet.rglob(f"{1:056x}.JPG")).unlink()
    with refused("1 of the pictures that", "missing=skip"):
        load_data("affectnet", affectnet)
    assert load_data("affectnet", affectnet, missing="skip").index.tolist() == [0, 2, 3, 4, 5, 6]
    assert "1 lines whose picture is not there" in caplog.text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (",0,0.00,", ",11,0.00,", "has the expression '11'"),
        (",0,0.00,", ",happy,0.00,", "has the expression 'happy'"),
        (",30,20,20,20,", ",a,20,20,20,", "has no numbers in face_x"),
        (",0.00,-0.5", ",,", "has no numbers in valence, arousal"),
        (",0.00,-0.5", ",0.00", "has 8 fields in line 2; expected 9"),
        (POINTS, "1;2;3", "has no 68 points"),
        ("face_x", "x", "without face_x; expected subDirectory_filePath"),
        ("0/", "../../", "1 of the pictures that"),
    ],
)
def test_hostile_lists(affectnet, old, new, says):
    file = affectnet / "Manually_Annotated_file_lists/training.csv"
    file.write_text(file.read_text().replace(old, new, 1))
    with refused(says):
        load_data("affectnet", affectnet, landmarks=True)


def test_rows_without_a_face_may_say_anything_of_it(affectnet, caplog):
    caplog.set_level("INFO")
    file = affectnet / "Manually_Annotated_file_lists/training.csv"
    lines = file.read_text().splitlines()
    lines[1] = lines[1].replace(",30,20,20,20,", ",30,20,0,20,")
    lines[11] = lines[11].replace(f",30,20,20,20,{POINTS},", ",,,,,,")
    file.write_text("\n".join(lines))
    assert load_data("affectnet", affectnet, landmarks=True).index.tolist() == [1, 2, 3, 4, 5, 6]
    assert "1 faces without an area" in caplog.text


def test_empty_lists(affectnet):
    file = affectnet / "Manually_Annotated_file_lists/training.csv"
    file.write_text("")
    with refused("has 0 columns and no head"):
        load_data("affectnet", affectnet)
    file.write_text(",".join(COLUMNS))
    with refused("training.csv has no rows"):
        load_data("affectnet", affectnet)
