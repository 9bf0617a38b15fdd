"""The inside of the mouth is seen where it is open, with teeth when lips are drawn back."""

from fer_tutorial.faces.layers import mouth
from tests.helpers.layers import assert_follows, assert_paints, assert_paints_nothing, gray, on_canvas, parameters


def test_a_closed_mouth_shows_nothing():
    assert_paints_nothing(mouth.paint, *on_canvas(parameters()))


def test_an_open_one_shows_its_inside_between_the_lips_alone():
    canvas, face = on_canvas(parameters({25: 5, 26: 5}))
    inner = face.mouth
    there = (face.y > inner.hole_top - 0.1) & (face.y < inner.hole_low + 0.1) & (face.ax < inner.corner_x + 0.1)
    assert_paints(mouth.paint, canvas, face, there, least=0.2)


def test_a_smile_shows_teeth_below_the_upper_lip_and_a_dropped_jaw_the_dark():
    def middle(units):
        canvas, face = on_canvas(parameters(units), 96)
        image = mouth.paint(canvas, face, gray(canvas))[0].mean(0)
        return image[(face.mouth.hole[0] > 0.9) & (face.ax[0] < 0.05)]

    assert middle({12: 5, 25: 5}).max() > 0.3
    assert middle({26: 5, 25: 5}).min() < 0.05


def test_gradients():
    assert_follows(mouth.paint, "traits", "mouth_width", parameters({25: 4, 12: 3}))
    assert_follows(mouth.paint, "light", "key", parameters({25: 4, 12: 3}))
