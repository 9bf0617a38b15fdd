"""Two dark nostrils at the base of the nose."""

from fer_tutorial.faces.layers import nostrils
from tests.helpers.layers import assert_follows, assert_paints, gray, on_canvas, parameters


def test_nostrils_lie_at_the_base_of_the_nose_alone():
    canvas, face = on_canvas(parameters())
    there = ((face.y - face.shape["nose_base"]).abs() < 0.15) & (face.ax < 0.3)
    assert_paints(nostrils.paint, canvas, face, there, least=0.2)


def test_there_is_one_on_each_side_and_skin_between():
    canvas, face = on_canvas(parameters(), 96)
    image = nostrils.paint(canvas, face, gray(canvas))[0].mean(0)
    height = (face.y - face.shape["nose_base"] + 0.02).abs()[0] < 0.02
    left, right, middle = (image[height & side[0]] for side in (face.x < -0.04, face.x > 0.04, face.ax < 0.02))
    assert max(left.min(), right.min()) < 0.6 * middle.min()


def test_gradients():
    for name in ("nose_width", "nose_length"):
        assert_follows(nostrils.paint, "traits", name, parameters())
