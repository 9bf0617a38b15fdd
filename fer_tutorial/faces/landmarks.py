"""The 68 landmarks of the iBUG scheme, from the same curves as the pixels."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fer_tutorial.faces.camera import Camera
from fer_tutorial.faces.curves import lagrange3, lid_profile, mouth_lines
from fer_tutorial.faces.shape import Shape
from fer_tutorial.faces.surface import half_width_squared, surface

Points = tuple[Tensor, Tensor]  # X and Y, each (n, number of points)
SIDES = ((0, -1), (1, 1))  # the picture's left and right, with the sign of their X


def landmarks_in_pixels(shape: Shape, camera: Camera) -> Tensor:
    """(n, 68, 2): the points of the turned face in pixels.

    They are points of the *head*: on a face that is turned away the outline's points keep to the cheek and may be
    hidden, as in the 3-D variant of the iBUG scheme.
    """
    return torch.stack(camera.to_pixels(*camera.project(*landmarks_in_face_space(shape))), dim=2)


def landmarks_in_face_space(shape: Shape) -> tuple[Tensor, Tensor, Tensor]:
    """The 68 points on the unturned face: X, Y, Z, each (n, 68)."""
    parts = [_jaw(shape), *_brows(shape), _bridge(shape), _nose_base(shape), *_eyes(shape), *_lips(shape)]
    x, y = (torch.cat(values, 1) for values in zip(*parts, strict=True))  # (n, 68)
    return x, y, surface(shape, x, y)


def _fixed(shape: Shape, values: Sequence[float]) -> Tensor:
    """The same numbers for every face: (n, len(values))."""
    like = shape["chin"]
    return torch.tensor(values, dtype=like.dtype, device=like.device).expand(len(like), -1)


def _of_side(shape: Shape, name: str, side: int) -> Tensor:
    return shape[name].expand(-1, 2)[:, side : side + 1]  # (n, 1)


def _jaw(shape: Shape) -> Points:
    """17 points along the outline, from the level of the eyes down to the chin and up again."""
    share = _fixed(shape, (0.0, 0.13, 0.27, 0.42, 0.57, 0.73, 0.87, 0.965))
    top = 0.02
    y = top + (shape["chin"] - 0.012 - top) * share  # (n, 8)
    x = 0.97 * half_width_squared(shape, y)[0].clamp(min=1e-3).sqrt()
    chin_y = shape["chin"] - 0.012
    return torch.cat([-x, torch.zeros_like(chin_y), x.flip(1)], 1), torch.cat([y, chin_y, y.flip(1)], 1)


def _brows(shape: Shape) -> list[Points]:
    """Five points along the middle of each, from the picture's left to its right."""
    found = []
    for side, sign in SIDES:
        along = _fixed(shape, (1.0, 0.75, 0.5, 0.25, 0.0)[::-sign])  # 0 at the inner end
        x_in, x_out = _of_side(shape, "brow_in_x", side), _of_side(shape, "brow_out_x", side)
        heights = (_of_side(shape, f"brow_{part}_y", side) for part in ("in", "mid", "out"))
        found.append((sign * (x_in + (x_out - x_in) * along), lagrange3(along, *heights)))
    return found


def _bridge(shape: Shape) -> Points:
    """From between the eyes to the tip of the nose."""
    share = _fixed(shape, (0.0, 1 / 3, 2 / 3, 1.0))
    return torch.zeros_like(share), shape["eye_y"] + (shape["nose_tip"] - shape["eye_y"]) * share


def _nose_base(shape: Shape) -> Points:
    """Five points from wing to wing."""
    left, right = (_of_side(shape, "nose_w", side) for side, _ in SIDES)
    base = shape["nose_base"]
    edge = [_of_side(shape, "ala_y", side) * 0.35 + base * 0.65 for side, _ in SIDES]
    x = [-0.72 * left, -0.36 * left, torch.zeros_like(base), 0.36 * right, 0.72 * right]
    return torch.cat(x, 1), torch.cat([edge[0], base - 0.004, base + 0.004, base - 0.004, edge[1]], 1)


def _eyes(shape: Shape) -> list[Points]:
    """Corner, two points on the upper lid, corner, two on the lower; outer corner first on the picture's left."""
    found = []
    for side, sign in SIDES:
        s = _fixed(shape, (*(1.0, 0.38, -0.38, -1.0)[::-sign], *(-0.38, 0.38)[::-sign]))  # (n, 6), 1 the outer corner
        upper, lower = _of_side(shape, "lid_up", side), _of_side(shape, "lid_low", side)
        lid = torch.cat([upper.expand(-1, 4), lower.expand(-1, 2)], 1)
        x = sign * (shape["eye_x"] + shape["eye_w"] * s)
        found.append((x, shape["eye_y"] - shape["eye_cant"] * s + lid * lid_profile(s)))
    return found


def _lips(shape: Shape) -> list[Points]:
    """Twelve points around the lips, then eight around the opening; s runs from corner (-1) to corner (1)."""
    upper, lower = (-1.0, -0.62, -0.22, 0.0, 0.22, 0.62, 1.0), (0.62, 0.30, 0.0, -0.30, -0.62)
    inner_upper, inner_lower = (-0.86, -0.36, 0.0, 0.36, 0.86), (0.36, 0.0, -0.36)
    found = []
    for along, line in ((upper, 0), (lower, 3), (inner_upper, 1), (inner_lower, 2)):
        s = _fixed(shape, along)
        corner_x, corner_y = (
            torch.where(s < 0, _of_side(shape, name, 0), _of_side(shape, name, 1)) for name in ("corner_x", "corner_y")
        )
        found.append((s * corner_x, mouth_lines(shape, s, corner_y)[line]))
    return found
