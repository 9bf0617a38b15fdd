import numpy as np
import pandas as pd
import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.records import checkpoint
from fer_tutorial.training import build_method
from fer_tutorial.training.folds import cross_validate, hold_out, subject_folds, write_folds
from tests.helpers.quick_config import quick
from tests.helpers.striped_faces import striped


def test_no_person_is_in_two_folds_and_everyone_is_in_one():
    subjects = np.random.default_rng(0).integers(0, 40, 300)
    folds = subject_folds(subjects, k=5, seed=1)
    assert sorted(np.concatenate(folds)) == list(range(300))
    people = [set(subjects[fold]) for fold in folds]
    assert not any(people[a] & people[b] for a in range(5) for b in range(a))
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= np.bincount(subjects).max()


def test_the_seed_decides_the_folds():
    subjects = np.arange(30)
    same = [
        np.array_equal(a, b) for a, b in zip(subject_folds(subjects, 3, 0), subject_folds(subjects, 3, 0), strict=True)
    ]
    other = [
        np.array_equal(a, b) for a, b in zip(subject_folds(subjects, 3, 0), subject_folds(subjects, 3, 1), strict=True)
    ]
    assert all(same)
    assert not all(other)


@pytest.mark.parametrize("k", [1, 5])
def test_impossible_numbers_of_folds(k):
    with pytest.raises(UserError, match="4 people"):
        subject_folds(np.array([1, 2, 3, 3, 4]), k)


def test_cross_validation_reports_every_fold_with_mean_and_spread():
    data = striped(n=36)
    trained_on = []

    def make(training):
        trained_on.append(set(training.subjects))
        return build_method("softmax", training)

    result = cross_validate(make, data, 3, quick(epochs=1))
    assert result.folds["test_samples"].sum() == 36
    assert result.mean["accuracy"] == pytest.approx(result.folds["accuracy"].mean())
    assert result.std["accuracy"] == pytest.approx(result.folds["accuracy"].std())
    assert result.confusion_matrix.sum() == 36
    assert all(len(people) == 4 for people in trained_on)


def test_cross_validation_needs_subjects():
    from dataclasses import replace

    with pytest.raises(UserError, match="who is in each picture"):
        cross_validate(lambda data: None, replace(striped(), subjects=None), 2, quick())


class PowerFailureError(Exception):
    pass


def failing_after(steps):
    """What stops training as a power failure would, in the middle of an epoch."""
    count = []
    written = checkpoint.save_checkpoint

    def save(path, tensors, facts):
        written(path, tensors, facts)
        count.append(path)
        if len(count) == steps:
            raise PowerFailureError

    return save


@pytest.mark.parametrize("saves", [1, 4, 5, 6, 9])
def test_interrupted_folds_go_on_to_the_same_table(tmp_path, saves):
    """Two epochs of two steps make four checkpoints a fold: in the first fold, at its end, in the second, ..."""
    data, config = striped(n=48), quick(checkpoint_steps=1)

    def folds(name, resume=False):
        return cross_validate(
            lambda training: build_method("scn", training), data, 3, config, folder=tmp_path / name, resume=resume
        )

    whole = folds("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "save_checkpoint", failing_after(saves))
        with pytest.raises(PowerFailureError):
            folds("parts")
    rest = folds("parts", resume=True)
    write_folds(tmp_path / "whole", whole)
    write_folds(tmp_path / "parts", rest)
    for name in ("folds.csv", "confusion.csv", "report.json"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_finished_fold_is_read_and_not_trained(tmp_path, monkeypatch):
    data = striped(n=48)

    def folds(config, **options):
        make = lambda training: build_method("softmax", training)  # noqa: E731
        return cross_validate(make, data, 2, config, folder=tmp_path, **options)

    first = folds(quick(epochs=1))
    monkeypatch.setattr("fer_tutorial.training.folds.train", None)
    pd.testing.assert_frame_equal(folds(quick(epochs=1), resume=True).folds, first.folds)
    with pytest.raises(UserError, match=r"train\.lr 0\.02 there and 0\.5 here"):
        folds(quick(epochs=1, lr=0.5), resume=True)


def test_held_out_people_are_not_trained_on():
    training, validation = hold_out(striped(n=60), 0.34)
    assert not set(training.subjects) & set(validation.subjects)
    assert len(training) + len(validation) == 60
    for share in (0.0, 1.0, 1e-6):
        with pytest.raises(UserError, match="holdout"):
            hold_out(striped(n=60), share)
