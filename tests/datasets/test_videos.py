import numpy as np
import pytest

from fer_tutorial.datasets.videos import VideoFrames
from tests.helpers.refusals import refused
from tests.helpers.videos import write_video


@pytest.fixture
def video(tmp_path):
    pytest.importorskip("av")
    return write_video(tmp_path / "a.avi", [np.full((32, 48), 20 * n, np.uint8) for n in range(10)])


def values(video, numbers):
    frames = VideoFrames()
    return [int(np.asarray(frames.frame(video, number).convert("L"))[5, 5]) for number in numbers]


def test_a_number_always_means_the_same_frame(video):
    expected = [20 * number for number in range(10)]
    np.testing.assert_allclose(values(video, range(10)), expected, atol=3)
    np.testing.assert_allclose(values(video, [7, 2, 3, 3, 9]), [140, 40, 60, 60, 180], atol=3)


def test_one_video_after_another(video, tmp_path):
    other = write_video(tmp_path / "b.avi", [np.full((32, 48), 200, np.uint8)] * 2)
    frames = VideoFrames()
    for file, number, value in ((video, 1, 20), (other, 1, 200), (video, 1, 20)):
        assert abs(int(np.asarray(frames.frame(file, number).convert("L"))[5, 5]) - value) < 4


def test_what_is_no_video_or_too_short(video, tmp_path):
    with refused("a.avi ends after 10 frames; expected frame 10"):
        VideoFrames().frame(video, 10)
    (tmp_path / "c.avi").write_text("no video")
    with refused("c.avi is no video that can be read"):
        VideoFrames().frame(tmp_path / "c.avi", 0)
