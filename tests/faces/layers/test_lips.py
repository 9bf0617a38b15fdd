"""Lips are red, and only lips."""

from fer_tutorial.faces.layers import lips
from tests.helpers.layers import assert_follows, assert_paints, gray, on_canvas, parameters


def test_lips_lie_around_the_mouth_alone():
    canvas, face = on_canvas(parameters())
    mouth = face.mouth
    margin = 0.12
    there = (face.y > mouth.lip_top - margin) & (face.y < mouth.lip_low + margin) & (face.ax < mouth.corner_x + margin)
    assert_paints(lips.paint, canvas, face, there, least=0.1)


def test_lipstick_reddens():
    redness = []
    for red in (0.0, 1.0):
        canvas, face = on_canvas(parameters(traits={"lip_red": red}))
        on_lips = face.mouth.lips[0] > 0.9
        color = lips.paint(canvas, face, gray(canvas))[0][:, on_lips].mean(1)
        redness.append(color[0] / color[1])
    assert redness[1] > 1.5 * redness[0]


def test_closed_lips_have_a_dark_line_between_them_and_open_ones_have_not():
    darkest = []
    for units in ({}, {25: 5}):
        canvas, face = on_canvas(parameters(units), 96)
        image = lips.paint(canvas, face, gray(canvas))[0].mean(0)
        darkest.append(image[(face.mouth.lips[0] > 0.9) & (face.mouth.s[0].abs() < 0.7)].min())
    assert darkest[0] < 0.75 * darkest[1]


def test_gradients():
    assert_follows(lips.paint, "traits", "lip_red", parameters())
    assert_follows(lips.paint, "traits", "mouth_width", parameters())
