import numpy as np
import pytest

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.bp4d import FOLDS, PEOPLE, RECORDINGS
from fer_tutorial.vocabulary import BP4D_ACTION_UNITS
from tests.helpers.refusals import refused


@pytest.fixture(params=["AU-Intensity-Codes3.0", "AU Intensity Codes3.0"])
def bp4d(request, save, face, tmp_path):
    """Three people with a task each and four coded frames; numbers of three digits in one, of four in the others."""
    for recording, digits in (("F001/T1", 4), ("F002/T8", 3), ("M013/T3", 4)):
        for frame in (721, 722, 723, 724):
            save(tmp_path / f"Sequences(2D+3D)/{recording}/{frame:0{digits}}.jpg", face(frame % 200, 60))
        for unit in BP4D_ACTION_UNITS:
            file = tmp_path / request.param / f"AU{unit:02}/{recording.replace('/', '_')}_AU{unit:02}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            last = 9 if unit == 6 else 5
            file.write_text(f"721,0\n722,{unit % 5}\n723,9\n724,{last}\n")
    (tmp_path / request.param / "AU06/.DS_Store").write_text("x")
    return tmp_path


def test_intensities_where_they_are_coded(bp4d, caplog):
    caplog.set_level("INFO")
    data = load_data("bp4d", bp4d, "all")
    assert data.action_unit_names == BP4D_ACTION_UNITS
    assert data.class_names == ("face",)
    assert data.keys.tolist()[:3] == ["F001/T1/721", "F001/T1/722", "F001/T1/724"]
    assert data.index[:2].tolist() == [721, 722]
    assert data.action_units[1].tolist() == [1, 0, 2, 4, 2]
    assert np.isnan(data.action_units[2, 0])
    assert data.action_units[2, 1:].tolist() == [5, 5, 5, 5]
    assert "3 frames of which no unit is coded" in caplog.text
    assert len(load_data("bp4d", bp4d, "all", every=2)) == 3


def test_people_are_in_one_part(bp4d):
    assert len(RECORDINGS) == 328
    parts = [person for part in FOLDS["parts"] for person in part]
    assert sorted(parts) == sorted(PEOPLE)
    assert splits_of("bp4d", bp4d) == ("train", "test")
    assert set(load_data("bp4d", bp4d, "test").subjects.tolist()) == {PEOPLE.index("F002")}
    assert set(load_data("bp4d", bp4d, "train").subjects.tolist()) == {0, PEOPLE.index("M013")}
    test = load_data("bp4d", bp4d, "test", protocol="parts", fold=1)
    assert set(test.subjects.tolist()) == {PEOPLE.index("M013")}
    with refused("fold is 1; expected 0 to 0"):
        load_data("bp4d", bp4d, fold=1)


def test_files_that_are_not_the_owners(bp4d, caplog):
    caplog.set_level("INFO")
    next(bp4d.rglob("722.jpg")).unlink()
    with refused("1 coded frames have no picture", "first F002/T8/0722.jpg", "missing=skip"):
        load_data("bp4d", bp4d, "all")
    assert len(load_data("bp4d", bp4d, "all", missing="skip")) == 8
    assert "1 coded frames whose picture is not there" in caplog.text
    codes = next(bp4d.rglob("F001_T1_AU06.csv"))
    codes.with_name("F024_T1_AU06.csv").write_text("1,0\n")
    with refused("F024_T1_AU06.csv is of BP4D+, which is another set"):
        load_data("bp4d", bp4d)
    codes.with_name("F024_T1_AU06.csv").unlink()
    codes.unlink()
    with refused("F001/T1 has no intensities of action unit 6; expected F001_T1_AU06.csv"):
        load_data("bp4d", bp4d)


def test_what_is_not_bp4d(tmp_path):
    with refused("has no files such as F001_T1_AU06.csv; expected BP4D's folder"):
        load_data("bp4d", tmp_path)
    for option, says in (
        ({"protocol": "x"}, "protocol is 'x'; expected one of parts, fera"),
        ({"missing": "x"}, "missing is 'x'"),
        ({"every": 0}, "every is 0"),
    ):
        with refused(says):
            load_data("bp4d", tmp_path, **option)
    with refused("pass root (--data-root)"):
        load_data("bp4d")
