"""The random numbers: named, repeatable, well spread."""

import torch

from fer_tutorial.faces.random_numbers import keys, normal, pixel_noise, uniform


def test_a_number_depends_on_its_name_alone():
    samples = torch.arange(50)
    whole = uniform(3, "pose", samples, 5)
    assert torch.equal(whole[20:30], uniform(3, "pose", samples[20:30], 5))
    assert torch.equal(whole[:, :2], uniform(3, "pose", samples, 2))


def test_seeds_streams_and_samples_differ():
    samples = torch.arange(1000)
    assert len(keys(0, "a", samples).unique()) == 1000
    assert not torch.equal(uniform(0, "a", samples, 1), uniform(1, "a", samples, 1))
    assert not torch.equal(uniform(0, "a", samples, 1), uniform(0, "b", samples, 1))


def test_uniform_numbers_are_uniform_and_uncorrelated():
    u = uniform(0, "spread", torch.arange(20_000), 4)
    assert u.min() >= 0
    assert u.max() < 1
    assert (u.mean(0) - 0.5).abs().max() < 0.01
    assert (torch.corrcoef(u.T) - torch.eye(4)).abs().max() < 0.03
    assert abs(torch.corrcoef(torch.stack([u[:-1, 0], u[1:, 0]]))[0, 1]) < 0.03


def test_normal_numbers_have_unit_variance_and_are_clipped():
    z = normal(0, "bell", torch.arange(20_000), 1, limit=2.5)
    assert abs(z.mean()) < 0.03
    assert 0.93 < z.std() < 1.0  # clipping at 2.5 takes a little off
    assert z.abs().max() <= 2.5


def test_pixel_noise_is_repeatable_and_centered():
    key = keys(0, "noise", torch.arange(3))
    noise = pixel_noise(key, 64, 64)
    assert noise.shape == (3, 64, 64)
    assert torch.equal(noise[1:2], pixel_noise(key[1:2], 64, 64))
    assert noise.abs().max() <= 1
    assert abs(noise.mean()) < 0.02
    assert abs(noise.std() - 3**-0.5) < 0.02
    neighbors = torch.corrcoef(torch.stack([noise[:, :, :-1].flatten(), noise[:, :, 1:].flatten()]))[0, 1]
    assert abs(neighbors) < 0.03
