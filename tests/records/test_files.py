import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.records.files import to_json, write_atomically


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_the_files_place_is_refused(tmp_path):
    (tmp_path / "report.json").mkdir()
    with pytest.raises(UserError, match=r"report\.json could not be written"):
        write_atomically(tmp_path / "report.json", b"x")
    assert [item.name for item in tmp_path.iterdir()] == ["report.json"]


def test_json_holds_arrays_paths_and_missing_numbers():
    value = {"a": np.arange(2), 3: (np.float32(0.5), float("nan")), "folder": Path("x/y"), "none": None}
    assert json.loads(to_json(value)) == {"a": [0, 1], "3": [0.5, None], "folder": "x/y", "none": None}
