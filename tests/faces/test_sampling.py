"""Batches, sequences and their labels."""

import numpy as np
import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import face_parameters, face_with, render, sample_faces, sample_sequences
from fer_tutorial.faces.expressions import AU_INDEX
from fer_tutorial.vocabulary import ACTION_UNITS, EXPRESSIONS


def test_shapes_dtypes_and_ranges():
    faces = sample_faces(9, seed=1, size=32, num_classes=8, annotators=10, nuisance=1.0)
    assert faces.images.shape == (9, 3, 32, 32)
    assert faces.images.dtype == torch.float32
    assert faces.images.min() >= 0
    assert faces.images.max() <= 1
    assert torch.isfinite(faces.images).all()
    assert faces.landmarks.shape == (9, 68, 2)
    assert faces.action_units.shape == (9, len(ACTION_UNITS))
    assert faces.labels.dtype == torch.int64
    assert faces.votes is not None
    assert faces.votes.sum(1).tolist() == [10.0] * 9
    assert faces.class_names == EXPRESSIONS
    assert faces.pose.shape == (9, 3)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    one, two = (sample_faces(6, seed=4, size=32).to_face_data().images for _ in range(2))
    assert one.tobytes() == two.tobytes()
    assert sample_faces(6, seed=5, size=32).to_face_data().images.tobytes() != one.tobytes()


def test_a_face_does_not_depend_on_its_batch():
    many = sample_faces(37, seed=2, size=32, nuisance=1.0, label_noise=0.3, annotators=10)
    for first, n in ((0, 5), (13, 7), (36, 1)):
        few = sample_faces(n, seed=2, size=32, nuisance=1.0, label_noise=0.3, annotators=10, first=first)
        part = slice(first, first + n)
        assert torch.equal(few.images, many.images[part])
        assert torch.equal(few.landmarks, many.landmarks[part])
        assert torch.equal(few.labels, many.labels[part])
        assert torch.equal(few.votes, many.votes[part])
        assert torch.equal(few.index, many.index[part])


def test_classes_are_balanced_or_as_asked():
    even = sample_faces(140, size=16).labels.bincount(minlength=7)
    assert (even - 20).abs().max() <= 2
    weights = [5, 1, 1, 1, 1, 0.5, 0.5]
    counts = sample_faces(200, size=16, imbalance=weights).labels.bincount(minlength=7)
    assert (counts - 20 * torch.tensor(weights)).abs().max() <= 3
    only = sample_faces(20, size=16, imbalance={"happiness": 1, "fear": 1}).labels
    assert set(only.tolist()) == {1, 6}


def test_label_noise_has_its_rate_and_keeps_the_truth():
    clean = sample_faces(300, size=16)
    noisy = sample_faces(300, size=16, label_noise=0.3)
    assert torch.equal(clean.labels, clean.clean_labels)
    assert torch.equal(noisy.clean_labels, clean.labels)
    assert torch.equal(noisy.images, clean.images)
    assert 0.22 < (noisy.labels != noisy.clean_labels).float().mean() < 0.38
    assert (sample_faces(50, size=16, label_noise=1.0).labels != clean.labels[:50]).all()


def test_subjects_are_kept_apart():
    train = sample_faces(60, seed=0, size=16, subjects=(0, 20))
    test = sample_faces(60, seed=0, size=16, subjects=(20, 30))
    assert not set(train.subjects.tolist()) & set(test.subjects.tolist())
    assert set(test.subjects.tolist()) <= set(range(20, 30))
    one = (train.subjects == train.subjects[0]).nonzero()[:, 0]
    assert len(one) > 1
    assert torch.equal(train.parameters.traits[one[0]], train.parameters.traits[one[1]])
    own = [sample_faces(20, seed=s, size=16).subjects for s in (0, 1)]
    assert len(torch.cat(own).unique()) == 40


