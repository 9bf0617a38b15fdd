import kornia
import numpy as np
import pytest
import torch

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig
from fer_tutorial.errors import UserError
from fer_tutorial.training.augment import DRAWS, Augment, Step, draw, mirror_landmarks, move_landmarks, similarity, warp
from fer_tutorial.vocabulary import LANDMARK_GROUPS, MIRRORED_LANDMARKS

MIRRORED = torch.tensor(MIRRORED_LANDMARKS)


def augment(images, landmarks=None, seed=0, draws=None, **changes):
    config = AugmentConfig(**(vars(NO_AUGMENTATION) | changes))
    draws = draw(len(images), seed) if draws is None else draws
    return Augment(config)(images, landmarks, draws, Step(0, 0, 0, slice(0, len(images)), len(images)))


def some_similarity(m=4):
    return similarity(torch.tensor([0.3, -0.2, 0.0, 1.0])[:m], torch.tensor([1.1, 0.8, 1.0, 1.3])[:m],
                      torch.tensor([2.0, -1.0, 0.0, 3.5])[:m], torch.tensor([-1.5, 0.5, 0.0, 2.0])[:m])  # fmt: skip


@pytest.mark.parametrize("size", [(20, 20), (17, 24)])
def test_warp_is_kornias(size):
    images = torch.rand(4, 3, *size)
    matrix, shift = some_similarity()
    center = torch.tensor([(size[1] - 1) / 2, (size[0] - 1) / 2])
    constant = center - (matrix @ center) + shift
    theirs = kornia.geometry.warp_affine(
        images, torch.cat((matrix, constant[..., None]), -1), size, padding_mode="border", align_corners=True
    )
    torch.testing.assert_close(warp(images, matrix, shift), theirs, atol=2e-4, rtol=0)


def test_landmarks_go_where_their_pixels_go():
    size = 31
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    images = torch.stack((x, y, torch.zeros_like(x))).float().expand(4, 3, size, size)  # each pixel knows its place
    matrix, shift = some_similarity()
    points = torch.rand(4, 68, 2) * 8 + 11
    moved = move_landmarks(points, matrix, shift, (size, size))
    grid = (2 * moved + 1) / size - 1
    read = torch.nn.functional.grid_sample(warp(images, matrix, shift), grid[:, :, None], align_corners=False)
    inside = ((moved > 1) & (moved < size - 2)).all(-1)
    assert inside.float().mean() > 0.9
    torch.testing.assert_close(read[:, :2, :, 0].mT[inside], points[inside], atol=2e-3, rtol=0)


def test_flip_mirrors_pixels_and_renumbers_landmarks():
    images, landmarks = torch.rand(2, 3, 9, 9), torch.rand(2, 68, 2) * 8
    flipped, moved = augment(images, landmarks, flip=1.0)
    assert torch.equal(flipped, images.flip(-1))
    left, right = LANDMARK_GROUPS["left_eye"], LANDMARK_GROUPS["right_eye"]
    torch.testing.assert_close(
        moved[:, left].mean(1), landmarks[:, right].mean(1) * torch.tensor([-1, 1]) + torch.tensor([8, 0])
    )
    torch.testing.assert_close(mirror_landmarks(moved, 9, MIRRORED), landmarks)


def test_nan_landmarks_stay_nan():
    landmarks = torch.full((3, 68, 2), float("nan"))
    _, moved = augment(torch.rand(3, 3, 9, 9), landmarks, flip=0.5, rotate=10.0)
    assert moved.isnan().all()


def test_each_sample_has_its_own_draw_and_the_same_seed_draws_the_same():
    images = torch.rand(1, 3, 16, 16).expand(8, 3, 16, 16)
    first, _ = augment(images, rotate=20.0, brightness=0.2, contrast=0.2, erase=0.5, noise=0.05)
    again, _ = augment(images, rotate=20.0, brightness=0.2, contrast=0.2, erase=0.5, noise=0.05)
    other, _ = augment(images, seed=1, rotate=20.0, brightness=0.2, contrast=0.2, erase=0.5, noise=0.05)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    distances = torch.cdist(first.flatten(1), first.flatten(1)) + torch.eye(8)
    assert distances.min() > 1e-3


