"""Sequences from neutral to the apex."""

import numpy as np
import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.faces import sample_sequences
from fer_tutorial.faces.expressions import AU_INDEX
from fer_tutorial.vocabulary import ACTION_UNITS, EXPRESSIONS


def test_sequences_run_from_neutral_to_the_apex():
    s = sample_sequences(6, frames=8, min_frames=5, seed=1, size=16)
    assert s.images.shape == (6, 8, 3, 16, 16)
    assert s.landmarks.shape == (6, 8, 68, 2)
    assert s.action_units.shape == (6, 8, len(ACTION_UNITS))
    assert s.lengths.min() >= 5
    assert s.lengths.max() <= 8
    assert s.action_units[:, 0].max() == 0
    for row, length in enumerate(s.lengths.tolist()):
        torch.testing.assert_close(s.action_units[row, length - 1], s.parameters.action_units[row])
        assert torch.equal(s.action_units[row, length - 1], s.action_units[row, -1])
    assert (s.action_units.diff(dim=1) >= 0).all()
    data = s.to_face_data()
    assert data.is_sequence
    assert data.lengths.tolist() == s.lengths.tolist()
    np.testing.assert_allclose(data.action_units, s.action_units[:, -1].numpy())


def test_brows_start_before_the_jaw():
    s = sample_sequences(30, frames=20, size=16, nuisance=0.0)
    surprised = s.labels == EXPRESSIONS.index("surprise")
    share = s.action_units[surprised] / s.action_units[surprised][:, -1:].clamp(min=1e-6)
    half_way = (share < 0.5).sum(1).float().mean(0)  # frames until half of the apex
    assert half_way[AU_INDEX[1]] < half_way[AU_INDEX[26]]


def test_sequences_do_not_depend_on_their_batch():
    many = sample_sequences(5, frames=4, size=16, seed=3)
    one = sample_sequences(1, frames=4, size=16, seed=3, first=3)
    assert torch.equal(one.images[0], many.images[3])


def test_bad_sequences_are_answered_in_a_sentence():
    with pytest.raises(UserError, match="min_frames"):
        sample_sequences(1, frames=4, min_frames=6, size=16)
