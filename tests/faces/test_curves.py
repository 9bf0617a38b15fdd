"""The curves that landmarks and pixels share."""

from itertools import pairwise

import torch

from fer_tutorial.faces import face_parameters
from fer_tutorial.faces.curves import bump, lagrange3, lid_profile, line, mouth_lines
from fer_tutorial.faces.shape import face_shape


def test_a_lines_profile():
    torch.testing.assert_close(line(torch.tensor([0.0, 1.0, -1.0, 2.0])), torch.tensor([1.0, 0.25, 0.25, 1 / 25]))


def test_a_hill_is_1_high_and_round():
    u = torch.tensor([0.0, 1.0, 0.0, 5.0])
    hill = bump(u, u.flip(0).roll(1))
    assert hill.max() <= 1
    assert bump(torch.zeros(1), torch.zeros(1)) == 1
    torch.testing.assert_close(bump(torch.tensor(0.6), torch.tensor(0.8)), bump(torch.tensor(1.0), torch.tensor(0.0)))


def test_a_brow_runs_through_its_three_heights():
    at = lagrange3(torch.tensor([0.0, 0.6, 1.0]), torch.tensor(-0.2), torch.tensor(-0.3), torch.tensor(-0.1))
    torch.testing.assert_close(at, torch.tensor([-0.2, -0.3, -0.1]))


def test_lids_meet_at_the_corners_and_are_highest_between():
    s = torch.linspace(-1, 1, 101)
    profile = lid_profile(s)
    assert profile[0] == profile[-1] == 0
    assert -0.3 < s[profile.argmax()] < 0.1
    assert lid_profile(torch.tensor(1.5)) == 0


def test_the_lines_of_the_mouth_lie_in_order_and_meet_at_the_corners():
    p = face_parameters({25: 4}, 3)
    shape = face_shape(p.traits, p.action_units, p.asymmetry)
    lines = mouth_lines(shape, torch.linspace(-1, 1, 41)[None], shape["corner_y"][:, :1])
    for above, below in pairwise(lines):
        assert (below - above >= -1e-6).all()
        torch.testing.assert_close(above[:, 0], below[:, 0])
        torch.testing.assert_close(above[:, -1], below[:, -1])
