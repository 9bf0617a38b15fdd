import dataclasses
import os
import weakref
from pathlib import Path

import numpy as np
import pytest

import fer_tutorial.datasets.source as source_module
import fer_tutorial.datasets.synthetic as synthetic
import fer_tutorial.faces.rendering as rendering
from fer_tutorial.datasets import load_data, open_packed, open_source, pack
from fer_tutorial.errors import UserError
from fer_tutorial.faces import sample_faces

FACES = Path(rendering.__file__).parent


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_TUTORIAL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def packs(cache):
    return sorted(path for path in cache.iterdir() if path.is_dir())


def test_the_faces_are_those_of_sample_faces():
    data = load_data("synthetic", n=5, size=16, seed=3, nuisance=0.2, cache=False)
    faces = sample_faces(5, seed=3, size=16, nuisance=0.2).to_face_data()
    for name, array in faces.arrays().items():
        np.testing.assert_array_equal(getattr(data, name), array)
    assert data.class_names == faces.class_names
    assert data.action_unit_names == faces.action_unit_names
    assert data.group_names == faces.group_names


def test_a_smaller_set_is_the_beginning_of_a_larger_one(monkeypatch):
    monkeypatch.setattr(synthetic, "DRAWN_AT_ONCE", 3)
    few, more = (load_data("synthetic", n=n, size=16, cache=False) for n in (4, 8))
    np.testing.assert_array_equal(more.images[:4], few.images)
    np.testing.assert_array_equal(more.index[:4], few.index)


@pytest.mark.parametrize("options", [{}, {"subjects": (0, 3)}])
def test_splits_share_no_person_and_no_index(options):
    splits = [load_data("synthetic", split=split, n=6, size=16, **options) for split in ("train", "valid", "test")]
    for field in ("subjects", "index"):
        values = [set(getattr(data, field).tolist()) for data in splits]
        assert not (values[0] & values[1] | values[0] & values[2] | values[1] & values[2])


def test_every_file_that_draws_counts_for_the_cache(monkeypatch):
    read = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or b"")
    synthetic._faces_code()
    assert {path.relative_to(FACES) for path in read if FACES in path.parents} == {
        path.relative_to(FACES) for path in FACES.rglob("*.py")
    }
    assert Path(synthetic.__file__) in read


def test_label_noise_goes_into_train_alone():
    train, test = (load_data("synthetic", split=split, n=20, size=16, label_noise=0.9) for split in ("train", "test"))
    assert (train.labels != train.clean_labels).mean() > 0.5
    np.testing.assert_array_equal(test.labels, test.clean_labels)


def test_gray_pictures():
    gray, color = (load_data("synthetic", n=2, size=16, channels=channels).images for channels in (1, 3))
    np.testing.assert_array_equal(gray[..., 0], np.round(color @ [0.299, 0.587, 0.114]))


def test_sequences():
    data = load_data("synthetic_sequences", n=3, size=16, frames=4, min_frames=2, channels=1)
    assert data.images.shape == (3, 4, 16, 16, 1)
    assert data.landmarks.shape == (3, 4, 68, 2)
    assert data.lengths.min() >= 2


def test_the_second_call_draws_nothing(cache, monkeypatch):
    first = load_data("synthetic", n=3, size=16)
    assert len(packs(cache)) == 1
    monkeypatch.setattr(rendering, "render", None)  # would be called to draw
    second = load_data("synthetic", n=3, size=16)
    assert isinstance(second.images, np.memmap)
    np.testing.assert_array_equal(first.images, second.images)


def test_every_option_has_a_cache_entry_of_its_own(cache):
    for options in ({}, {"seed": 1}, {"nuisance": 0.1}, {"size": 24}, {"channels": 1}, {"split": "test"}):
        load_data("synthetic", **{"n": 2, "size": 16, **options})
    assert len(packs(cache)) == 6


def test_a_change_of_the_program_draws_anew(cache, monkeypatch):
    load_data("synthetic", n=2, size=16)
    monkeypatch.setattr(synthetic, "_faces_code", lambda: "changed")
    load_data("synthetic", n=2, size=16)
    assert len(packs(cache)) == 2


def test_a_damaged_cache_entry_is_drawn_anew(cache):
    first = load_data("synthetic", n=2, size=16)
    expected = np.array(first.images)
    (packs(cache)[0] / "table.npz").write_bytes(b"rubbish")
    np.testing.assert_array_equal(load_data("synthetic", n=2, size=16).images, expected)


def test_the_least_recently_used_entry_goes(cache, monkeypatch):
    for seed in (0, 1):
        load_data("synthetic", n=2, size=16, seed=seed)
    old, recent = packs(cache)
    os.utime(old, (1, 1))
    monkeypatch.setattr(synthetic, "CACHE_BYTES", 2 * sum(file.stat().st_size for file in recent.iterdir()) + 100)
    load_data("synthetic", n=2, size=16, seed=2)
    assert not old.exists()
    assert recent.exists()
    assert len(packs(cache)) == 2


def test_a_cache_that_cannot_be_written_is_done_without(cache):
    cache.write_text("a file stands where the folder should be")
    with pytest.warns(UserWarning, match="synthetic faces are not cached"):
        data = load_data("synthetic", n=2, size=16)
    assert len(data) == 2


