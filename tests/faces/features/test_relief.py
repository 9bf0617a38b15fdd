"""Hills and creases: what action units bulge, and lines that are cut in."""

import torch

from fer_tutorial.faces.features.relief import find_relief
from tests.helpers.layers import on_canvas, parameters


def found(units=None, **traits):
    canvas, face = on_canvas(parameters(units, traits=traits), 64)
    return find_relief(canvas, face, face.eyes, face.brows, face.mouth), face


def test_au6_raises_the_cheeks():
    rest, face = found()
    raised, _ = found({6: 5})
    rise = raised.height - rest.height
    highest = rise == rise.max()
    assert rise.max() > 0.02
    assert ((face.ax[highest] - 0.385).abs() < 0.15).all()
    assert ((face.y[highest] - 0.2).abs() < 0.15).all()


def test_au17_bulges_the_chin():
    rest, face = found()
    bulged, _ = found({17: 5})
    middle = ((face.y - face.shape["chin"] + 0.16).abs() < 0.05) & (face.ax < 0.05)
    assert (bulged.height - rest.height)[middle].max() > 0.01


def test_creases_are_never_hills_and_old_faces_have_more():
    young, _ = found(wrinkles=0.0, sagging=0.0)
    old, _ = found(wrinkles=1.0, sagging=1.0)
    assert young.crease.min() >= 0
    assert old.crease.mean() > 1.3 * young.crease.mean()
    assert torch.isfinite(old.height).all()
