"""Where lips and opening are."""

from fer_tutorial.faces.features.mouth import find_mouth
from tests.helpers.layers import on_canvas, parameters


def found(units=None):
    canvas, face = on_canvas(parameters(units), 64)
    return find_mouth(canvas, face), face


def test_s_runs_from_corner_to_corner():
    mouth, face = found()
    assert (mouth.s.sign() == face.x.sign()).all()
    assert (mouth.s[(face.ax - mouth.corner_x).abs() < 0.02].abs() - 1).abs().max() < 0.1


def test_lips_lie_between_their_edges():
    mouth, face = found()
    assert mouth.lips.max() > 0.9
    outside = (face.y < mouth.lip_top - 0.1) | (face.y > mouth.lip_low + 0.1) | (mouth.s.abs() > 1.3)
    assert mouth.lips[outside].max() < 1e-2


def test_the_mouth_opens_with_au25_and_more_with_au26():
    closed, parted, dropped = (found(units)[0].hole.sum() for units in ({}, {25: 5}, {26: 5}))
    assert closed < 0.05 * parted
    assert parted < dropped
    assert found()[0].opened < 0.1 < 0.9 < found({25: 5})[0].opened


def test_the_line_above_the_chin_lies_below_the_lip():
    mouth, _ = found()
    assert (mouth.chin_line > mouth.lip_low).all()
