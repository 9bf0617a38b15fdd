"""Lines of the upper face: each with its action unit, each in its place."""

import pytest

from fer_tutorial.faces.features import wrinkles
from tests.helpers.layers import on_canvas, parameters

YOUNG = {"wrinkles": 0, "eye_bags": 0}


def depth(line, units, **traits):
    canvas, face = on_canvas(parameters(units, traits=YOUNG | traits), 96)
    return (line(canvas, face, face.eyes) if line is wrinkles.bags else line(canvas, face)), face


@pytest.mark.parametrize(
    ("line", "unit", "where"),
    [
        (wrinkles.frown, 4, lambda face: (face.y < 0.05) & (face.ax < 0.25)),
        (wrinkles.forehead, 1, lambda face: face.y < -0.25),
        (wrinkles.crows_feet, 6, lambda face: (face.ax > 0.45) & (face.y.abs() < 0.25)),
        (wrinkles.nose, 9, lambda face: (face.ax < 0.2) & (face.y > -0.15) & (face.y < 0.25)),
    ],
)
def test_a_line_deepens_with_its_action_unit_where_it_belongs(line, unit, where):
    rest, _ = depth(line, {})
    moved, face = depth(line, {unit: 5})
    assert (moved >= rest - 1e-9).all()
    deepest = moved == moved.max()
    assert moved.max() > rest.max() + 0.05
    assert where(face)[deepest].all()


def test_bags_lie_under_the_eyes():
    rest, face = depth(wrinkles.bags, {}, eye_bags=1)
    assert rest.max() > depth(wrinkles.bags, {})[0].max() + 0.05
    assert (face.eyes.v > face.eyes.lower)[rest == rest.max()].all()


def test_age_draws_lines_at_rest():
    for line in (wrinkles.forehead, wrinkles.crows_feet):
        assert depth(line, {}, wrinkles=1)[0].max() > depth(line, {})[0].max() + 0.05
