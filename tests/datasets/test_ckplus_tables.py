import logging

import numpy as np
import pytest

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.ckplus_tables import CSV_CLASSES, HDF5_CLASSES
from tests.helpers.refusals import refused


@pytest.fixture
def extended(face, tmp_path):
    """ckextended.csv with a row a class, and one of each test set."""
    lines = ["emotion,pixels,Usage"]
    usages = ["Training"] * 8 + ["PublicTest", "PrivateTest"]
    for row, usage in enumerate(usages):
        lines.append(f"{row % 8},{' '.join(map(str, face(row).ravel()))},{usage}")
    (tmp_path / "ckextended.csv").write_text("\n".join(lines))
    return tmp_path


def test_ckextended(extended, caplog, face):
    data = load_data("ckplus", extended, num_classes=8, channels=1)
    assert [data.class_names[label] for label in data.labels] == list(CSV_CLASSES)
    np.testing.assert_array_equal(data.images[3, ..., 0], face(3))
    assert data.subjects is None
    assert "people of the training are in the test" in caplog.text
    assert splits_of("ckplus", extended) == ("train", "valid", "test")
    assert load_data("ckplus", extended / "ckextended.csv", "test").index.tolist() == [9]
    assert len(load_data("ckplus", extended, "all")) == 9  # contempt left out


def test_a_label_beyond_the_eight(extended):
    file = extended / "ckextended.csv"
    file.write_text(file.read_text().replace("\n7,", "\n8,"))
    with refused("has the label '8' in data row 8; expected 0 to 7"):
        load_data("ckplus", extended)


@pytest.fixture
def hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")

    def write(pixels, labels, name="data_pixel"):
        with h5py.File(tmp_path / "CK_data.h5", "w") as file:
            file[name], file["data_label"] = pixels, labels
        return tmp_path

    return write


def test_ck_data(hdf5, caplog):
    caplog.set_level(logging.INFO)
    pixels = np.random.default_rng(0).integers(0, 256, (70, 48, 48), np.uint8)
    root = hdf5(pixels, np.arange(70) % 7)
    data = load_data("ckplus", root, "all", num_classes=8, channels=1)
    assert [data.class_names[label] for label in data.labels[:7]] == list(HDF5_CLASSES)
    np.testing.assert_array_equal(data.images[..., 0], pixels)
    parts = [load_data("ckplus", root, split, num_classes=8).index.tolist() for split in splits_of("ckplus", root)]
    assert sorted(row for part in parts for row in part) == list(range(70))
    assert "nothing is known of who is pictured" in caplog.text


def test_hostile_hdf5(hdf5, tmp_path):
    right = np.zeros((3, 48, 48), np.uint8)
    for pixels, labels, says in (
        (right[:, :40], [0, 1, 2], "has pixels (3, 40, 48) for 3 labels"),
        (right, [0, 1, 7], "has labels beyond 0 to 6"),
        (right, [0, 1], "for 2 labels"),
        (right.astype(int) - 1, [0, 1, 2], "has pixels from -1 to -1; expected 0 to 255"),
    ):
        with refused(says):
            load_data("ckplus", hdf5(pixels, np.array(labels)), "all")
    with refused("CK_data.h5 cannot be read", "expected data_pixel and data_label"):
        load_data("ckplus", hdf5(right, [0, 1, 2], "pixels"), "all")
    (tmp_path / "CK_data.h5").write_text("no table")
    with refused("CK_data.h5 cannot be read"):
        load_data("ckplus", tmp_path, "all")
