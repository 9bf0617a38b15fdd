"""How a picture was taken: pose, light, surroundings and camera, harder with more ``nuisance``.

Each function takes the samples' numbers, int64 (n,), and gives float64 (n, columns); the numbers and the seed decide
everything.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.camera import POSE
from fer_tutorial.faces.degradation import DEGRADATION
from fer_tutorial.faces.options import FRAMING
from fer_tutorial.faces.parameters import LIGHT, SCENE
from fer_tutorial.faces.random_numbers import normal, uniform


def sample_pose(samples: Tensor, seed: int, nuisance: float, framing: tuple[float, float] = FRAMING) -> Tensor:
    z = normal(seed, "pose", samples, 8)
    u = uniform(seed, "framing", samples, 2)
    strong = torch.where(u[:, :1] < 0.5, 1.0, 0.45)  # half of the faces look almost straight at the camera
    columns = {
        "yaw": 17 * nuisance * z[:, 0:1] * strong,
        "pitch": 9 * nuisance * z[:, 1:2] * strong,
        "roll": 7 * nuisance * z[:, 2:3],
        "span": framing[0] + (framing[1] - framing[0]) * u[:, 1:2],
        "shift_x": 0.035 * nuisance * z[:, 3:4],
        "shift_y": 0.035 * nuisance * z[:, 4:5],
        "gaze_x": 0.20 * nuisance * z[:, 5:6],
        "gaze_y": 0.12 * nuisance * z[:, 6:7],
    }
    return torch.cat([columns[name] for name in POSE], 1)


def sample_light(samples: Tensor, seed: int, nuisance: float) -> Tensor:
    z = normal(seed, "light", samples, 3)
    u = uniform(seed, "light strength", samples, 4)
    harsh = nuisance * u[:, 0:1]
    columns = {
        "azimuth": 20 + nuisance * 55 * z[:, 0:1] - 20 * nuisance,
        "elevation": 38 + nuisance * 22 * z[:, 1:2],
        "key": 0.80 + 0.45 * harsh + 0.2 * nuisance * (u[:, 1:2] - 0.5),
        "ambient": 0.45 - 0.24 * harsh + 0.15 * nuisance * (u[:, 2:3] - 0.5),
        "warmth": 0.15 + 0.5 * nuisance * z[:, 2:3],
        "gloss": 0.25 + 0.35 * nuisance * u[:, 3:4],
    }
    return torch.cat([columns[name] for name in LIGHT], 1)


def sample_scene(samples: Tensor, seed: int, nuisance: float) -> Tensor:
    u = uniform(seed, "scene", samples, 24)
    z = normal(seed, "occluders", samples, 6)
    gray = 0.15 + 0.75 * u[:, 0:1]
    tint = 0.35 * (u[:, 1:4] - 0.5)
    share = 0.16 * nuisance
    bar = (u[:, 10:11] < 0.5 * share).double()
    hand = (u[:, 11:12] < 0.5 * share).double()
    background, cloth = (gray + tint).clamp(0.02, 0.98), u[:, 7:10] * 0.8 + 0.05
    from_below = -torch.pi / 2
    columns = {
        "back_red": background[:, 0:1],
        "back_green": background[:, 1:2],
        "back_blue": background[:, 2:3],
        "clutter": 0.12 + nuisance * 0.9 * u[:, 12:13],
        "clutter_a": 6.28 * u[:, 4:5],
        "clutter_b": 6.28 * u[:, 5:6],
        "clutter_c": 6.28 * u[:, 6:7],
        "cloth_red": cloth[:, 0:1],
        "cloth_green": cloth[:, 1:2],
        "cloth_blue": cloth[:, 2:3],
        "bar": bar * (0.75 + 0.25 * u[:, 13:14]),
        "bar_x": 0.45 * z[:, 0:1],
        "bar_y": 0.55 + 0.35 * z[:, 1:2],
        "bar_angle": 6.28 * u[:, 14:15],
        "bar_width": 0.05 + 0.16 * u[:, 15:16],
        "hand": hand,
        "hand_x": 0.40 * z[:, 2:3],
        "hand_y": 0.72 + 0.15 * z[:, 3:4],
        "hand_angle": -from_below + 0.5 * z[:, 4:5],
    }
    return torch.cat([columns[name] for name in SCENE], 1)


def sample_degradation(samples: Tensor, seed: int, nuisance: float) -> Tensor:
    u = uniform(seed, "degradation", samples, 12)
    columns = {
        "exposure": 1 + 0.5 * nuisance * (u[:, 0:1] - 0.5),
        "contrast": 1 + nuisance * (0.7 * u[:, 1:2] - 0.15),
        "blur": 0.018 * nuisance * (u[:, 2:3] - 0.4).clamp(min=0),
        "noise": 0.07 * nuisance * (u[:, 3:4] - 0.7).clamp(min=0),
        "gray": (u[:, 4:5] < 0.3 * nuisance).double(),
        "jpeg": (u[:, 5:6] < 0.5 * nuisance).double() * (0.2 + 0.6 * u[:, 6:7]),
        "vignette": 0.5 * nuisance * (u[:, 7:8] - 0.5).clamp(min=0),
    }
    return torch.cat([columns[name] for name in DEGRADATION], 1)
