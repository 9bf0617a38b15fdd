import logging

import numpy as np
import pytest

from fer_tutorial.datasets import load_data
from fer_tutorial.datasets.kdef import EXPRESSION
from tests.helpers.refusals import refused


@pytest.fixture
def kdef(save, face, tmp_path):
    """Four people in the owners' folders, straight and half left, and one average."""
    root = tmp_path / "KDEF_and_AKDEF"
    for folder in ("AF01", "BF01", "AF09", "AM10", "AF31"):
        for number, code in enumerate(EXPRESSION):
            for angle in ("S", "HL"):
                name = f"{folder}{code}{angle}"
                if name != "AF31SAHL":
                    save(root / f"KDEF/{folder}/{name}.JPG", face(20 + number, 60)[:, :44])
    save(root / "KDEF/AF31/AF31V.JPG", face(100, 60))
    save(root / "AKDEF/FAFS.JPG", face(0))
    save(root / "AKDEF/FAHR.JPG", face(0))
    return root


def labels_of(data):
    return dict(zip(data.keys.tolist(), [data.class_names[label] for label in data.labels], strict=True))


def test_names_say_person_expression_and_angle(kdef, caplog):
    caplog.set_level(logging.INFO)
    data = load_data("kdef", kdef, "all")
    labels = labels_of(data)
    assert len(labels) == 70
    assert labels["AF01AFS"] == "fear"  # the first AF is session A, female
    assert labels["BF01NEHL"] == "neutral"
    assert "2 averages of AKDEF" in caplog.text
    people = dict(zip(data.keys.tolist(), data.subjects.tolist(), strict=True))
    assert people["AF01AFS"] == people["BF01AFS"] == 0  # one person in two sessions
    assert people["AM10AFS"] == 44
    assert data.index.tolist() == list(range(70))
    sex = dict(zip(data.keys.tolist(), data.groups[:, 0].tolist(), strict=True))
    assert (data.group_names, sex["AF01AFS"], sex["AM10AFS"]) == (("sex",), "female", "male")


def test_people_are_in_one_split(kdef):
    people = {split: set(load_data("kdef", kdef, split).subjects.tolist()) for split in ("train", "valid", "test")}
    assert people == {"train": {0, 30}, "valid": {8}, "test": {44}}


def test_angles(kdef, caplog):
    caplog.set_level(logging.INFO)
    assert len(load_data("kdef", kdef, "all", angles="S")) == 35
    assert "35 pictures from other angles" in caplog.text
    assert len(load_data("kdef", kdef, "all", angles="s, hl")) == 70
    for wrong in ("", "S,X", 5):
        with refused(f"angles is {wrong!r}; expected some of FL,HL,S,HR,FR"):
            load_data("kdef", kdef, angles=wrong)
    with refused("has no picture named as KDEF's are from FR"):
        load_data("kdef", kdef, angles="FR")


def test_a_misnamed_picture_is_put_right_where_its_proper_name_is_free(kdef, save, face, caplog):
    caplog.set_level(logging.INFO)
    assert labels_of(load_data("kdef", kdef, "all"))["AF31SAHL"] == "sadness"
    save(kdef / "KDEF/AF31/AF31SAHL.JPG", face(0, 60))
    assert len(load_data("kdef", kdef, "all")) == 70
    assert "1 pictures that are not named as KDEF's (first AF31V.JPG)" in caplog.text


def test_black_pictures_are_left_out_and_said(kdef, save, caplog):
    caplog.set_level(logging.INFO)
    save(kdef / "KDEF/AF01/AF01SUS.JPG", np.zeros((762, 562, 3), np.uint8))
    data = load_data("kdef", kdef, "all")
    assert "AF01SUS" not in data.keys
    assert len(data) == 69
    assert "1 black pictures" in caplog.text


def test_a_damaged_picture_is_named_and_a_copy_refused(kdef, save, face):
    (kdef / "KDEF/AF01/AF01SUS.JPG").write_text("no picture")
    with refused("AF01SUS.JPG is not an image"):
        load_data("kdef", kdef, "all")
    save(kdef / "copy/AF01SUHL.JPG", face(50))
    with refused("are both AF01SUHL"):
        load_data("kdef", kdef)


def test_what_is_not_kdef(save, face, tmp_path):
    with refused("holds no pictures"):
        load_data("kdef", tmp_path)
    save(tmp_path / "AF99AFS.JPG", face(50))
    with refused("has no picture named as KDEF's are"):
        load_data("kdef", tmp_path)
    with refused("pass root (--data-root)"):
        load_data("kdef")
    with refused("has no split 'dev'"):
        load_data("kdef", tmp_path, "dev")
