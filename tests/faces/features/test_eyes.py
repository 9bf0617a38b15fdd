"""Where the eyes are: as the landmarks say, open and closed."""

from fer_tutorial.faces.features.eyes import find_eyes
from tests.helpers.layers import on_canvas, parameters


def found(units=None, **changes):
    canvas, face = on_canvas(parameters(units, **changes), 64)
    return find_eyes(canvas, face), face


def test_corners_lie_at_the_eyes_width():
    eyes, face = found()
    inner = face.shape["eye_x"] - face.shape["eye_w"]
    assert eyes.s[(face.ax - inner).abs() < 0.02].mean() < -0.9
    assert eyes.s[(face.ax - face.shape["eye_x"]).abs() < 0.02].abs().max() < 0.2


def test_an_eye_is_open_between_the_lids_alone():
    eyes, _ = found()
    assert eyes.open.max() > 0.9
    outside = (eyes.v < eyes.upper - 0.1) | (eyes.v > eyes.lower + 0.1) | (eyes.s.abs() > 1.4)
    assert eyes.open[outside].max() < 1e-2
    assert (eyes.near[eyes.open > 0.5] > 0.9).all()


def test_au43_closes_and_au5_widens():
    rest, closed, wide = (found(units)[0].open.sum() for units in ({}, {43: 5}, {5: 5}))
    assert closed < 0.4 * rest
    assert wide > 1.2 * rest


def test_one_eye_can_wink():
    p = parameters({43: 5})
    p.asymmetry[:] = -1.0
    _, face = on_canvas(p, 64)
    assert face.eyes.open[face.x < 0].sum() < 0.4 * face.eyes.open[face.x > 0].sum()
