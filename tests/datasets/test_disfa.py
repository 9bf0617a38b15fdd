import numpy as np
import pytest

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.disfa import FOLDS, PEOPLE
from fer_tutorial.vocabulary import DISFA_ACTION_UNITS
from tests.helpers.refusals import refused
from tests.helpers.videos import write_video

FRAMES = 6
POINTS = np.stack([np.linspace(20, 40, 66), np.linspace(10, 30, 66)], axis=1)


@pytest.fixture
def disfa(tmp_path):
    """Three people, one of each part, six frames each: unit 12 is graded with the number of the frame, less one."""
    pytest.importorskip("av")
    io = pytest.importorskip("scipy.io")
    for number, person in enumerate(("SN002", "SN013", "SN003")):
        folder = tmp_path / "ActionUnit_Labels" / person
        folder.mkdir(parents=True)
        for unit in DISFA_ACTION_UNITS:
            lines = [f"{frame},{frame - 1 if unit == 12 else 0}" for frame in range(1, FRAMES + 1)]
            (folder / f"{person}_au{unit}.txt").write_text("\r\n".join(lines))
        pictures = []
        for frame in range(FRAMES + 1):  # one more than there are labels
            picture = np.full((48, 64), 10 * frame, np.uint8)
            picture[10:30, 20:40] = 100 + 10 * frame
            pictures.append(picture)
        write_video(tmp_path / f"Videos_LeftCamera/LeftVideo{person}_comp.avi", pictures)
        write_video(tmp_path / f"Video_RightCamera/RightVideo{person}_Comp.avi", [255 - each for each in pictures])
        points = tmp_path / f"Landmark_Points/{person}/tmp_frame_lm"
        points.mkdir(parents=True)
        for frame in range(1, FRAMES + 1):
            name = f"{person}_{frame - 1:04}_lm.mat" if number else f"l{frame:05}_lm.mat"
            if (person, frame) != ("SN003", 4):
                io.savemat(points / name, {"pts": POINTS})
    return tmp_path


def test_intensities_and_frames(disfa, caplog):
    caplog.set_level("INFO")
    data = load_data("disfa", disfa, "all", channels=1)
    assert data.class_names == ("face",)
    assert data.action_unit_names == DISFA_ACTION_UNITS
    assert data.keys[:2].tolist() == ["SN002/1", "SN002/2"]
    assert data.index[:2].tolist() == [100_001, 100_002]
    units = data.action_units[:, DISFA_ACTION_UNITS.index(12)]
    assert units.tolist() == [0, 1, 2, 3, 4, 5] * 3
    np.testing.assert_allclose(data.images[:, 24, 24, 0], [100, 110, 120, 130, 140, 150] * 3, atol=3)
    assert "left out are 24 people that are not in the split here" in caplog.text
    assert "1 points (not frames), which are missing" in caplog.text


def test_points_move_with_the_square_that_is_cut(disfa):
    data = load_data("disfa", disfa, "all", size=52, channels=1)
    assert data.landmarks.shape == (18, 68, 2)
    without = np.flatnonzero(np.isnan(data.landmarks).all(axis=(1, 2)))
    assert data.keys[without].tolist() == ["SN003/4"]
    np.testing.assert_allclose([np.nanmin(data.landmarks), np.nanmax(data.landmarks)], [6, 46], atol=1e-4)
    assert abs(int(data.images[without[0], 26, 26, 0]) - 130) < 4  # cut like its neighbors


def test_without_points_and_by_the_other_camera(disfa):
    data = load_data("disfa", disfa, "all", landmarks=False, every=3, channels=1)
    assert data.landmarks is None
    assert data.keys[:3].tolist() == ["SN002/1", "SN002/4", "SN003/1"]
    right = load_data("disfa", disfa, "all", camera="right", channels=1)
    assert right.landmarks is None
    assert int(right.images[0, 0, 0, 0]) > 250


def test_parts_share_nobody(disfa):
    assert len(PEOPLE) == len(set(PEOPLE)) == 27
    assert [len(part) for part in FOLDS] == [9, 9, 9]
    assert splits_of("disfa", disfa) == ("train", "test")
    for fold in range(3):
        test = set(load_data("disfa", disfa, "test", fold=fold, landmarks=False).subjects.tolist())
        train = set(load_data("disfa", disfa, fold=fold, landmarks=False).subjects.tolist())
        assert (len(test), len(train), test & train) == (1, 2, set())


def test_files_that_are_not_the_owners(disfa):
    labels = disfa / "ActionUnit_Labels/SN002/SN002_au12.txt"
    text = labels.read_text()
    labels.write_text("1,0\n")
    with refused("SN002_au12.txt has 1 frames and that of action unit 1 6"):
        load_data("disfa", disfa, "all")
    labels.write_text(text.replace("3,2", "3,6"))
    with refused("line 3 of", "expected a frame and an intensity from 0 to 5"):
        load_data("disfa", disfa, "all")
    labels.unlink()
    with refused("SN002 has no file SN002_au12.txt"):
        load_data("disfa", disfa, "all")
    labels.write_text(text + "\n7,0\n8,0")
    for file in labels.parent.iterdir():
        file.write_text(text + "\n7,0\n8,0")
    with refused("LeftVideoSN002_comp.avi ends after 7 frames; expected frame 7"):
        load_data("disfa", disfa, "all", landmarks=False)
    (disfa / "Videos_LeftCamera/LeftVideoSN002_comp.avi").unlink()
    with refused("has labels but no video of SN002 by the left camera"):
        load_data("disfa", disfa, "all")


def test_what_is_not_disfa(tmp_path):
    with refused("has no files such as SN001_au1.txt; expected DISFA's folder"):
        load_data("disfa", tmp_path)
    with refused("disfa has no validation split"):
        load_data("disfa", tmp_path, "valid")
    with refused("camera is 'top'; expected one of left, right"):
        load_data("disfa", tmp_path, camera="top")
    with refused("pass root (--data-root)"):
        load_data("disfa")
