import logging

import pytest

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.oulu_casia import PEOPLE, PROTOCOL_FOLDS
from tests.helpers.refusals import refused

ON_DISK = ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise")


@pytest.fixture(params=["PreProcess_Img", "PreProcess Img"])
def oulu(request, save, face, tmp_path):
    """Three people: originals by two cameras in two lights, and the owners' cut faces of one camera."""
    for person in ("P001", "P009", "P051"):
        for number, expression in enumerate(ON_DISK):
            for frame in range(3 + number % 2):
                below = f"{person}/{expression}/{frame:03}.jpeg"
                for kind in ("VL/Strong", "VL/Dark", "NI/Strong"):
                    save(tmp_path / f"Oulu/OriginalImg/{kind}/{below}", face(40 * frame, 24))
                save(tmp_path / f"Oulu/{request.param}/VL_Acropped/Strong/{below}", face(40 * frame + 10, 24))
    return tmp_path / "Oulu"


def test_one_camera_in_one_light(oulu, caplog):
    caplog.set_level(logging.INFO)
    data = load_data("oulu_casia", oulu, "all")
    assert data.images.shape == (18, 4, 48, 48, 3)
    labels = dict(zip(data.keys.tolist(), [data.class_names[label] for label in data.labels], strict=True))
    assert labels["P001/anger"] == "anger"
    assert labels["P051/surprise"] == "surprise"
    assert sorted(set(data.lengths.tolist())) == [3, 4]
    assert sorted(set(data.subjects.tolist())) == [0, 8, 50]
    assert "189 pictures of other cameras, light or kinds" in caplog.text


@pytest.mark.parametrize("inside", ["OriginalImg", "OriginalImg/VL", "OriginalImg/VL/Strong"])
def test_roots(oulu, inside):
    assert len(load_data("oulu_casia", oulu / inside, "all", frames="first_middle_last")) == 18


def test_other_kinds(oulu):
    original = load_data("oulu_casia", oulu, "all", frames="last", channels=1)
    cropped = load_data("oulu_casia", oulu, "all", frames="last", channels=1, images="cropped")
    assert (cropped.images.astype(int) - original.images)[0].mean() == pytest.approx(10, abs=2)
    assert len(load_data("oulu_casia", oulu, "all", light="dark", camera="vl")) == 18
    with refused("has no original frames of camera NI in Weak light"):
        load_data("oulu_casia", oulu, camera="NI", light="Weak")
    for camera in ("UV", "VL,NI", ""):
        with refused(f"camera is {camera!r}; expected one of VL, NI"):
            load_data("oulu_casia", oulu, camera=camera)


def test_the_still_image_protocol(oulu):
    data = load_data("oulu_casia", oulu, "all", frames="last_three_and_first")
    assert (data.labels == 0).sum() == 18  # a first frame is neutral even where it is among the last three
    assert len(data) == 9 * 3 + 9 * 4


def test_folds():
    for folds in PROTOCOL_FOLDS.values():
        assert sorted(person for fold in folds for person in fold) == list(PEOPLE)
    assert PROTOCOL_FOLDS["mgln"][1] == [f"P{number:03}" for number in range(9, 17)]


def test_a_fold_is_the_test(oulu):
    assert splits_of("oulu_casia", oulu) == ("train", "test")
    test = load_data("oulu_casia", oulu, "test", protocol="mgln", fold=1)
    assert set(test.subjects.tolist()) == {8}
    assert set(load_data("oulu_casia", oulu, protocol="mgln", fold=1).subjects.tolist()) == {0, 50}


def test_hostile_folders(oulu, save, face, tmp_path):
    save(oulu / "OriginalImg/VL/Strong/P002/Zebra/000.jpeg", face(0))
    with refused("P002/Zebra/000.jpeg lies in a folder that is named after no expression"):
        load_data("oulu_casia", oulu)
    (oulu / "OriginalImg/VL/Strong/P002/Zebra/000.jpeg").unlink()
    save(oulu / "copy/VL/Strong/P001/Anger/000.jpg", face(0))
    with refused("are one and the same frame"):
        load_data("oulu_casia", oulu)
    save(tmp_path / "other/a.png", face(0))
    with refused("has no original frames of camera VL in Strong light; expected Oulu-CASIA's folder"):
        load_data("oulu_casia", tmp_path / "other")
