import pytest

from fer_tutorial.datasets import open_source, pack
from fer_tutorial.datasets.check import check_folder, differences, published_of
from fer_tutorial.datasets.kdef import ANGLES, EXPRESSION
from tests.helpers.refusals import refused


@pytest.fixture
def akdef(save, face, tmp_path):
    """All 70 averages, so that the counts are as published."""
    for sex in "FM":
        for code in EXPRESSION:
            for angle in ANGLES:
                save(tmp_path / f"AKDEF/{sex}{code}{angle}.JPG", face(9))
    return tmp_path / "AKDEF"


def test_a_set_as_published(akdef):
    report = check_folder(None, akdef)
    assert "akdef, found by its files: Averaged Karolinska" in report
    assert "train      70 samples: neutral 10, happiness 10" in report
    assert "right      counts as published (train)" in report
    assert "WARNING" not in report
    assert len(report.splitlines()) < 24


def test_a_difference_is_named(akdef, save, face):
    (akdef / "FAFS.JPG").unlink()
    save(akdef / "other.jpg", face(0))
    report = " ".join(check_folder("akdef", akdef).split())
    assert "akdef, given:" in report
    assert "WARNING train has other counts than published: 9 fear (1 missing of 10)" in report
    assert "note akdef, train split: left out are 1 pictures that are not named as AKDEF's (first other.jpg)" in report
    assert " right " not in report


def test_what_the_reader_refuses_is_in_the_report(akdef):
    (akdef / "FNES.JPG").write_text("no picture")
    (akdef / "FAFFL.JPG").write_text("no picture")
    assert "cannot be read" in " ".join(check_folder("akdef", akdef).split())
    assert "WARNING" in check_folder("kdef", akdef)


def test_surplus_and_people(save, face, tmp_path):
    for number, person in enumerate(["KA"] * 214):
        save(tmp_path / f"{person}.AN1.{number}.tiff", face(number % 200))
    report = " ".join(check_folder(None, tmp_path).split())
    assert "all 214 samples of 1 people: anger 214" in report
    assert "214 samples (1 surplus of 213)" in report


def test_sets_without_published_counts(class_folder, tmp_path):
    report = check_folder(None, class_folder("train/happy", "test/happy"))
    assert "folder, found by its files" in report
    assert "right      nothing was refused" in report
    pack(open_source("synthetic", split="valid", n=2, size=16), tmp_path / "packed/valid", progress=False)
    assert "splits     valid" in check_folder(None, tmp_path / "packed")


def test_options_go_to_the_reader(akdef):
    report = " ".join(check_folder("akdef", akdef, angles="S").split())
    assert "14 samples" in report
    assert "WARNING" not in report  # counts are published of the whole
    assert "akdef has no option 'color'" in " ".join(check_folder("akdef", akdef, color="red").split())


def test_what_cannot_be_checked(tmp_path):
    with refused("pass root (--data-root)"):
        check_folder("jaffe", None)
    with refused("is like no data set"):
        check_folder(None, tmp_path)
    with refused("synthetic faces are computed"):
        check_folder("synthetic", tmp_path)
    with refused("there is no data set 'mnist'"):
        check_folder("mnist", tmp_path)


def test_counts_are_compared_in_the_form_they_are_of(save, face, tmp_path):
    for frame in (15, 16, 17):
        save(tmp_path / f"CK+48/anger/S010_004_{frame:08}.png", face(frame))
    report = " ".join(check_folder(None, tmp_path).split())
    assert "form class folders" in report
    assert "3 anger (132 missing of 135)" in report
    source = open_source("ckplus", tmp_path, "all")
    assert [text[:32] for text in differences("ckplus", "all", source)] == ["all has other counts than publis"]
    assert published_of("ckplus", "train", source) is None
