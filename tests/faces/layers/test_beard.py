"""A beard covers the lower face, each kind its part."""

from fer_tutorial.faces.layers import beard
from tests.helpers.layers import assert_follows, assert_paints, assert_paints_nothing, on_canvas, parameters

SHAVEN = {"stubble": 0, "moustache": 0, "goatee": 0, "beard": 0}


def test_a_full_beard_covers_jaw_and_chin_and_not_the_upper_face():
    canvas, face = on_canvas(parameters(traits=SHAVEN | {"beard": 1}))
    assert_paints(beard.paint, canvas, face, face.y > -0.1, least=0.1)


def test_a_moustache_lies_between_nose_and_chin():
    canvas, face = on_canvas(parameters(traits=SHAVEN | {"moustache": 1}))
    assert_paints(beard.paint, canvas, face, (face.y > 0.35) & (face.y < 0.9) & (face.ax < 0.45), least=0.1)


def test_a_shaven_face_is_left_as_it_is():
    assert_paints_nothing(beard.paint, *on_canvas(parameters(traits=SHAVEN)))


def test_gradients():
    assert_follows(beard.paint, "traits", "beard", parameters(traits=SHAVEN | {"beard": 0.6}))
    assert_follows(beard.paint, "traits", "hair_red", parameters(traits=SHAVEN | {"goatee": 0.6}))
