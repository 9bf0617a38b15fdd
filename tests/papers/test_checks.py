"""Checks that the papers share: what they let pass, and what they say otherwise."""

import pytest
import torch
from torch import nn

from fer_tutorial.papers.checks import (
    check_batch_normalization,
    check_classes,
    check_embeddings,
    check_labels,
    check_like_features,
    check_scores,
    identity,
    require,
)
from fer_tutorial.training.distributed import GatheredBatchNorm

FEATURES, LABELS, CENTERS = torch.zeros(3, 2), torch.tensor([0, 1, 3]), torch.zeros(4, 2)


def test_what_fits_passes():
    check_embeddings(FEATURES, LABELS, CENTERS)
    check_scores(torch.zeros(3, 4), LABELS, "logits")
    check_labels(torch.zeros(0, dtype=torch.int64), 4)
    check_like_features(torch.ones(3, 2), FEATURES, "attention")
    check_classes(2)
    require(torch.tensor(True), "never said")
    assert identity(FEATURES) is FEATURES


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"features": torch.zeros(3, 2, 1, 1)}, "pool or flatten feature maps first"),
        ({"features": torch.zeros(3)}, "pool or flatten"),
        ({"centers": torch.zeros(4, 3)}, "with the same d"),
        ({"centers": torch.zeros(4)}, "with the same d"),
        ({"labels": LABELS[:2]}, "one class a row of features"),
        ({"labels": LABELS[:, None]}, "one class a row of features"),
        ({"labels": LABELS.int()}, r"expected torch\.int64"),
        ({"labels": LABELS.float()}, r"expected torch\.int64"),
        ({"labels": LABELS + 1}, "labels run from 1 to 4 but there are 4 classes; expected 0 to 3"),
        ({"labels": LABELS - 1}, "labels run from -1 to 2"),
        ({"features": torch.zeros(0, 2), "labels": LABELS[:0]}, "the batch is empty"),
    ],
)
def test_embeddings_that_do_not_fit_are_named(change, sentence):
    arguments = {"features": FEATURES, "labels": LABELS, "centers": CENTERS} | change
    with pytest.raises(ValueError, match=sentence):
        check_embeddings(**arguments)


@pytest.mark.parametrize(
    ("scores", "labels", "sentence"),
    [
        (torch.zeros(3), LABELS, r"logits of shape \(3,\)"),
        (torch.zeros(2, 4), LABELS, "do not fit"),
        (torch.zeros(3, 1), torch.zeros(3, dtype=torch.int64), "there is 1 class; .* give 2 or more"),
        (torch.zeros(3, 2), LABELS, "labels run from 0 to 3 but there are 2 classes"),
    ],
)
def test_scores_that_do_not_fit_are_named(scores, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_scores(scores, labels, "logits")


def test_values_of_another_shape_and_unmet_conditions_are_named():
    with pytest.raises(ValueError, match=r"attention of shape \(3, 1\) and features of shape \(3, 2\) do not fit"):
        check_like_features(torch.ones(3, 1), FEATURES, "attention")
    with pytest.raises(ValueError, match="said"):
        require(torch.tensor(False), "said")


def test_values_on_another_device_are_not_looked_at():
    """A look would make every step wait for the GPU; the meta device stands in for one."""
    require(torch.tensor(False, device="meta"), "never said")
    check_labels(torch.tensor([9], device="meta"), 2)


def test_one_sample_is_refused_where_torchs_own_batch_normalization_trains():
    layers, one = nn.Sequential(nn.BatchNorm1d(2), nn.ReLU()), torch.zeros(1, 2)
    with pytest.raises(ValueError, match="train with a batch size of 2 or more"):
        check_batch_normalization(layers, one)
    check_batch_normalization(layers, torch.zeros(2, 2))
    check_batch_normalization(nn.Sequential(nn.Linear(2, 2)), one)
    layers[0].__class__ = GatheredBatchNorm  # spans processes, which bring more samples
    check_batch_normalization(layers, one)
    check_batch_normalization(nn.Sequential(nn.BatchNorm1d(2)).eval(), one)
