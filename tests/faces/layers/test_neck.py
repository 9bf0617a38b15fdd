"""The neck lies below the head, shaded by the chin, with cords when AU 20 tightens them."""

from fer_tutorial.faces.layers import neck
from tests.helpers.layers import assert_follows, assert_paints, gray, on_canvas, parameters


def test_the_neck_lies_in_the_middle_below_the_mouth():
    canvas, face = on_canvas(parameters())
    assert_paints(neck.paint, canvas, face, (canvas.y > 0.4) & (canvas.x.abs() < 0.75), least=0.05)


def test_it_is_darker_under_the_chin():
    canvas, face = on_canvas(parameters())
    image = neck.paint(canvas, face, gray(canvas))[0].mean(0)
    upper = neck.find_neck(canvas, face).y
    column = canvas.x.abs() < 0.1
    under, below = ((canvas.y - upper - d).abs() < 0.05 for d in (0.02, 0.3))
    assert image[(under & column)[0]].mean() < 0.8 * image[(below & column)[0]].mean()


def test_au20_draws_cords():
    canvas, loose = on_canvas(parameters())
    _, tense = on_canvas(parameters({20: 5}))
    darker = (neck.paint(canvas, loose, gray(canvas)) - neck.paint(canvas, tense, gray(canvas)))[0].mean(0)
    assert darker.max() > 0.02
    assert darker[(canvas.x.abs() < 0.05)[0]].max() < 0.5 * darker.max()


def test_gradients():
    assert_follows(neck.paint, "traits", "skin_tone", parameters())
    assert_follows(neck.paint, "traits", "face_length", parameters())
