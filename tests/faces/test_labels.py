"""Which expression and which person: shares as asked for, in every stretch of samples."""

import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.faces.labels import class_weights, sample_labels, sample_subjects

NAMES = ("neutral", "happiness", "surprise")


def test_any_run_of_samples_has_the_wanted_shares():
    weights = class_weights({"neutral": 2, "surprise": 1}, NAMES)
    for first in (0, 1234):
        counts = sample_labels(torch.arange(first, first + 90), 3, weights).bincount(minlength=3)
        assert (counts - torch.tensor([60, 0, 30])).abs().max() <= 1


@pytest.mark.parametrize(("imbalance", "message"), [([1, 2], "3 weights"), ({"joy": 1}, "joy"), ([0, 0, 0], "not all")])
def test_weights_that_fit_no_classes_are_refused(imbalance, message):
    with pytest.raises(UserError, match=message):
        class_weights(imbalance, NAMES)


def test_subjects_come_from_their_range_or_are_all_different():
    samples = torch.arange(400)
    chosen = sample_subjects(samples, 5, (10, 20))
    assert set(chosen.tolist()) == set(range(10, 20))
    own = torch.cat([sample_subjects(samples, seed, None) for seed in (0, 1)])
    assert len(own.unique()) == 800
