import logging

import pytest

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.kdef import ANGLES, EXPRESSION
from tests.helpers.refusals import refused


@pytest.fixture
def akdef(save, face, tmp_path):
    """All 70 averages, one of them without its F, and a picture of KDEF."""
    for sex in "FM":
        for code in EXPRESSION:
            for angle in ANGLES:
                name = f"{sex}{code}{angle}"
                save(tmp_path / f"KDEF_and_AKDEF/AKDEF/{'FAHR' if name == 'FAFHR' else name}.JPG", face(9))
    save(tmp_path / "KDEF_and_AKDEF/KDEF/AF01/AF01AFS.JPG", face(9))
    return tmp_path / "KDEF_and_AKDEF"


def test_names_say_the_expression(akdef, caplog):
    caplog.set_level(logging.INFO)
    data = load_data("akdef", akdef)
    labels = dict(zip(data.keys.tolist(), [data.class_names[label] for label in data.labels], strict=True))
    assert len(labels) == 70
    assert (labels["FAFHR"], labels["MANS"], labels["FSAFL"]) == ("fear", "anger", "sadness")
    assert data.subjects is None
    assert "1 pictures that are not named as AKDEF's (first AF01AFS.JPG)" in caplog.text
    assert len(load_data("akdef", akdef / "AKDEF", angles="S")) == 14


def test_everybody_is_in_every_picture_so_there_is_no_test(akdef):
    assert splits_of("akdef") == ("train",)
    for split in ("test", "valid", "all"):
        with refused(f"akdef has no split {split!r}; expected one of train"):
            load_data("akdef", akdef, split)


def test_what_is_not_akdef(akdef, save, face):
    with refused("has no averages from FL, HL, S, HR, FR; expected the folder AKDEF"):
        load_data("akdef", akdef / "KDEF")
    save(akdef / "copy/mans.jpg", face(0))
    with refused("are both MANS"):
        load_data("akdef", akdef)
    with refused("pass root (--data-root)"):
        load_data("akdef")
