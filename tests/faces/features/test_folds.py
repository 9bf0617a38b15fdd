"""Folds around the mouth: each with its action unit, each in its place."""

import pytest

from fer_tutorial.faces.features import folds
from tests.helpers.layers import on_canvas, parameters

YOUNG = {"wrinkles": 0, "sagging": 0, "fold_rest": 0}


def depth(fold, units, **traits):
    canvas, face = on_canvas(parameters(units, traits=YOUNG | traits), 96)
    found = fold(canvas, face, face.mouth)
    return (found.crease if fold is folds.nasolabial else found), face


@pytest.mark.parametrize(
    ("fold", "unit", "where"),
    [
        (folds.nasolabial, 10, lambda face: (face.y > 0.2) & (face.y < face.mouth.corner_y + 0.1)),
        (folds.dimple, 14, lambda face: face.ax > face.mouth.corner_x),
        (folds.marionette, 15, lambda face: face.y > face.mouth.corner_y),
        (folds.chin, 17, lambda face: face.y > face.mouth.lip_low),
    ],
)
def test_a_fold_deepens_with_its_action_unit_where_it_belongs(fold, unit, where):
    rest, _ = depth(fold, {})
    moved, face = depth(fold, {unit: 5})
    assert moved.max() > rest.max() + 0.1
    assert where(face)[moved == moved.max()].all()


def test_the_cheek_stands_out_beside_the_nasolabial_fold():
    canvas, face = on_canvas(parameters({12: 5}), 96)
    fold = folds.nasolabial(canvas, face, face.mouth)
    assert fold.hill.min() >= 0
    assert face.ax[fold.hill == fold.hill.max()].min() > face.ax[fold.crease == fold.crease.max()].max()
