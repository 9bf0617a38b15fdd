"""Batches and their labels."""

import pytest
import torch

from fer_tutorial.faces import sample_faces
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


def test_nuisance_zero_is_frontal_and_sharp():
    faces = sample_faces(20, size=16, nuisance=0.0)
    assert faces.pose.abs().max() == 0
    assert sample_faces(20, size=16, nuisance=1.0).pose.abs().max() > 10


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use")
def test_a_gpu_draws_the_same_faces():
    here, there = sample_faces(8, size=32, nuisance=1.0), sample_faces(8, size=32, nuisance=1.0, device="cuda")
    assert there.images.is_cuda
    assert torch.equal(here.labels, there.labels.cpu())
    assert (here.images - there.images.cpu()).abs().mean() < 1e-3
    torch.testing.assert_close(here.landmarks, there.landmarks.cpu())
