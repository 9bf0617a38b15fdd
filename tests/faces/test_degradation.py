"""What the camera does: each step against what it says of itself, and no sample sees its neighbors."""

import math

import pytest
import torch

from fer_tutorial.faces.degradation import DEGRADATION, DEGRADATION_INDEX, degrade
from fer_tutorial.faces.random_numbers import keys

NOTHING = {"exposure": 1.0, "contrast": 1.0}


def amounts(n=1, dtype=torch.float64, **named):
    values = torch.zeros(n, len(DEGRADATION), dtype=dtype)
    for name, value in (NOTHING | named).items():
        values[:, DEGRADATION_INDEX[name]] = value
    return values


def degraded(images, noise_seed=0, **named):
    key = keys(noise_seed, "sensor noise", torch.arange(len(images)))
    return degrade(images, amounts(len(images), images.dtype, **named), key)


@pytest.fixture
def images():
    return torch.rand(3, 3, 16, 16, dtype=torch.float64)


def test_no_degradation_changes_nothing(images):
    torch.testing.assert_close(degraded(images), images)


def test_exposure_and_contrast_are_a_factor_and_a_factor_around_the_middle(images):
    torch.testing.assert_close(degraded(images, exposure=0.5), images / 2)
    torch.testing.assert_close(degraded(images, contrast=0.4), 0.4 * (images - 0.5) + 0.5)


def test_values_stay_between_0_and_1(images):
    bright, dark = degraded(images, exposure=3.0), degraded(images, contrast=9.0, noise=0.5)
    assert bright.max() == dark.max() == 1
    assert dark.min() == 0
    assert bright.min() >= 0


def test_gray_is_the_luma_of_the_colors(images):
    luma = 0.299 * images[:, :1] + 0.587 * images[:, 1:2] + 0.114 * images[:, 2:]
    torch.testing.assert_close(degraded(images, gray=1.0), luma.expand_as(images))
    torch.testing.assert_close(degraded(images, gray=0.25), 0.75 * images + 0.25 * luma)


def test_a_vignette_darkens_the_corners_most_and_the_middle_least():
    white = degraded(torch.ones(1, 3, 17, 17, dtype=torch.float64), vignette=1.0)[0, 0]
    assert white[8, 8] == 1
    assert white[0, 0] == pytest.approx(1 - 0.7)
    assert white[0, 8] == white[8, 0] == pytest.approx(1 - 0.35)


def test_blur_keeps_the_light_and_spreads_it_by_its_standard_deviation():
    point = torch.zeros(1, 3, 33, 33, dtype=torch.float64)
    point[..., 16, 16] = 1
    sigma = 1.2
    blurred = degraded(point, blur=sigma / 33)[0, 0]
    distance = torch.arange(33, dtype=torch.float64) - 16
    assert blurred.sum() == pytest.approx(1)
    assert (blurred.sum(0) * distance.square()).sum() == pytest.approx(sigma**2, rel=0.02)  # nine taps cut the tail
    torch.testing.assert_close(blurred, blurred.T)
    row = torch.exp(-distance.square() / (2 * sigma**2)) * (distance.abs() <= 4)
    torch.testing.assert_close(blurred, torch.outer(row, row) / row.sum() ** 2)


def test_an_even_picture_cannot_be_blurred():
    even = torch.full((1, 3, 16, 16), 0.3, dtype=torch.float64)
    torch.testing.assert_close(degraded(even, blur=0.1), even)


def test_noise_has_its_mean_and_spread_and_follows_its_key():
    gray = torch.full((2, 3, 64, 64), 0.5, dtype=torch.float64)
    noisy = degraded(gray, noise=0.05) - 0.5
    assert noisy.mean().abs() < 0.002
    assert noisy.std() == pytest.approx(0.05, rel=0.05)
    assert torch.equal(noisy, degraded(gray, noise=0.05) - 0.5)
    assert not torch.equal(noisy[0], noisy[1])
    assert not torch.equal(noisy, degraded(gray, noise_seed=1, noise=0.05) - 0.5)


def test_jpeg_rounds_the_cosine_coefficients_of_every_block(images):
    """Against the transform as a matrix: C x Cᵀ, with steps that grow with the frequency."""
    k, i = torch.meshgrid(*2 * [torch.arange(8, dtype=torch.float64)], indexing="ij")
    cosines = torch.cos(math.pi * (2 * i + 1) * k / 16) / 2
    cosines[0] /= math.sqrt(2)
    torch.testing.assert_close(cosines @ cosines.T, torch.eye(8, dtype=torch.float64))
    strength = 0.5
    step = (0.03 + 0.035 * (torch.arange(8)[:, None] + torch.arange(8)[None])).double() * strength
    expected = images.clone()
    for top in (0, 8):
        for left in (0, 8):
            block = images[..., top : top + 8, left : left + 8]
            rounded = torch.round(cosines @ block @ cosines.T / step) * step
            expected[..., top : top + 8, left : left + 8] = cosines.T @ rounded @ cosines
    torch.testing.assert_close(degraded(images, jpeg=strength), expected.clamp(0, 1))


def test_jpeg_needs_whole_blocks():
    images = torch.rand(1, 3, 12, 12, dtype=torch.float64)
    torch.testing.assert_close(degraded(images, jpeg=1.0), images)


def test_a_sample_does_not_depend_on_its_company():
    """The same bytes alone and in a batch whose other members are degraded in every way."""
    images = torch.rand(4, 3, 24, 24)
    strong = amounts(4, torch.float32, blur=0.03, noise=0.1, gray=0.5, jpeg=0.7, vignette=0.4)
    strong[2] = amounts(1, torch.float32, blur=0.02, exposure=1.1)
    key = keys(0, "sensor noise", torch.arange(4))
    together = degrade(images, strong, key)
    for n in range(4):
        assert torch.equal(degrade(images[n : n + 1], strong[n : n + 1], key[n : n + 1])[0], together[n])


def test_gradients_pass_through_every_step():
    images = (0.3 + 0.4 * torch.rand(1, 3, 16, 16, dtype=torch.float64)).requires_grad_()
    chosen = amounts(blur=0.04, noise=0.01, gray=0.2, jpeg=0.3, vignette=0.2).requires_grad_()
    degrade(images, chosen, keys(0, "sensor noise", torch.arange(1))).square().sum().backward()
    for gradient in (images.grad, chosen.grad):
        assert gradient.isfinite().all()
    assert images.grad.abs().min() > 0
    assert all(chosen.grad[0, DEGRADATION_INDEX[name]] != 0 for name in ("exposure", "contrast", "blur", "gray"))