# Drawing while reading


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("synthetic", {"annotators": 3, "label_noise": 0.3}),
        ("synthetic", {"channels": 1, "num_classes": 8}),
        ("synthetic_sequences", {"frames": 3, "min_frames": 2}),
    ],
)
def test_three_chunks_are_the_whole_draw_bit_for_bit(name, options, monkeypatch):
    monkeypatch.setattr(synthetic, "DRAWN_AT_ONCE", 4)
    source = open_source(name, n=11, size=16, split="valid", **options)
    chunks = np.concatenate([source.read(0, 3), source.read(3, 9), source.read(9, 11)])
    monkeypatch.setattr(synthetic, "DRAWN_AT_ONCE", 100)
    whole = open_source(name, n=11, size=16, split="valid", **options)
    np.testing.assert_array_equal(chunks, whole.read(0, 11))
    assert source.table.keys() == whole.table.keys()
    for key, array in whole.table.items():
        np.testing.assert_array_equal(source.table[key], array)
        assert source.table[key].dtype == array.dtype


def drawn_counts(monkeypatch):
    """How many faces each call of ``render`` was asked for, from here on."""
    counts = []
    render = rendering.render
    monkeypatch.setattr(rendering, "render", lambda part, size: counts.append(len(part)) or render(part, size))
    return counts


def test_opening_draws_nothing_and_reading_draws_every_face_once(monkeypatch):
    monkeypatch.setattr(synthetic, "DRAWN_AT_ONCE", 5)
    counts = drawn_counts(monkeypatch)
    source = open_source("synthetic", n=12, size=16)
    assert counts == []
    for start in range(0, 12, 3):
        source.read(start, start + 3)
    assert sum(counts) == 12


def test_packing_holds_one_block_however_many_faces(tmp_path, monkeypatch):
    """A chunk may reach into two blocks; more are never alive, and the set never is."""
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 3 * 16 * 16)
    monkeypatch.setattr(synthetic, "DRAWN_AT_ONCE", 4)
    blocks = []
    gray = synthetic._gray

    def watched(images):
        block = gray(images)
        blocks.append(weakref.ref(block))
        assert sum(each() is not None for each in blocks) <= 2
        return block

    monkeypatch.setattr(synthetic, "_gray", watched)
    pack(open_source("synthetic", n=32, size=16, channels=1), tmp_path / "pack", progress=False)
    assert len(blocks) == 8


def test_an_interrupted_pack_goes_on_with_the_same_faces(tmp_path, monkeypatch):
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 3 * 16 * 16 * 3)
    monkeypatch.setattr(synthetic, "DRAWN_AT_ONCE", 4)
    source = open_source("synthetic", n=10, size=16)

    def until_six(start, stop):
        if start == 6:
            raise KeyboardInterrupt
        return source.read(start, stop)

    with pytest.raises(KeyboardInterrupt):
        pack(dataclasses.replace(source, read=until_six), tmp_path / "pack", progress=False)
    data = open_packed(pack(open_source("synthetic", n=10, size=16), tmp_path / "pack", progress=False), verify=True)
    np.testing.assert_array_equal(data.images, source.load().images)


# Arguments are checked before the cache answers


def test_a_root_is_refused_whether_or_not_the_faces_are_in_the_cache(tmp_path):
    for _ in range(2):
        with pytest.raises(UserError, match=r"drawn, not read; expected no root .* such as folder \(--data folder\)"):
            load_data("synthetic", tmp_path, n=5, size=16)
        load_data("synthetic", n=5, size=16)


@pytest.mark.parametrize("cache_holds_them", [False, True])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n": 0}, "n is 0; expected 1 to 1,000,000"),
        ({"n": "many"}, "n is 'many'; expected a whole number"),
        ({"n": True}, "n is True; expected a whole number"),
        ({"n": 2.0}, "n is 2.0; expected a whole number"),
        ({"seed": -1}, "seed is -1; expected 0 to"),
        ({"seed": None}, "seed is None; expected a whole number"),
        ({"split": "all"}, "no split 'all'; expected one of train, valid, test"),
        ({"label_noise": 2.0}, "label_noise is 2.0"),
        ({"label_noise": 2.0, "split": "test"}, "label_noise is 2.0"),
        ({"nuisance": "high"}, "cannot be drawn with nuisance='high'"),
        ({"nuisance": float("nan")}, "nuisance is nan; expected 0"),
        ({"subjects": 5}, "cannot be drawn with subjects=5"),
        ({"subjects": (0, 10**30)}, "cannot be drawn with subjects="),
        ({"imbalance": [1, 2]}, "expected 7 weights"),
        ({"imbalance": {"joy": 1}}, r"imbalance names \['joy'\]"),
        ({"annotators": -1}, "annotators is -1"),
        ({"device": "abacus"}, "cannot be drawn with device='abacus'"),
        ({"cache": "no"}, "cache is 'no'; expected True or False"),
        ({"color": "red"}, "synthetic has no option 'color'; expected n, seed"),
        ({"draw": False}, "synthetic has no option 'draw'"),
        ({"first": 3}, "synthetic has no option 'first'"),
        ({"size": 8}, "size is 8; expected 16 to 1024"),
        ({"num_classes": 9}, "num_classes is 9"),
        ({"channels": 4}, "channels is 4"),
    ],
)
def test_options_that_make_no_sense(options, says, cache_holds_them, cache):
    arguments = {"n": 2, "size": 16, **options}
    if cache_holds_them:
        load_data("synthetic", n=2, size=16)
    with pytest.raises(UserError, match=says):
        load_data("synthetic", **arguments)
    assert cache.exists() == cache_holds_them
