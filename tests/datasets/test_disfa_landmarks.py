import numpy as np
import pytest

from fer_tutorial.datasets.disfa_landmarks import KNOWN, WRONG, SubjectPoints, box_around, is_wrong
from tests.helpers.refusals import refused


@pytest.fixture
def written(tmp_path):
    """``written(names)`` writes files of points, whose values are the place of the name."""
    io = pytest.importorskip("scipy.io")

    def write(*names):
        for place, name in enumerate(names):
            io.savemat(tmp_path / name, {"pts": np.full((66, 2), float(place))})
        return [tmp_path / name for name in names]

    return write


def test_66_points_become_68_with_the_inner_corners_unknown(written):
    points = SubjectPoints("SN001", written("SN001_0000_lm.mat", "SN001_0001_lm.mat"), 2).of(2)
    assert points.shape == (68, 2)
    assert np.flatnonzero(np.isnan(points[:, 0])).tolist() == [60, 64]
    assert set(points[KNOWN].ravel().tolist()) == {1.0}


def test_corners_may_be_filled(tmp_path):
    io = pytest.importorskip("scipy.io")
    points = np.zeros((66, 2))
    points[KNOWN.index(48)] = (0, 10)
    points[[KNOWN.index(61), KNOWN.index(67)]] = ((8, 8), (8, 12))
    io.savemat(tmp_path / "l00001_lm.mat", {"pts": points})
    filled = SubjectPoints("SN003", [tmp_path / "l00001_lm.mat"], 1, fill_corners=True).of(1)
    assert filled[60].tolist() == [4, 10]
    assert np.isfinite(filled).all()


def test_both_ways_of_counting(written):
    files = written("l00001_lm.mat", "l00003_lm.mat")
    points = SubjectPoints("SN031", files, 3)
    assert [float(points.of(frame)[0, 0]) for frame in (1, 3)] == [0, 1]
    assert np.isnan(points.of(2)).all()


def test_a_file_too_many_is_before_the_first_frame(written):
    files = written("SN001_0000_lm.mat", "SN001_0001_lm.mat", "SN001_0002_lm.mat")
    assert float(SubjectPoints("SN001", files, 2).of(1)[0, 0]) == 1


def test_frames_that_the_owners_call_wrong(written):
    assert is_wrong("SN001", 398)
    assert is_wrong("SN001", 420)
    assert not is_wrong("SN001", 421)
    assert not is_wrong("SN003", 398)
    assert np.isnan(SubjectPoints("SN001", written("l00400_lm.mat"), 4845).of(400)).all()
    # 130,814 labeled frames; without the wrong ones and the one that is missing, 126,144 remain in public lists.
    assert sum(last - first + 1 for ranges in WRONG.values() for first, last in ranges) == 130_814 - 126_144


def test_files_that_are_none(written, tmp_path):
    files = written("l00001_lm.mat", "SN001_0000_lm.mat")
    with refused("are of one frame; expected one of them"):
        SubjectPoints("SN001", files, 5)
    files[0].write_text("no points")
    with refused("l00001_lm.mat cannot be read"):
        SubjectPoints("SN001", files[:1], 5).of(1)


def test_a_square_around_points():
    points = np.full((68, 2), np.nan)
    assert box_around(points) is None
    points[0], points[1] = (10, 10), (30, 20)
    np.testing.assert_allclose(box_around(points), (7, 2, 33, 28))
