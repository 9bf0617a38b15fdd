"""The head's surface: its width, and the points that rays meet."""

import torch

from fer_tutorial.faces import face_parameters
from fer_tutorial.faces.camera import Camera
from fer_tutorial.faces.shape import face_shape
from fer_tutorial.faces.surface import coarse_height, half_width_squared, head_at, surface


def test_the_derivative_of_the_heads_width_is_right():
    p = face_parameters({}, 5).to("cpu", torch.float64)
    shape = face_shape(p.traits, p.action_units, p.asymmetry)
    y = torch.linspace(-0.9, 0.95, 40, dtype=torch.float64)[None].requires_grad_()
    w2, dw2 = half_width_squared(shape, y)
    (expected,) = torch.autograd.grad(w2.sum(), y)
    torch.testing.assert_close(dw2, expected)


def test_a_ray_meets_the_point_that_the_camera_projects_there():
    p = face_parameters({}, 5, yaw=20, pitch=-8).to("cpu", torch.float64)
    shape, camera = face_shape(p.traits, p.action_units, p.asymmetry), Camera.from_pose(p.pose, 64)
    x = torch.tensor([[-0.3, 0.0, 0.25, 0.3]], dtype=torch.float64)
    y = torch.tensor([[0.25, -0.5, 0.3, -0.4]], dtype=torch.float64)
    point = head_at(shape, camera, *camera.project(x, y, surface(shape, x, y)), steps=30)
    torch.testing.assert_close((point.x, point.y), (x, y), atol=1e-3, rtol=0)
    torch.testing.assert_close(point.z + coarse_height(shape, x, y), surface(shape, x, y), atol=2e-3, rtol=0)


def test_inside_is_positive_on_the_head_alone():
    p = face_parameters({}, 5).to("cpu", torch.float64)
    shape, camera = face_shape(p.traits, p.action_units, p.asymmetry), Camera.from_pose(p.pose, 64)
    x = torch.tensor([[0.0, 0.5, 1.0, 0.0]], dtype=torch.float64)
    y = torch.tensor([[0.2, 0.0, 0.0, 1.4]], dtype=torch.float64)
    assert (head_at(shape, camera, x, y).inside > 0).tolist() == [[True, True, False, False]]
