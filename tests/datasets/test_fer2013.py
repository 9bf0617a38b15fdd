import logging

import numpy as np
import pytest

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.fer2013_csv import FER2013_CLASSES
from tests.helpers.refusals import refused

FOLDERS = {"anger": "angry", "disgust": "disgust", "fear": "fear", "happiness": "happy", "neutral": "neutral"}
FOLDERS |= {"sadness": "sad", "surprise": "surprise"}


@pytest.fixture
def kaggle(save, face, tmp_path):
    """Kaggle's folders: a picture a class in train, and one of each test set in test."""
    for number, (_, folder) in enumerate(FOLDERS.items()):
        save(tmp_path / f"archive/train/{folder}/Training_{1000 + number}.jpg", face(10 * number))
        for usage in ("PublicTest", "PrivateTest"):
            save(tmp_path / f"archive/test/{folder}/{usage}_{2000 + number}.jpg", face(0))
    return tmp_path / "archive"


@pytest.mark.parametrize("inside", ["", "archive"])
def test_folders_of_kaggle_tell_the_split_in_names(kaggle, inside, tmp_path):
    root = tmp_path / inside
    train = load_data("fer2013", root)
    assert [train.class_names[label] for label in train.labels] == list(FOLDERS)
    assert train.index.tolist() == list(range(1000, 1007))
    assert train.keys[0].endswith("train/angry/Training_1000.jpg")
    assert splits_of("fer2013", root) == ("train", "valid", "test")
    valid, test = load_data("fer2013", root, "valid"), load_data("fer2013", root, "test")
    assert valid.index.tolist() == list(range(10**9 + 2000, 10**9 + 2007))
    assert test.index.tolist() == list(range(2 * 10**9 + 2000, 2 * 10**9 + 2007))


def test_folders_with_names_that_contradict_them(kaggle, save, face):
    save(kaggle / "test/sad/Training_7.jpg", face(0))
    with refused("test/sad/Training_7.jpg lies in test but is called Training"):
        load_data("fer2013", kaggle)
    (kaggle / "test/sad/Training_7.jpg").unlink()
    save(kaggle / "train/sad/training_1000.JPG", face(0))
    with refused("are one picture; expected it in one folder", "Training_1000.jpg"):
        load_data("fer2013", kaggle)


def test_plain_numbers_tell_no_split(kaggle, save, face, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    save(kaggle / "train/sad/17.jpg", face(0))
    assert len(load_data("fer2013", kaggle)) == 7
    assert "1 pictures whose names tell no split" in caplog.text
    for part in ("train", "test"):
        save(tmp_path / f"copy/{part}/sad/17.jpg", face(0))
    with refused("are not called Training_", "first 17.jpg", "read the folders as 'folder'"):
        load_data("fer2013", tmp_path / "copy")


def test_the_contest_s_files(ferplus_csv, tmp_path):
    whole = load_data("fer2013", ferplus_csv)
    lines = [line.rpartition(",") for line in (ferplus_csv / "fer2013.csv").read_text().splitlines()]
    contest = tmp_path / "contest"
    contest.mkdir()
    train = [first for first, _, usage in lines if usage in ("Usage", "Training")]
    (contest / "train.csv").write_text("\n".join(train) + "\n")
    data = load_data("fer2013", contest)
    np.testing.assert_array_equal(data.images, whole.images)
    assert data.labels.tolist() == whole.labels.tolist()
    assert splits_of("fer2013", contest) == ("train",)
    assert splits_of("fer2013", ferplus_csv) == ("train", "valid", "test")
    with refused("is the training split alone; expected fer2013.csv for the others"):
        load_data("fer2013", contest, "test")
    (contest / "test.csv").write_text("pixels\n0 0\n")
    with refused("is the training split alone, and test.csv has no labels"):
        load_data("fer2013", contest, "test")
    (contest / "train.csv").unlink()
    with refused("has test.csv, which has no labels"):
        load_data("fer2013", contest)


def test_icml_face_data_has_other_columns_and_blanks_before_their_names(ferplus_csv):
    before = load_data("fer2013", ferplus_csv)
    rows = [line.split(",") for line in (ferplus_csv / "fer2013.csv").read_text().splitlines()]
    text = "\n".join(f"{emotion}, {usage}, {pixels}" for emotion, pixels, usage in rows)
    (ferplus_csv / "fer2013.csv").unlink()
    (ferplus_csv / "icml_face_data.csv").write_text(text)
    after = load_data("fer2013", ferplus_csv)
    np.testing.assert_array_equal(after.images, before.images)
    assert after.labels.tolist() == before.labels.tolist()


def test_labels_by_the_owners_order(ferplus_csv):
    data = load_data("fer2013", ferplus_csv)
    assert data.class_names[data.labels[0]] == "neutral"
    assert FER2013_CLASSES[6] == "neutral"
