import logging

import pytest

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.rafd import CAMERAS, EXPRESSION, GAZES
from tests.helpers.refusals import refused

MODELS = {"01": "Caucasian_female", "10": "Caucasian_male", "29": "Moroccan_male", "41": "Kid_female"}


@pytest.fixture
def rafd(save, face, tmp_path):
    """Four models, eight expressions, from two cameras, and one gaze of another kind."""
    for model, who in MODELS.items():
        for number, word in enumerate(EXPRESSION):
            for camera in ("090", "045"):
                save(tmp_path / f"RafD/Rafd{camera}_{model}_{who}_{word}_frontal.jpg", face(20 * number, 60)[:, :40])
    save(tmp_path / "RafD/Rafd180_01_Caucasian_female_surprised_right.jpg", face(0))
    return tmp_path / "RafD"


def test_names_say_model_and_expression(rafd):
    data = load_data("rafd", rafd, "all", num_classes=8)
    labels = dict(zip(data.keys.tolist(), [data.class_names[label] for label in data.labels], strict=True))
    assert len(labels) == 65
    assert labels["rafd090_01_caucasian_female_contemptuous_frontal"] == "contempt"
    assert labels["rafd045_41_kid_female_afraid_frontal".replace("afraid", "fearful")] == "fear"
    assert sorted(set(data.subjects.tolist())) == [0, 9, 28, 40]
    assert data.group_names == ("sex", "owners' group")
    assert data.groups[data.keys == "rafd045_41_kid_female_fearful_frontal"].tolist() == [["female", "kid"]]


def test_contempt_is_left_out_of_seven_classes_and_said(rafd, caplog):
    caplog.set_level(logging.INFO)
    assert len(load_data("rafd", rafd, "all")) == 65 - 8
    assert "8 pictures of contempt" in caplog.text


def test_models_are_in_one_split(rafd, caplog):
    caplog.set_level(logging.INFO)
    people = {split: set(load_data("rafd", rafd, split).subjects.tolist()) for split in splits_of("rafd", rafd)}
    assert people == {"train": {0, 40}, "valid": {28}, "test": {9}}
    assert "test split, chosen by this package: the people 10" in caplog.text


@pytest.mark.parametrize("cameras", [90, "90", "090", ("090",)])
def test_cameras_and_gazes(rafd, cameras, caplog):
    caplog.set_level(logging.INFO)
    assert len(load_data("rafd", rafd, "all", num_classes=8, cameras=cameras, gazes="frontal")) == 32
    assert "33 pictures by other cameras or with other gazes" in caplog.text


def test_what_is_no_camera(rafd):
    for wrong in ("", 91, "front", (0, 1)):
        with refused("expected some of 000,045,090,135,180"):
            load_data("rafd", rafd, cameras=wrong)
    with refused("gazes is 'up'; expected some of left,frontal,right"):
        load_data("rafd", rafd, gazes="up")
    assert len(load_data("rafd", rafd, "all", cameras=0b10110100)) == 1
    assert (len(CAMERAS), len(GAZES)) == (5, 3)


def test_other_names_are_said_and_copies_refused(rafd, save, face, caplog):
    caplog.set_level(logging.INFO)
    save(rafd / "Rafd090_01_Caucasian_female_happy.jpg", face(0))
    load_data("rafd", rafd, "all")
    assert "1 pictures that are not named as RaFD's (first Rafd090_01_Caucasian_female_happy.jpg)" in caplog.text
    save(rafd / "copy/RAFD090_01_Caucasian_female_happy_frontal.JPG", face(0))
    with refused("are both rafd090_01_caucasian_female_happy_frontal"):
        load_data("rafd", rafd)


def test_what_is_not_rafd(save, face, tmp_path):
    with refused("holds no pictures; expected RaFD's pictures"):
        load_data("rafd", tmp_path)
    save(tmp_path / "Rafd090_99_Kid_male_sad_left.jpg", face(0))
    with refused("that is named as RaFD's are, first Rafd090_99_Kid_male_sad_left.jpg"):
        load_data("rafd", tmp_path)
    with refused("pass root (--data-root)"):
        load_data("rafd")
    with refused("has no split 'dev'"):
        load_data("rafd", tmp_path, "dev")
