import logging

import numpy as np
import pytest

from fer_tutorial.datasets import genki_boxes, genki_pose, load_data, splits_of
from tests.helpers.refusals import refused

COUNT = 60


@pytest.fixture(params=["alone", "with names", "R2009a"])
def genki(request, save, face, tmp_path):
    """The three layouts of 60 pictures; every third one does not smile."""
    root = tmp_path / "genki"
    folder = root / "Subsets/GENKI-4K" if request.param == "R2009a" else root
    for number in range(1, COUNT + 1):
        save(folder / f"files/file{number:04}.jpg", face(3 * number))
    labels = "".join(f"{int(n % 3 > 0)} {0.01 * n:.4f} -0.0500 0.0000\r\n" for n in range(1, COUNT + 1))
    (folder / ("labels.txt" if request.param == "alone" else "GENKI-4K_Labels.txt")).write_text(labels)
    if request.param != "alone":
        (folder / "GENKI-4K_Images.txt").write_text("".join(f"file{n:04}.jpg\n" for n in range(1, COUNT + 1)))
    return root


def test_labels_keys_and_pose(genki):
    data = load_data("genki", genki, "all")
    assert data.class_names == ("no smile", "smile")
    assert data.labels.tolist() == [int(n % 3 > 0) for n in range(1, COUNT + 1)]
    assert data.keys[[0, -1]].tolist() == ["file0001.jpg", "file0060.jpg"]
    assert data.index.tolist() == list(range(COUNT))
    pose = genki_pose(genki)
    assert pose["key"].tolist() == data.keys.tolist()
    np.testing.assert_allclose(pose[["yaw", "pitch", "roll"]].iloc[4], [0.05, -0.05, 0])


def test_drawn_splits(genki, caplog):
    caplog.set_level(logging.INFO)
    parts = [load_data("genki", genki, split).index.tolist() for split in splits_of("genki", genki)]
    assert sorted(number for part in parts for number in part) == list(range(COUNT))
    assert "drawn by name; nothing is known of who is pictured" in caplog.text


@pytest.fixture
def alone(save, face, tmp_path):
    save(tmp_path / "files/file0001.jpg", face(0))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("2 0 0 0\n", "line 1 of"),
        ("1 0 0\n", "expected smile (0 or 1), yaw, pitch and roll"),
        ("1 0 0 nan\n", "expected smile (0 or 1)"),
        ("smile yaw pitch roll\n1 0 0 0\n", "line 1 of"),
        ("1 0 0 0\n0 0 0 0\n", "1 of the 2 pictures that have labels are not in"),
    ],
)
def test_labels_that_are_none(alone, text, says):
    (alone / "labels.txt").write_text(text)
    with refused(says):
        load_data("genki", alone, "all")


@pytest.mark.parametrize(
    ("names", "says"), [("a.jpg\n", "has 1 names for 2 labels"), ("a.jpg\na.jpg\n", "names a picture twice")]
)
def test_names_that_do_not_fit(alone, names, says):
    (alone / "labels.txt").write_text("1 0 0 0\n0 0 0 0\n")
    (alone / "GENKI-4K_Images.txt").write_text(names)
    with refused(says):
        load_data("genki", alone, "all")


def test_what_is_not_genki(tmp_path):
    with refused("is not GENKI-4K; expected GENKI-4K's folder"):
        load_data("genki", tmp_path)
    with refused("pass root (--data-root)"):
        load_data("genki")
    with refused("has no split 'dev'"):
        load_data("genki", tmp_path, "dev")


@pytest.fixture(params=["own files", "the top's files"])
def whole(request, save, tmp_path):
    """GENKI-R2009a with SZSL, whose face is white, 30 pixels wide around (60, 40) in a picture of 100×80."""
    root = tmp_path / "GENKI-R2009a"
    subset = root / "Subsets/GENKI-SZSL"
    subset.mkdir(parents=True)
    picture = np.zeros((80, 100), np.uint8)
    picture[25:55, 45:75] = 255
    names = [f"file{number:016}.jpg" for number in (3987, 12, 4001)]
    for name in names:
        save((subset if request.param == "own files" else root) / "files" / name, picture)
    save(root / "files/file0000000000000001.jpg", picture)
    (subset / "GENKI-SZSL_Images.txt").write_text("".join(f"{name}\n" for name in names))
    (subset / "GENKI-SZSL_labels.txt").write_text("60 40 30\r\n" * 3)
    return root


def test_szsl_is_cut_to_its_faces(whole):
    for root in (whole, whole.parent, whole / "Subsets/GENKI-SZSL"):
        data = load_data("genki", root, "all", channels=1, subset="szsl")
        assert data.class_names == ("face",)
        assert data.labels.tolist() == [0, 0, 0]
        assert data.keys[0] == "file0000000000003987.jpg"
        assert data.images[:, 4:-4, 4:-4].min() > 240
    boxes = genki_boxes(whole)
    assert boxes.columns.tolist() == ["key", "x", "y", "diameter"]
    assert boxes.iloc[1, 1:].tolist() == [60, 40, 30]


def test_all_of_r2009a_has_no_labels(whole):
    data = load_data("genki", whole, "all", subset="R2009a")
    assert "file0000000000000001.jpg" in data.keys
    assert data.class_names == ("face",)


def test_other_subsets_that_are_not_there(whole, tmp_path):
    with refused("is not GENKI-4K"):
        load_data("genki", whole)
    with refused("subset is '5K'; expected one of 4K, SZSL, R2009a"):
        load_data("genki", whole, subset="5K")
    (whole / "Subsets/GENKI-SZSL/GENKI-SZSL_labels.txt").write_text("60 40\n")
    with refused("line 1 of", "expected x, y and diameter"):
        genki_boxes(whole)
    (tmp_path / "other").mkdir()
    for subset in ("SZSL", "R2009a"):
        with refused("expected the folder GENKI-R2009a"):
            load_data("genki", tmp_path / "other", subset=subset)
