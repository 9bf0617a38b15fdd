import logging

import numpy as np
import pytest

from fer_tutorial.datasets import ckplus_action_units, load_data, splits_of
from fer_tutorial.datasets.ckplus import FOLDS, LABELED_PEOPLE, MGLN_FOLDS
from tests.helpers.refusals import refused

# Recording, frames, label (None: no Emotion file), action units.
RECORDINGS = [
    ("S005_001", 4, 3, {4: 0, 9: 3}),
    ("S010_002", 6, 7, {1: 5, 2: 5, 62: 2}),
    ("S010_004", 5, 2, {14: 4}),
    ("S502_001", 3, None, {12: 1}),
]
ROOTS = [
    ("cohn-kanade-images", "Emotion", "FACS", "Landmarks"),
    ("extended-cohn-kanade-images/cohn-kanade-images", "Emotion_labels/Emotion", "FACS_labels/FACS", "Landmarks"),
]


@pytest.fixture(params=ROOTS, ids=["side by side", "as unpacked"])
def ckplus(request, save, tmp_path):
    """Four recordings in the owners' folders, every frame with 68 points; one recording in color."""
    images, emotion, facs, landmarks = request.param
    root = tmp_path / "CK+"
    for key, frames, label, units in RECORDINGS:
        below = key.replace("_", "/")
        for frame in range(1, frames + 1):
            picture = np.full((49, 64), 10 * frame, np.uint8)
            save(
                root / images / below / f"{key}_{frame:08}.png", np.dstack([picture] * 3) if label is None else picture
            )
            note(
                root / landmarks / below / f"{key}_{frame:08}_landmarks.txt",
                "".join(f"   {20 + n / 4:.7e}   {10 + n / 4:.7e}\n" for n in range(68)),
            )
        (root / emotion / below).mkdir(parents=True)
        if label is not None:
            note(root / emotion / below / f"{key}_{frames:08}_emotion.txt", f"   {label:.7e}\n")
        text = "".join(f"   {unit:.7e}   {grade:.7e}\n" for unit, grade in units.items())
        note(root / facs / below / f"{key}_{frames:08}_facs.txt", text)
    save(root / images / "S005/001/.DS_Store.png", picture)
    return root


