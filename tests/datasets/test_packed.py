import dataclasses
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import fer_tutorial.datasets.packed as packed
import fer_tutorial.datasets.source as source_module
from fer_tutorial.datasets import Source, load_data, open_packed, open_source, pack
from fer_tutorial.datasets.commands import pack_splits
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS
from tests.helpers.refusals import refused


def make_source(n: int = 12, size: int = 8, read=None) -> Source:
    def ramp(start: int, stop: int) -> np.ndarray:
        rows = (np.arange(start, stop) % 256).astype(np.uint8)[:, None, None, None]
        return np.broadcast_to(rows, (stop - start, size, size, 1)).copy()

    return Source(
        "toy",
        "train",
        ("neutral", "happiness"),
        {
            "labels": np.arange(n) % 2,
            "index": np.arange(n) + 100,
            "landmarks": np.full((n, 68, 2), np.nan, np.float32),
            "keys": np.array([f"face é {row}" for row in range(n)]),
            "groups": np.array([["old" if row % 3 else ""] for row in range(n)]),
        },
        (size, size, 1),
        read or ramp,
        group_names=("age",),
        provenance={"root": "nowhere"},
    )


@pytest.fixture
def four_at_a_time(monkeypatch):
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 4 * 64)


@pytest.mark.usefixtures("four_at_a_time")
def test_what_is_packed_comes_back(tmp_path):
    source = make_source()
    data = open_packed(pack(source, tmp_path / "pack", progress=False), verify=True)
    loaded = source.load()
    assert isinstance(data.images, np.memmap)
    assert not data.images.flags.writeable
    assert (data.name, data.split, data.class_names) == ("toy", "train", ("neutral", "happiness"))
    assert data.group_names == ("age",)
    for name, array in loaded.arrays().items():
        np.testing.assert_array_equal(getattr(data, name), array)
        assert getattr(data, name).dtype == array.dtype
    assert sorted(path.name for path in (tmp_path / "pack").iterdir()) == ["header.json", "images.npy", "table.npz"]
    assert json.loads((tmp_path / "pack/header.json").read_text())["provenance"] == {"root": "nowhere"}


def test_numpy_alone_can_read_the_pixels(tmp_path):
    pack(make_source(), tmp_path / "pack", progress=False)
    np.testing.assert_array_equal(np.load(tmp_path / "pack/images.npy"), make_source().load().images)


def test_packing_again_changes_nothing(tmp_path):
    folder = pack(make_source(), tmp_path / "pack", progress=False)
    before = (folder / "images.npy").stat().st_mtime_ns

    def must_not_be_read(start, stop):
        raise AssertionError("a finished pack was read again")

    pack(make_source(read=must_not_be_read), folder, progress=False)
    assert (folder / "images.npy").stat().st_mtime_ns == before


def test_a_folder_of_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "thesis").mkdir()
    with pytest.raises(UserError, match="thesis exists and is not a pack of these samples"):
        pack(make_source(), tmp_path / "thesis", progress=False)
    pack(make_source(), tmp_path / "pack", progress=False)
    with pytest.raises(UserError, match="exists and is not a pack of these samples"):
        pack(make_source(n=10), tmp_path / "pack", progress=False)


def test_a_place_where_no_folder_can_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"toy cannot be packed to .*/file/pack"):
        pack(make_source(), tmp_path / "file" / "pack", progress=False)


@pytest.mark.usefixtures("four_at_a_time")
def test_an_interrupted_pack_goes_on_where_it_stopped(tmp_path):
    whole = make_source()
    asked = []

    def until_eight(start: int, stop: int) -> np.ndarray:
        asked.append(start)
        if start == 8:
            raise KeyboardInterrupt
        return whole.read(start, stop)

    with pytest.raises(KeyboardInterrupt):
        pack(make_source(read=until_eight), tmp_path / "pack", progress=False)
    assert not (tmp_path / "pack").exists()
    with pytest.raises(UserError, match="was interrupted; run the same fer-tutorial pack command again"):
        open_packed(tmp_path / "pack")

    def from_eight(start: int, stop: int) -> np.ndarray:
        asked.append(start)
        return whole.read(start, stop)

    data = open_packed(pack(make_source(read=from_eight), tmp_path / "pack", progress=False), verify=True)
    assert asked == [0, 4, 8, 8]
    np.testing.assert_array_equal(data.images, whole.load().images)


