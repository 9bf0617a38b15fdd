"""One face on a canvas, and what a layer changes of a gray picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from fer_tutorial.faces import LIGHT, POSE, SCENE, TRAITS, FaceParameters, face_parameters
from fer_tutorial.faces.camera import Camera
from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.face import Face, find_face
from fer_tutorial.faces.shape import face_shape

SIZE = 48
GRAY = 0.25  # in linear light
VISIBLE = 3 / 255
COLUMNS = {"traits": list(TRAITS), "pose": list(POSE), "light": list(LIGHT), "scene": list(SCENE)}

Paint = Callable[[Canvas, Face, Tensor], Tensor]
Changes = Mapping[str, Mapping[str, float]]


def parameters(units: Mapping[int, float] | None = None, subject: int = 20, **changes: Mapping[str, float]):
    """A face in double precision: ``parameters({12: 3}, traits={"glasses": 1}, pose={"yaw": 20})``."""
    p = face_parameters(units, subject).to("cpu", torch.float64)
    for what, values in changes.items():
        for name, value in values.items():
            getattr(p, what)[0, COLUMNS[what].index(name)] = value
    return p


def on_canvas(p: FaceParameters, size: int = SIZE) -> tuple[Canvas, Face]:
    canvas = Canvas.of(Camera.from_pose(p.pose, size))
    return canvas, find_face(canvas, face_shape(p.traits, p.action_units, p.asymmetry), p)


def gray(canvas: Canvas) -> Tensor:
    return torch.full((len(canvas.x), 3, canvas.x.shape[1]), GRAY, dtype=canvas.x.dtype)


def change(paint: Paint, canvas: Canvas, face: Face) -> Tensor:
    """(P,), how far each picture value is from the gray that it was."""
    painted = paint(canvas, face, gray(canvas))[0]
    return (painted.clamp(min=0).sqrt() - GRAY**0.5).abs().amax(0)


def assert_paints(paint: Paint, canvas: Canvas, face: Face, there: Tensor, least: float = 0.05) -> None:
    """The layer paints what lies ``there`` (1, P), and nothing that can be seen elsewhere."""
    changed = change(paint, canvas, face)
    assert changed[there[0]].max() > least
    assert changed[~there[0]].max() < VISIBLE


def assert_paints_nothing(paint: Paint, canvas: Canvas, face: Face) -> None:
    assert change(paint, canvas, face).max() < VISIBLE


def assert_follows(paint: Paint, what: str, name: str, p: FaceParameters) -> None:
    """The gradient by a parameter is not zero, and what a finite difference says."""

    def total() -> Tensor:
        canvas, face = on_canvas(p, 24)
        painted = paint(canvas, face, gray(canvas))
        return (painted * torch.linspace(0, 9, painted.numel(), dtype=painted.dtype).sin().view_as(painted)).sum()

    values, column = getattr(p, what), COLUMNS[what].index(name)
    values.requires_grad_()
    (gradient,) = torch.autograd.grad(total(), values)
    values.requires_grad_(False)
    sums, start = [], float(values[0, column])
    for step in (1e-6, -1e-6):
        values[0, column] = start + step
        sums.append(total())
    values[0, column] = start
    assert gradient[0, column] != 0
    torch.testing.assert_close(gradient[0, column], (sums[0] - sums[1]) / 2e-6, rtol=1e-3, atol=1e-5)