def test_processes_together_draw_what_one_process_draws():
    images = torch.rand(6, 3, 12, 12)
    varied = Augment(AugmentConfig(**(vars(NO_AUGMENTATION) | {"rotate": 20.0, "noise": 0.1})))
    whole, half = Step(3, 1, 2, slice(0, 6), 6), Step(3, 1, 2, slice(3, 6), 6)
    together, _ = varied(images, None, whole.draws(), whole)
    alone, _ = varied(images[3:6], None, half.draws(), half)
    torch.testing.assert_close(alone, together[3:6])


def test_every_step_has_draws_of_its_own():
    steps = [Step(seed, epoch, number, slice(0, 4), 4) for seed in (0, 1) for epoch in (0, 1) for number in (0, 1)]
    tables = torch.stack([step.draws() for step in steps])
    noises = torch.stack([step.noise((2,), torch.Generator()) for step in steps])
    assert len(tables.flatten(1).unique(dim=0)) == len(noises.flatten(1).unique(dim=0)) == len(steps)
    assert torch.equal(steps[5].draws(), tables[5])


def test_frames_of_a_sequence_share_their_draw():
    frame = torch.rand(3, 1, 3, 16, 16)
    points = torch.rand(3, 1, 68, 2) * 15
    images, landmarks = augment(
        frame.expand(3, 4, 3, 16, 16),
        points.expand(3, 4, 68, 2),
        flip=0.5,
        rotate=20.0,
        translate=0.1,
        contrast=0.3,
        erase=0.7,
        noise=0.1,
    )
    torch.testing.assert_close(images, images[:, :1].expand_as(images))
    torch.testing.assert_close(landmarks, landmarks[:, :1].expand_as(landmarks))
    assert not torch.allclose(images[:, 0], frame[:, 0])


def test_contrast_keeps_the_mean_and_scales_the_distance_from_it():
    images = torch.rand(5, 3, 8, 8) * 0.2 + 0.4
    draws = torch.full((5, len(DRAWS)), 0.75)  # half of the largest gain
    changed, _ = augment(images, draws=draws, contrast=0.4)
    mean = images.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(changed, mean + 1.2 * (images - mean))


def test_brightness_adds():
    changed, _ = augment(torch.full((2, 3, 4, 4), 0.5), draws=torch.full((2, len(DRAWS)), 0.75), brightness=0.2)
    torch.testing.assert_close(changed, torch.full((2, 3, 4, 4), 0.6))


def test_erased_area_is_within_its_bounds():
    erased, _ = augment(torch.zeros(200, 3, 40, 40), erase=1.0, erase_area=(0.1, 0.3))
    share = (erased[:, 0] == 0.5).float().mean((1, 2))
    assert share.min() > 0.07
    assert share.max() < 0.34
    assert share.std() > 0.03
    spared, _ = augment(torch.zeros(200, 3, 40, 40), erase=0.25)
    assert 0.1 < (spared == 0.5).any(-1).any(-1).any(-1).float().mean() < 0.4


def test_noise_has_its_strength():
    noisy, _ = augment(torch.full((50, 3, 20, 20), 0.5), noise=0.05)
    assert np.isclose((noisy - 0.5).std(), 0.05, rtol=0.05)


def test_without_augmentation_nothing_changes():
    images, landmarks = torch.rand(3, 3, 9, 9), torch.rand(3, 68, 2)
    same, still = augment(images, landmarks)
    assert torch.equal(same, images)
    assert torch.equal(still, landmarks)


@pytest.mark.parametrize("wrong", [{"flip": 1.5}, {"rotate": -1}, {"scale": 1.0}, {"erase_area": (0.3, 0.2)}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        AugmentConfig(**wrong)
