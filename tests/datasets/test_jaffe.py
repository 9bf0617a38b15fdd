import logging

import pytest

from fer_tutorial.datasets import load_data
from fer_tutorial.datasets.jaffe import EXPRESSION, PEOPLE
from tests.helpers.refusals import refused


@pytest.fixture
def jaffe(save, face, tmp_path):
    """Each of the ten people with one picture an expression; and what a Mac leaves behind."""
    number = 0
    for person in PEOPLE:
        for code in EXPRESSION:
            number += 1
            save(tmp_path / f"jaffe/{person}.{code}1.{number}.tiff", face(number, 64))
    (tmp_path / "jaffe/._KA.AN1.39.tiff").write_text("no picture")
    (tmp_path / "jaffe/README_FIRST.txt").write_text("terms of use")
    return tmp_path / "jaffe"


def test_names_say_person_and_expression(jaffe):
    data = load_data("jaffe", jaffe, "all")
    labels = dict(zip(data.keys.tolist(), [data.class_names[label] for label in data.labels], strict=True))
    assert len(labels) == 70
    assert labels["KA.NE1.1"] == "neutral"
    assert labels["KA.FE1.7"] == "fear"
    assert labels["YM.DI1.69"] == "disgust"
    assert data.subjects[[0, 69]].tolist() == [0, 9]
    assert data.index.tolist() == list(range(70))


def test_people_are_in_one_split_and_keep_their_numbers(jaffe, caplog):
    caplog.set_level(logging.INFO)
    people = [set(load_data("jaffe", jaffe, split).subjects.tolist()) for split in ("train", "valid", "test")]
    assert people == [set(range(8)), {8}, {9}]
    assert "test split, chosen by this package: the people YM" in caplog.text
    assert "143 of the 213 published pictures, which are not there" in caplog.text
    for file in jaffe.glob("K*"):
        file.unlink()
    assert set(load_data("jaffe", jaffe, "valid").subjects.tolist()) == {8}


def test_other_names_are_said_and_copies_refused(jaffe, save, face, caplog):
    caplog.set_level(logging.INFO)
    save(jaffe / "XX.AN1.1.tiff", face(0))
    save(jaffe / "ka.an2.77.PNG", face(0))
    assert "KA.AN2.77" in load_data("jaffe", jaffe, "all").keys
    assert "1 pictures that are not named as JAFFE's (first XX.AN1.1.tiff)" in caplog.text
    save(jaffe / "copy/KA.NE1.1.tiff", face(0))
    with refused("are both KA.NE1.1"):
        load_data("jaffe", jaffe)


def test_what_is_not_jaffe(save, face, tmp_path):
    with refused("holds no pictures; expected JAFFE's folder"):
        load_data("jaffe", tmp_path)
    file = save(tmp_path / "happy.png", face(0))
    with refused("has no picture named as JAFFE's are, first happy.png"):
        load_data("jaffe", tmp_path)
    with refused("is a file"):
        load_data("jaffe", file)
    with refused("pass root (--data-root)"):
        load_data("jaffe")
    with refused("has no split 'dev'"):
        load_data("jaffe", tmp_path, "dev")
