import numpy as np
import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.training import build_method
from fer_tutorial.training.folds import cross_validate, hold_out, subject_folds
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


def test_held_out_people_are_not_trained_on():
    training, validation = hold_out(striped(n=60), 0.34)
    assert not set(training.subjects) & set(validation.subjects)
    assert len(training) + len(validation) == 60
    for share in (0.0, 1.0, 1e-6):
        with pytest.raises(UserError, match="holdout"):
            hold_out(striped(n=60), share)