def note(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_recordings_with_a_label(ckplus, caplog):
    caplog.set_level(logging.INFO)
    data = load_data("ckplus", ckplus, "all", num_classes=8)
    assert data.keys.tolist() == ["S005_001", "S010_002", "S010_004"]
    assert [data.class_names[label] for label in data.labels] == ["disgust", "surprise", "contempt"]
    assert data.lengths.tolist() == [4, 6, 5]
    assert data.images.shape == (3, 6, 48, 48, 3)
    assert data.landmarks.shape == (3, 6, 68, 2)
    assert np.isfinite(data.landmarks).all()
    assert data.subjects.tolist() == [LABELED_PEOPLE.index(person) for person in ("S005", "S010", "S010")]
    assert "1 recordings without a label" in caplog.text
    assert len(load_data("ckplus", ckplus, "all")) == 2


def test_a_unit_without_a_grade_is_present_and_not_absent(ckplus):
    data = load_data("ckplus", ckplus, "all", num_classes=8)
    units = dict(zip(data.action_unit_names, data.action_units[0], strict=True))
    assert np.isnan(units[4])
    assert (units[9], units[12]) == (3, 0)
    table = ckplus_action_units(ckplus)
    assert table.set_index(["key", "unit"])["intensity"].loc[("S010_002", 62)] == 2
    assert len(table) == 7


def test_stills(ckplus):
    data = load_data("ckplus", ckplus, "all", frames="last_three_and_first", channels=1)
    assert len(data) == 8
    assert (data.labels == 0).sum() == 2
    last = load_data("ckplus", ckplus, "all", frames="last", channels=1)
    assert last.keys.tolist() == ["S005_001/S005_001_00000004", "S010_002/S010_002_00000006"]
    assert last.images[0, 24, 24, 0] == 40


def test_recordings_without_labels(ckplus):
    data = load_data("ckplus", ckplus, "all", labels="action_units", frames="first_middle_last")
    assert data.class_names == ("face",)
    assert data.keys.tolist() == [key for key, *_ in RECORDINGS]
    assert len(load_data("ckplus", ckplus, "all", labels="none")) == 4


@pytest.mark.parametrize("protocol", ["ids", "mgln"])
def test_folds_share_nobody_and_hold_everybody(protocol):
    everybody = [person for fold in FOLDS[protocol] for person in fold]
    assert len(everybody) == len(set(everybody)) == 118
    assert sorted(everybody) == LABELED_PEOPLE


def test_a_fold_is_the_test(ckplus):
    assert splits_of("ckplus", ckplus) == ("train", "test")
    options = {"protocol": "mgln", "fold": 1, "num_classes": 8}
    assert "S005" in MGLN_FOLDS[1]
    assert load_data("ckplus", ckplus, "test", **options).keys.tolist() == ["S005_001"]
    assert load_data("ckplus", ckplus, "train", **options).keys.tolist() == ["S010_002", "S010_004"]
    with refused("nothing in split 'test'"):
        load_data("ckplus", ckplus, "test", fold=9)
    with refused("ckplus has no validation split"):
        load_data("ckplus", ckplus, "valid")


def test_files_that_are_not_the_owners(ckplus):
    emotion = next(ckplus.rglob("S005_001_00000004_emotion.txt"))
    for text in ("", "8.0\n", "happy\n", "1 2\n", "nan\n"):
        emotion.write_text(text)
        with refused("S005_001_00000004_emotion.txt"):
            load_data("ckplus", ckplus, "all")
    emotion.write_text("\ufeff3.0")
    note(emotion.with_name("S005_001_00000003_emotion.txt"), "3")
    with refused("are labels of one recording"):
        load_data("ckplus", ckplus, "all")
    emotion.with_name("S005_001_00000003_emotion.txt").unlink()
    next(ckplus.rglob("S005_001_00000004_facs.txt")).write_text("4 9\n")
    with refused("S005_001_00000004_facs.txt is no list of action units"):
        load_data("ckplus", ckplus, "all")
    next(ckplus.rglob("S005_001_00000004_facs.txt")).write_text("4 3\n")
    next(ckplus.rglob("S005_001_00000002_landmarks.txt")).write_text("4 3\n")
    with refused("has no 68 points"):
        load_data("ckplus", ckplus, "all")


def test_a_frame_twice_and_a_recording_cut_short(ckplus, caplog):
    picture = next(ckplus.rglob("S010_002_00000006.png"))
    (ckplus / "copy").mkdir()
    copy = ckplus / "copy" / picture.name
    copy.write_bytes(picture.read_bytes())
    with refused("are one and the same; expected every file once"):
        load_data("ckplus", ckplus, "all")
    copy.unlink()
    picture.unlink()
    load_data("ckplus", ckplus, "all")
    assert "1 recordings do not end with the frame that is labeled, first S010_002" in caplog.text
    for file in ckplus.rglob("S010_002*.png"):
        file.unlink()
    with refused("1 recordings have notes but no pictures, first S010_002"):
        load_data("ckplus", ckplus, "all")


def test_the_older_ck_counts_in_time_and_has_no_labels(save, face, tmp_path):
    for number in ("01594215", "00460429", "02404104"):
        save(tmp_path / f"cohn-kanade/S010/001/S010_001_{number}.png", face(int(number) % 200))
    with refused("has no files such as S005_001_00000011_emotion.txt", "labels=none"):
        load_data("ckplus", tmp_path)
    data = load_data("ckplus", tmp_path, "all", labels="none", channels=1)
    assert data.lengths.tolist() == [3]
    assert [int(frame[0, 0, 0]) for frame in data.images[0]] == [29, 15, 104]


@pytest.fixture
def classes(save, face, tmp_path):
    """CK+48: the last three frames of a recording, by class."""
    for folder, key, last in (("anger", "S010_004", 17), ("contempt", "S138_008", 9), ("surprise", "S037_001", 20)):
        for frame in range(last - 2, last + 1):
            save(tmp_path / f"CK+48/{folder}/{key}_{frame:08}.png", face(frame))
    return tmp_path / "CK+48"


def test_class_folders_keep_people_apart(classes):
    data = load_data("ckplus", classes, "all", num_classes=8)
    assert data.images.shape == (9, 48, 48, 3)
    assert [data.class_names[label] for label in data.labels[::3]] == ["anger", "surprise", "contempt"]
    assert len(set(data.subjects.tolist())) == 3
    test = load_data("ckplus", classes, "test", protocol="mgln", fold=0)
    assert test.keys.tolist() == [f"S010_004_{frame:08}" for frame in (15, 16, 17)]


def test_class_folders_that_contradict_themselves(classes, save, face):
    save(classes / "fear/S010_004_00000014.png", face(0))
    with refused("S010_004 shows fear, other frames of it lie under anger"):
        load_data("ckplus", classes, "all")
    (classes / "fear/S010_004_00000014.png").unlink()
    save(classes / "S011/002/S011_002_00000001.png", face(0))
    with refused("such as those of S011_002, do not; expected one form of CK+ at a time"):
        load_data("ckplus", classes, "all")


def test_what_is_not_ckplus(save, face, tmp_path):
    save(tmp_path / "happy/1.png", face(0))
    with refused("has no pictures such as S005_001_00000011.png"):
        load_data("ckplus", tmp_path)
    for option, says in (({"frames": "some"}, "frames is 'some'"), ({"labels": "x"}, "labels is 'x'; expected one of")):
        with refused(says):
            load_data("ckplus", tmp_path, **option)
    with refused("pass root (--data-root)"):
        load_data("ckplus")
