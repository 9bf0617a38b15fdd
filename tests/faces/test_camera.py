"""The camera: a point that it projects is found again at its pixel."""

import torch

from fer_tutorial.faces.camera import Camera


def test_camera_maps_back_and_forth():
    pose = torch.tensor([[10.0, -5.0, 12.0, 1.9, 0.03, -0.02, 0.0, 0.0]], dtype=torch.float64)
    camera = Camera.from_pose(pose, 64)
    x, y = torch.rand(1, 9, dtype=torch.float64), torch.rand(1, 9, dtype=torch.float64)
    back = camera.from_pixels(*camera.to_pixels(x, y))
    torch.testing.assert_close(torch.stack(back), torch.stack([x, y]))