@pytest.mark.usefixtures("four_at_a_time")
def test_rows_that_were_written_but_not_counted_are_written_again(tmp_path):
    """As after a power cut: the pixel file is longer than the count says, and its end is rubbish."""
    whole = make_source()

    def until_eight(start: int, stop: int) -> np.ndarray:
        if start == 8:
            raise KeyboardInterrupt
        return whole.read(start, stop)

    with pytest.raises(KeyboardInterrupt):
        pack(make_source(read=until_eight), tmp_path / "pack", progress=False)
    with (tmp_path / ".pack.packing/images.npy").open("ab") as file:
        file.write(b"rubbish" * 99)
    data = open_packed(pack(whole, tmp_path / "pack", progress=False), verify=True)
    np.testing.assert_array_equal(data.images, whole.load().images)


@pytest.mark.usefixtures("four_at_a_time")
def test_other_samples_do_not_go_on_with_an_interrupted_pack(tmp_path):
    def stop_at_once(start: int, stop: int) -> np.ndarray:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(make_source(read=stop_at_once), tmp_path / "pack", progress=False)
    data = open_packed(pack(make_source(n=6), tmp_path / "pack", progress=False), verify=True)
    assert len(data) == 6


def test_a_killed_process_leaves_a_pack_that_can_be_finished(tmp_path, class_folder):
    """kill -9 in the middle; then the same command in another process."""
    root = class_folder("happy", "sad", count=10)
    script = textwrap.dedent(
        """
        import dataclasses, sys, time
        import fer_tutorial.datasets.source as source_module
        from fer_tutorial.datasets import open_source, pack
        source_module.CHUNK_BYTES = 48 * 48 * 2
        source = open_source("folder", sys.argv[1], "all", channels=1)
        read = source.read
        def slow(start, stop):
            if start >= 10 and sys.argv[3] == "slow":
                print("half", flush=True)
                time.sleep(600)
            return read(start, stop)
        pack(dataclasses.replace(source, read=slow), sys.argv[2], progress=False)
        """
    )
    command = [sys.executable, "-c", script, str(root), str(tmp_path / "pack")]
    process = subprocess.Popen([*command, "slow"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()

    assert not (tmp_path / "pack").exists()
    assert (tmp_path / ".pack.packing/rows.txt").read_text() == "10"
    subprocess.run([*command, "quick"], check=True)
    assert not (tmp_path / ".pack.packing").exists()
    data = open_packed(tmp_path / "pack", verify=True)
    np.testing.assert_array_equal(data.images, load_data("folder", root, "all", channels=1).images)


@pytest.mark.usefixtures("four_at_a_time")
def test_a_disk_that_fills_up_leaves_nothing(tmp_path, monkeypatch):
    append = packed._append
    written = []

    def full_after_two(file, pixels, digest):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(len(pixels))
        append(file, pixels, digest)

    monkeypatch.setattr(packed, "_append", full_after_two)
    with pytest.raises(
        UserError, match=r"the disk filled up while packing toy .* which needs 768 bytes; nothing was left"
    ):
        pack(make_source(), tmp_path / "pack", progress=False)
    assert not (tmp_path / "pack").exists()
    assert not (tmp_path / ".pack.packing").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")
def test_the_operating_system_says_full(tmp_path, monkeypatch):
    """/dev/full answers every write as a full disk does."""
    real_open = open
    monkeypatch.setattr(
        packed, "open", lambda file, mode: real_open("/dev/full" if "w" in mode else file, mode), raising=False
    )
    with pytest.raises(UserError, match="the disk filled up"):
        pack(make_source(), tmp_path / "pack", progress=False)
    assert [path.name for path in tmp_path.iterdir()] == [".pack.lock"]


def test_a_disk_known_to_be_too_small_is_refused_before_reading(tmp_path, monkeypatch):
    def must_not_be_read(start, stop):
        raise AssertionError("pixels were read although there is no room for them")

    monkeypatch.setattr(packed.shutil, "disk_usage", lambda path: SimpleNamespace(free=700))
    with pytest.raises(UserError, match="the disk filled up"):
        pack(make_source(read=must_not_be_read), tmp_path / "pack", progress=False)


def test_memory_stays_flat(tmp_path, monkeypatch):
    """Sixteen times the images, 3 MB more of pixels, the same peak: a chunk is held, not the data set."""
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 64 * 1024)

    def peak(n: int) -> int:
        source = make_source(n, size=32)
        source = dataclasses.replace(source, table={key: source.table[key] for key in ("labels", "index")})
        tracemalloc.start()
        pack(source, tmp_path / str(n), progress=False)
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    peak(64)  # the first call also loads modules
    assert peak(3200) < peak(200) + 500_000


# What a damaged pack says


@pytest.fixture
def folder(tmp_path) -> Path:
    return pack(make_source(), tmp_path / "pack", progress=False)


def test_no_pack(tmp_path):
    with pytest.raises(UserError, match="there is no pack at"):
        open_packed(tmp_path)


def test_shortened_pixels(folder):
    data = (folder / "images.npy").read_bytes()
    (folder / "images.npy").write_bytes(data[:-10])
    with pytest.raises(UserError, match=r"is damaged .*; remove the folder and pack it again"):
        open_packed(folder)


def test_one_changed_pixel_is_found_when_asked_for(folder):
    data = bytearray((folder / "images.npy").read_bytes())
    data[-1] ^= 1
    (folder / "images.npy").write_bytes(data)
    assert len(open_packed(folder)) == 12
    with pytest.raises(UserError, match=r"damaged \(images.npy differs from its checksum\)"):
        open_packed(folder, verify=True)


def test_a_changed_table(folder):
    data = bytearray((folder / "table.npz").read_bytes())
    data[200] ^= 1
    (folder / "table.npz").write_bytes(data)
    with pytest.raises(UserError, match=r"damaged \(table.npz differs from its checksum\)"):
        open_packed(folder)


def test_pixels_of_another_pack(folder):
    np.save(folder / "images.npy", np.zeros((11, 8, 8, 1), np.uint8))
    with pytest.raises(UserError, match="but the header says uint8"):
        open_packed(folder)


def test_an_older_pack_has_no_groups(tmp_path):
    source = make_source()
    del source.table["groups"]
    folder = pack(dataclasses.replace(source, group_names=()), tmp_path / "pack", progress=False)
    header = json.loads((folder / "header.json").read_text())
    del header["group_names"]
    (folder / "header.json").write_text(json.dumps(header))
    data = open_packed(folder)
    assert data.groups is None
    assert data.group_names == ()


@pytest.mark.parametrize(("text", "says"), [("{", "is not JSON"), ('{"format": "zip"}', "not the header of a pack")])
def test_a_header_that_is_none(folder, text, says):
    (folder / "header.json").write_text(text)
    with pytest.raises(UserError, match=says):
        open_packed(folder)


def test_a_missing_file(folder):
    (folder / "images.npy").unlink()
    with pytest.raises(UserError, match="is damaged"):
        open_packed(folder)


# Hostile packs: how a good one is spoilt, and what is said


def header(change):
    def spoil(folder):
        fields = json.loads((folder / "header.json").read_text())
        change(fields)
        (folder / "header.json").write_text(json.dumps(fields))

    return spoil


def table(**changes):
    """A table with other columns, and the header's checksum made to fit."""

    def spoil(folder):
        with np.load(folder / "table.npz") as columns:
            kept = {**columns, **changes}
        np.savez(folder / "table.npz", **{name: value for name, value in kept.items() if value is not None})
        digest = hashlib.sha256((folder / "table.npz").read_bytes()).hexdigest()
        header(lambda fields: fields.update(table_sha256=digest))(folder)

    return spoil


def bytes_of(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def replaced_by_a_folder(name):
    return lambda folder: [(folder / name).unlink(), (folder / name).mkdir()]


def save_object_array(folder):
    np.save(folder / "images.npy", np.array([{}] * 12), allow_pickle=True)


def link_to_nowhere(name):
    return lambda folder: [(folder / name).unlink(), (folder / name).symlink_to("gone")]


HOSTILE = {
    "header: empty": (bytes_of("header.json", b""), "header.json is not JSON"),
    "header: bytes": (bytes_of("header.json", bytes(range(256))), "header.json is not JSON"),
    "header: a list": (bytes_of("header.json", b"[1, 2]"), "is not the header of a pack"),
    "header: nested without end": (bytes_of("header.json", b"[" * 100_000), "header.json is not JSON"),
    "header: of a later version": (header(lambda h: h.update(format="fer_tutorial pack 2")), "expected format"),
    "header: no names": (header(lambda h: h.pop("class_names")), "header.json has no class_names"),
    "header: no checksum": (header(lambda h: h.pop("images_sha256")), "header.json has no images_sha256"),
    "header: no split": (header(lambda h: h.update(split=None)), "header.json has no split"),
    "header: shape is a word": (header(lambda h: h.update(shape="12x8")), "header.json has no shape"),
    "header: shape is another": (header(lambda h: h.update(shape=[12, 8, 8])), "but the header says uint8 [12, 8, 8]"),
    "header: names repeat": (header(lambda h: h.update(class_names=["a", "a"])), "expected every name once"),
    "header: names are numbers": (header(lambda h: h.update(class_names=[0, 1])), "expected a tuple of strings"),
    "header: a folder": (replaced_by_a_folder("header.json"), "there is no pack at"),
    "header: link to nowhere": (link_to_nowhere("header.json"), "there is no pack at"),
    "pixels: empty": (bytes_of("images.npy", b""), "is damaged (images.npy or table.npz cannot be read"),
    "pixels: a page": (
        bytes_of("images.npy", b"<html>404</html>"),
        "is damaged (images.npy or table.npz cannot be read",
    ),
    "pixels: objects": (save_object_array, "is damaged (images.npy or table.npz cannot be read"),
    "pixels: floats": (lambda f: np.save(f / "images.npy", np.zeros((12, 8, 8, 1))), "images.npy is float64"),
    "pixels: several arrays": (
        lambda f: [np.savez(f / "x.npz", a=np.zeros(3)), (f / "x.npz").rename(f / "images.npy")],
        "images.npy holds several arrays",
    ),
    "pixels: a folder": (replaced_by_a_folder("images.npy"), "is damaged"),
    "pixels: link to nowhere": (link_to_nowhere("images.npy"), "is damaged"),
    "table: missing": (lambda f: (f / "table.npz").unlink(), "is damaged"),
    "table: labels out of range": (table(labels=np.arange(12)), "labels run from 0 to 11"),
    "table: no labels": (table(labels=None), "table.npz is not the table of a pack"),
    "table: an unknown column": (table(extra=np.arange(12)), "table.npz is not the table of a pack"),
    "table: objects": (table(subjects=np.array([{}] * 12)), "table.npz is not the table of a pack"),
    "table: too short": (table(index=np.arange(3)), "index has 3 rows but there are 12 images"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_packs(case, folder):
    spoil, says = HOSTILE[case]
    spoil(folder)
    with refused("pack", says):
        open_packed(folder)


@pytest.mark.parametrize("place", ["", "/", ".", "..", "a\0b", "x" * 300, "~nobody-of-this-name/x", 7, None])
def test_hostile_destinations(place, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = sorted(tmp_path.rglob("*"))
    with refused("folder" if place != "x" * 300 else "toy cannot be packed to"):
        pack(make_source(), place, progress=False)
    assert [path for path in sorted(tmp_path.rglob("*")) if path.suffix != ".lock"] == before


def test_hostile_places_of_a_pack(tmp_path):
    (tmp_path / "file").write_text("")
    for place in ("", 7, None, "a\0b", "~nobody-of-this-name/x"):
        with refused("is no folder"):
            open_packed(place)
    for place in (tmp_path / "gone", tmp_path / "file", tmp_path, "x" * 300):
        with refused("there is no pack at"):
            open_packed(place)


@pytest.mark.parametrize("kind", ["file", "link to nowhere", "full folder", "empty folder"])
def test_a_destination_that_is_taken(kind, tmp_path):
    place = tmp_path / "pack"
    if kind == "file":
        place.write_text("")
    elif kind == "link to nowhere":
        place.symlink_to("gone")
    else:
        place.mkdir()
        if kind == "full folder":
            (place / "thesis.tex").write_text("")
    with refused("pack exists and is not a pack of these samples"):
        pack(make_source(), place, progress=False)
    assert not (tmp_path / ".pack.packing").exists()


def test_only_a_source_is_packed(tmp_path):
    with refused("what is to be packed is FaceData; expected a Source, as open_source gives it"):
        pack(make_source().load(), tmp_path / "pack")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("four_at_a_time")
@pytest.mark.parametrize("spoil", ["pixels shortened", "row count lost", "plan lost"])
def test_an_interrupted_pack_that_was_spoilt_is_begun_anew(spoil, tmp_path):
    whole = make_source()

    def until_eight(start: int, stop: int) -> np.ndarray:
        if start == 8:
            raise KeyboardInterrupt
        return whole.read(start, stop)

    with pytest.raises(KeyboardInterrupt):
        pack(make_source(read=until_eight), tmp_path / "pack", progress=False)
    part = tmp_path / ".pack.packing"
    if spoil == "pixels shortened":
        (part / "images.npy").write_bytes((part / "images.npy").read_bytes()[:-100])
    else:
        (part / ("rows.txt" if spoil == "row count lost" else "plan.json")).write_text("")
    data = open_packed(pack(whole, tmp_path / "pack", progress=False), verify=True)
    np.testing.assert_array_equal(data.images, whole.load().images)


# By name


@pytest.mark.parametrize(
    ("names", "accepted"),
    [
        (("neutral", "happiness"), True),  # as the London set has them
        (("happiness", "fear"), True),
        (EXPRESSIONS[:7], True),
        (("happiness", "neutral"), False),
        (("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"), False),  # FER2013's order
        (("neutral", "cats"), False),
    ],
)
def test_classes_are_compared_by_name_and_order(names, accepted, tmp_path):
    source = dataclasses.replace(make_source(), class_names=names)
    pack(source, tmp_path / "pack", progress=False)
    if accepted:
        assert load_data("packed", tmp_path / "pack", size=8, channels=1).class_names == names
    else:
        with refused(f"with the classes {', '.join(names)}; expected some of neutral, happiness", "in this order"):
            load_data("packed", tmp_path / "pack", size=8, channels=1)


def test_messages_name_what_can_be_typed(tmp_path):
    pack(make_source(), tmp_path / "pack", progress=False)
    with refused("expected size=8 (--size 8), or pack it with --size 48"):
        load_data("packed", tmp_path / "pack", channels=1)
    with refused("expected channels=1 (--channels 1), or pack it with --channels 3"):
        load_data("packed", tmp_path / "pack", size=8)


def test_a_pack_is_not_packed_again(tmp_path):
    pack(make_source(), tmp_path / "pack", progress=False)
    for root in (tmp_path / "pack", tmp_path, None):
        with refused("a pack is used as it was made and not packed again"):
            pack_splits("packed", tmp_path / "again", root, progress=False)
    assert not (tmp_path / "again").exists()


def test_pack_splits_and_load_them(tmp_path, ferplus_folder):
    out = tmp_path / "packed"
    folders = pack_splits(
        "ferplus", out, ferplus_folder, size=24, channels=1, num_classes=8, progress=False, labels="vote"
    )
    assert [folder.name for folder in folders] == ["train", "valid", "test"]
    for split in ("train", "valid", "test"):
        data = load_data("packed", out, split, size=24, channels=1, num_classes=8, verify=True)
        expected = load_data("ferplus", ferplus_folder, split, size=24, channels=1, num_classes=8, labels="vote")
        assert data.name == "ferplus"
        for name, array in expected.arrays().items():
            np.testing.assert_array_equal(getattr(data, name), array)


def test_only_the_splits_that_are_there_are_packed(tmp_path, class_folder):
    root = class_folder("train/happy", "test/happy")
    folders = pack_splits("folder", tmp_path / "packed", root, progress=False)
    assert [folder.name for folder in folders] == ["train", "test"]


def test_a_pack_is_not_resized(tmp_path, class_folder):
    source = open_source("folder", class_folder("happy"), "all", size=24, channels=1)
    pack(source, tmp_path / "pack", progress=False)
    assert load_data("packed", tmp_path / "pack", "all", size=24, channels=1).split == "all"
    with pytest.raises(UserError, match="was packed at 24×24 pixels; expected size=24"):
        load_data("packed", tmp_path / "pack", "all", size=48, channels=1)
    with pytest.raises(UserError, match="packed with 1 channels"):
        load_data("packed", tmp_path / "pack", "all", size=24)
    with pytest.raises(UserError, match=r"is the all split of folder; expected split='all' \(--split\), got 'test'"):
        load_data("packed", tmp_path / "pack", "test", size=24, channels=1)


def test_a_pack_of_eight_classes_is_not_read_as_seven(tmp_path, class_folder):
    source = open_source("folder", class_folder("contempt"), "all", num_classes=8)
    pack(source, tmp_path / "pack", progress=False)
    with pytest.raises(UserError, match="was packed with 8 classes; expected num_classes=8"):
        load_data("packed", tmp_path / "pack", "all")
