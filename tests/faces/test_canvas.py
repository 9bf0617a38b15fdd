"""The canvas: where pixels lie, and edges that are never sharper than they are."""

import torch

from fer_tutorial.faces import face_parameters
from fer_tutorial.faces.camera import Camera
from fer_tutorial.faces.canvas import Canvas


def canvas(size=32, span=2.0):
    return Canvas.of(Camera.from_pose(face_parameters(span=span).to("cpu", torch.float64).pose, size))


def test_pixels_lie_row_by_row_around_the_middle():
    plane = canvas()
    assert plane.x.shape == plane.y.shape == (1, 32 * 32)
    assert (plane.x[0].view(32, 32).diff(dim=1) > 0).all()
    assert (plane.y[0].view(32, 32).diff(dim=0) > 0).all()
    torch.testing.assert_close(plane.x.view(32, 32).diff(dim=1).mean(), plane.pixel[0, 0])
    assert plane.x.mean().abs() < 1e-9


def test_a_step_is_as_sharp_as_a_pixel_or_softer():
    plane = canvas()
    distance = torch.tensor([[-1.0, 0.0, 1.0]], dtype=torch.float64) * plane.pixel
    sharp, soft = plane.step(distance), plane.step(distance, 0.1)
    assert sharp[0, 1] == soft[0, 1] == 0.5
    assert sharp[0, 0] < 0.05
    assert sharp[0, 2] > 0.95
    assert soft[0, 2] < 0.7


def test_lines_are_no_thinner_than_pixels():
    coarse, fine = canvas(16), canvas(512)
    assert coarse.wide(0.01) > 0.05
    assert 0.01 < fine.wide(0.01) < 0.0102


def test_fine_patterns_fade_on_coarse_pixels():
    assert canvas(16).fade < 0.1 < 0.9 < canvas(128).fade
    assert canvas(128).coarseness(0.001) > 100


def test_differences_are_the_slopes_of_a_plane():
    plane = canvas()
    d_x, d_y = plane.differences(3 * plane.x - 2 * plane.y)
    inner = (slice(1, -1), slice(1, -1))
    assert (d_x.view(32, 32)[inner] - 3).abs().max() < 1e-9
    assert (d_y.view(32, 32)[inner] + 2).abs().max() < 1e-9


def test_turned_measures_along_and_across():
    plane = canvas()
    zero, right_angle = torch.zeros(1, 1).double(), torch.full((1, 1), torch.pi / 2).double()
    along, across = plane.turned(zero, zero + 0.2, right_angle)
    torch.testing.assert_close(along, plane.y - 0.2)
    torch.testing.assert_close(across, -plane.x)
