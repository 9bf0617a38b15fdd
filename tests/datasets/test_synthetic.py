import os

import numpy as np
import pytest

import fer_tutorial.datasets.synthetic as synthetic
from fer_tutorial.datasets import load_data
from fer_tutorial.errors import UserError
from fer_tutorial.faces import sample_faces


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


def test_a_smaller_set_is_the_beginning_of_a_larger_one(monkeypatch):
    monkeypatch.setattr(synthetic, "RENDERED_AT_ONCE", 3)
    few, more = (load_data("synthetic", n=n, size=16, cache=False) for n in (4, 8))
    np.testing.assert_array_equal(more.images[:4], few.images)
    np.testing.assert_array_equal(more.index[:4], few.index)


@pytest.mark.parametrize("options", [{}, {"subjects": (0, 3)}])
def test_splits_share_no_person_and_no_index(options):
    splits = [load_data("synthetic", split=split, n=6, size=16, **options) for split in ("train", "valid", "test")]
    for field in ("subjects", "index"):
        values = [set(getattr(data, field).tolist()) for data in splits]
        assert not (values[0] & values[1] | values[0] & values[2] | values[1] & values[2])


def test_label_noise_goes_into_train_alone():
    train, test = (load_data("synthetic", split=split, n=20, size=16, label_noise=0.9) for split in ("train", "test"))
    assert (train.labels != train.clean_labels).mean() > 0.5
    np.testing.assert_array_equal(test.labels, test.clean_labels)


def test_grey_pictures():
    grey, colour = (load_data("synthetic", n=2, size=16, channels=channels).images for channels in (1, 3))
    np.testing.assert_array_equal(grey[..., 0], np.round(colour @ [0.299, 0.587, 0.114]))


def test_sequences():
    data = load_data("synthetic_sequences", n=3, size=16, frames=4, min_frames=2, channels=1)
    assert data.images.shape == (3, 4, 16, 16, 1)
    assert data.landmarks.shape == (3, 4, 68, 2)
    assert data.lengths.min() >= 2


def test_the_second_call_draws_nothing(cache, monkeypatch):
    first = load_data("synthetic", n=3, size=16)
    assert len(packs(cache)) == 1
    monkeypatch.setattr(synthetic, "_open", None)  # would be called to draw
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


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"root": "somewhere"}, "drawn, not read; expected no root"),
        ({"n": 0}, "n is 0; expected 1 to 1,000,000"),
        ({"split": "all"}, "no split 'all'; expected one of train, valid, test"),
        ({"label_noise": 2.0}, "label_noise is 2.0"),
    ],
)
def test_options_that_make_no_sense(options, says):
    with pytest.raises(UserError, match=says):
        load_data("synthetic", **{"n": 2, "size": 16, **options})
