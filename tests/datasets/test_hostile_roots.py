"""Whatever a root is that is no data set, every reader says so in one sentence."""

import os

import numpy as np
import pytest
from PIL import Image

from fer_tutorial.datasets import load_data, splits_of
from fer_tutorial.datasets.load import READERS
from tests.helpers.refusals import refused

OF_FILES = sorted({*READERS, "packed", "auto"} - {"synthetic", "synthetic_sequences"})


def nothing(path):
    path.mkdir()


def picture(path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(path, format="PNG")


def archive(path):
    path.write_bytes(b"PK\x03\x04" + bytes(100))


def link_to_nowhere(path):
    path.symlink_to(path.parent / "gone")


def circle_of_links(path):
    (path / "happy").mkdir(parents=True)
    (path / "happy/back").symlink_to(path)


def dangling_picture(path):
    (path / "happy").mkdir(parents=True)
    (path / "happy/a.png").symlink_to(path / "gone.png")


def what_a_mac_leaves(path):
    (path / "__MACOSX/happy").mkdir(parents=True)
    for name in ("._KA.AN1.39.tiff", "._AF01AFS.JPG", ".DS_Store", "__MACOSX/happy/._1.png"):
        (path / name).write_text("x")


ROOTS = [nothing, picture, archive, link_to_nowhere, circle_of_links, dangling_picture, what_a_mac_leaves]


@pytest.mark.parametrize("make", ROOTS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", OF_FILES)
def test_roots_that_hold_no_data_set(name, make, tmp_path):
    root = tmp_path / ("root.png" if make is picture else "root.zip" if make is archive else "root")
    make(root)
    with refused():
        load_data(name, root, "test" if name == "london" else "train")


@pytest.mark.parametrize("name", OF_FILES)
def test_roots_that_are_no_path(name):
    for root in (5, "", None, "a\0b", "x" * 5000, b"bytes"):
        with refused():
            load_data(name, root, "test" if name == "london" else "train")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder")
@pytest.mark.parametrize("name", OF_FILES)
def test_folders_that_may_not_be_opened(name, tmp_path):
    (tmp_path / "root").mkdir(mode=0)
    with refused():
        load_data(name, tmp_path / "root", "test" if name == "london" else "train")


@pytest.mark.parametrize("name", sorted(set(READERS) - {"synthetic", "synthetic_sequences"}))
def test_splits_of_what_is_not_there(name, tmp_path):
    if name in ("folder", "list", "fer2013", "ckplus"):
        with refused("there is nothing at"):
            splits_of(name, tmp_path / "gone")
    else:
        assert set(splits_of(name, tmp_path / "gone")) <= {"train", "valid", "test"}
