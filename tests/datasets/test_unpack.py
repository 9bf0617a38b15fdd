import stat
import zipfile

import pytest

from fer_tutorial.datasets import unpack
from fer_tutorial.datasets.unpack import unpack_zip
from tests.helpers.refusals import refused


def packed(path, *members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("prefix", ["", "faces/", "another name/"])
def test_an_archive_becomes_a_folder(tmp_path, prefix):
    archive = packed(
        tmp_path / "faces.zip",
        (f"{prefix}001.tem", b"points"),
        (f"{prefix}deeper/002.jpg", b"pixels"),
        ("__MACOSX/._001.tem", b"x"),
        (f"{prefix}.DS_Store", b"x"),
    )
    assert unpack_zip(archive, tmp_path / "faces") == 2
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert found == ["faces.zip", "faces/001.tem", "faces/deeper/002.jpg"]


def link():
    info = zipfile.ZipInfo("faces/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../evil", "would lie outside"),
        ("faces/../../evil", "would lie outside"),
        ("/etc/evil", "would lie outside"),
        ("C:/evil", "would lie outside"),
        ("..\\evil", "would lie outside"),
        (link(), "has a link"),
        ("A.jpg", "twice"),
    ],
)
def test_what_would_do_harm_is_refused_and_leaves_nothing(tmp_path, name, sentence):
    archive = packed(tmp_path / "faces.zip", ("a.jpg", b"a"), (name, b"b"))
    with refused(sentence):
        unpack_zip(archive, tmp_path / "faces")
    assert [path.name for path in tmp_path.iterdir()] == ["faces.zip"]


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    archive = packed(tmp_path / "a.zip", ("a.jpg", bytes(60_000_000)), compression=zipfile.ZIP_DEFLATED)
    with refused("would unpack to 60,000,000"):
        unpack_zip(archive, tmp_path / "a")
    archive = packed(tmp_path / "b.zip", ("a.jpg", b"abc"), ("b.jpg", b"abc"))
    monkeypatch.setattr(unpack, "MOST_BYTES", 5)
    with refused("would unpack to more than 5 bytes"):
        unpack_zip(archive, tmp_path / "b")
    monkeypatch.setattr(unpack, "MOST_FILES", 1)
    with refused("has 2 files"):
        unpack_zip(archive, tmp_path / "b")


def test_damage_is_said_and_leaves_nothing(tmp_path):
    archive = packed(tmp_path / "a.zip", ("x/a.jpg", b"first"), ("x/b.jpg", b"second"))
    archive.write_bytes(archive.read_bytes().replace(b"second", b"sedond"))
    with refused("cannot be read", "CRC"):
        unpack_zip(archive, tmp_path / "a")
    (tmp_path / "b.zip").write_bytes(b"<html>")
    with refused("cannot be read"):
        unpack_zip(tmp_path / "b.zip", tmp_path / "b")
    with refused("is empty"):
        unpack_zip(packed(tmp_path / "c.zip"), tmp_path / "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip", "c.zip"]


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "a").mkdir()
    with refused("is there already"):
        unpack_zip(packed(tmp_path / "a.zip", ("a.jpg", b"a")), tmp_path / "a")