def test_as_face_data():
    data = sample_faces(8, seed=3, size=32, annotators=10).to_face_data(split="test")
    assert isinstance(data, FaceData)
    assert data.images.shape == (8, 32, 32, 3)
    assert data.images.dtype == np.uint8
    assert data.split == "test"
    assert data.action_unit_names == tuple(ACTION_UNITS)
    assert data.landmarks.shape == (8, 68, 2)
    assert data.votes.dtype == np.float32


def test_nuisance_zero_is_frontal_and_sharp():
    faces = sample_faces(20, size=16, nuisance=0.0)
    assert faces.pose.abs().max() == 0
    assert sample_faces(20, size=16, nuisance=1.0).pose.abs().max() > 10


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


def test_gradients_reach_everything_and_agree_with_finite_differences():
    p = face_parameters({12: 3.0, 4: 1.0, 25: 2.0}, 3, yaw=5).to("cpu", torch.float64)
    for name in ("action_units", "traits", "pose", "light", "scene"):
        getattr(p, name).requires_grad_()
    images, _ = render(p, 32)
    weights = torch.linspace(-1, 1, images.numel(), dtype=torch.float64).sin().view_as(images)
    leaves = [p.action_units, p.traits, p.pose, p.light, p.scene]
    gradients = torch.autograd.grad((images * weights).sum(), leaves)
    for gradient in gradients:
        assert torch.isfinite(gradient).all()
        assert (gradient != 0).any()
    with torch.no_grad():
        for unit in (12, 4, 25):
            column, step = AU_INDEX[unit], 1e-5
            values = []
            for sign in (1, -1):
                p.action_units[0, column] += sign * step
                values.append(float((render(p, 32)[0] * weights).sum()))
                p.action_units[0, column] -= sign * step
            difference = (values[0] - values[1]) / (2 * step)
            assert difference == pytest.approx(float(gradients[0][0, column]), rel=1e-3, abs=1e-5)


def test_one_face_with_chosen_action_units():
    neutral, points = face_with({}, identity_seed=3, size=64)
    smiling, _ = face_with(action_units={12: 5, 6: 3, 25: 4}, identity_seed=3, size=64)
    assert neutral.shape == (3, 64, 64)
    assert points.shape == (68, 2)
    difference = (smiling - neutral).abs().mean(0)
    x0, y0, x1, y1 = (*points[48:60].amin(0).long().tolist(), *points[48:60].amax(0).long().tolist())
    top, mouth = difference[:8].mean(), difference[y0 - 2 : y1 + 2, x0:x1].mean()
    assert mouth > 0.03
    assert top < 0.005  # the hair does not move


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "at least one face"),
        ({"size": 8}, "16 to 1024"),
        ({"num_classes": 9}, "2 to 8"),
        ({"nuisance": 2.0}, "expected 0"),
        ({"intensity": (3, 6)}, "0 <= low <= high <= 5"),
        ({"framing": (2.0, 1.0)}, "framing"),
        ({"subjects": (5, 5)}, "subjects"),
        ({"label_noise": 1.5}, "label_noise"),
        ({"annotators": -1}, "annotators"),
        ({"imbalance": [1, 2]}, "7 weights"),
        ({"imbalance": {"joy": 1}}, "joy"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(options, message):
    with pytest.raises(UserError, match=message):
        sample_faces(**{"n": 2, "size": 16, **options})


def test_bad_sequences_are_answered_in_a_sentence():
    with pytest.raises(UserError, match="min_frames"):
        sample_sequences(1, frames=4, min_frames=6, size=16)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use")
def test_a_gpu_draws_the_same_faces():
    here, there = sample_faces(8, size=32, nuisance=1.0), sample_faces(8, size=32, nuisance=1.0, device="cuda")
    assert there.images.is_cuda
    assert torch.equal(here.labels, there.labels.cpu())
    assert (here.images - there.images.cpu()).abs().mean() < 1e-3
    torch.testing.assert_close(here.landmarks, there.landmarks.cpu())
