"""The outline is 1 on the head and 0 beside it."""

import torch

from fer_tutorial.faces.features.outline import find_outline
from fer_tutorial.faces.landmarks import landmarks_in_pixels
from tests.helpers.layers import on_canvas, parameters


def found(size=64, **changes):
    canvas, face = on_canvas(parameters(**changes), size)
    return find_outline(canvas, face)[0].view(size, size), canvas, face


def test_landmarks_of_the_inner_face_lie_on_the_head_and_the_corners_do_not():
    outline, canvas, face = found()
    columns, rows = landmarks_in_pixels(face.shape, canvas.camera)[0, 17:].round().long().T
    assert outline[rows, columns].min() > 0.99
    assert outline[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 0.01


def test_it_goes_from_1_to_0_within_a_few_pixels():
    outline, _, _ = found()
    crossing = ((outline[32] > 0.02) & (outline[32] < 0.98)).sum()
    assert 2 <= crossing <= 8


def test_wide_faces_are_wider():
    assert found(traits={"face_width": 2.0})[0].sum() > 1.05 * found(traits={"face_width": -2.0})[0].sum()


def test_gradients():
    p = parameters()
    p.traits.requires_grad_()
    canvas, face = on_canvas(p, 24)
    (gradient,) = torch.autograd.grad(find_outline(canvas, face).sum(), p.traits)
    assert torch.isfinite(gradient).all()
    assert gradient[0, 0] > 0  # a wider head covers more
