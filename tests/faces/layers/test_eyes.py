"""Eyeballs between the lids: an iris that follows the gaze."""

from fer_tutorial.faces.layers import eyes
from tests.helpers.layers import assert_follows, assert_paints, change, gray, on_canvas, parameters


def between_the_lids(face):
    return (face.eyes.s.abs() < 1.3) & (face.eyes.v.abs() < 0.16)


def test_eyeballs_are_seen_between_the_lids_alone():
    canvas, face = on_canvas(parameters())
    assert_paints(eyes.paint, canvas, face, between_the_lids(face), least=0.2)


def test_closed_eyes_show_next_to_none():
    opened, closed = (change(eyes.paint, *on_canvas(parameters({43: strength}), 96)).sum() for strength in (0, 5))
    assert closed < 0.2 * opened  # what is left on the line where the lids meet, lashes cover


def test_the_dark_of_the_iris_moves_with_the_gaze():
    def darkest_x(gaze):
        canvas, face = on_canvas(parameters(pose={"gaze_x": gaze}), 96)
        image = eyes.paint(canvas, face, gray(canvas))[0].mean(0)
        dark = (face.eyes.open[0] > 0.9) & (image < 0.08) & (face.x[0] > 0)
        return face.x[0][dark].mean()

    assert darkest_x(-0.3) < darkest_x(0.0) - 0.02 < darkest_x(0.3) - 0.04


def test_gradients():
    assert_follows(eyes.paint, "traits", "iris", parameters(traits={"iris": 0.6}))
    for name in ("gaze_x", "gaze_y"):
        assert_follows(eyes.paint, "pose", name, parameters())
