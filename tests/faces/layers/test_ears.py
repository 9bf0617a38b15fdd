"""One ear on each side; a turned head shows the near one over it."""

from fer_tutorial.faces.layers import ears
from tests.helpers.layers import assert_follows, assert_paints, assert_paints_nothing, change, on_canvas, parameters

SHORT = {"hair_length": 0.1}


def test_ears_lie_on_both_sides_of_the_head_alone():
    canvas, face = on_canvas(parameters(traits=SHORT))
    assert_paints(ears.paint, canvas, face, (canvas.x.abs() > 0.5) & ((canvas.y - 0.1).abs() < 0.4), least=0.05)
    changed = change(ears.paint, canvas, face)
    assert min(changed[(canvas.x < 0)[0]].max(), changed[(canvas.x > 0)[0]].max()) > 0.05


def test_long_hair_covers_them():
    assert_paints_nothing(ears.paint, *on_canvas(parameters(traits={"hair_length": 0.9})))


def test_the_near_ear_is_the_one_on_the_side_turned_to_the_camera():
    canvas, face = on_canvas(parameters(traits=SHORT, pose={"yaw": 30}))
    assert_paints(ears.paint_near, canvas, face, canvas.x < 0, least=0.05)
    assert_paints_nothing(ears.paint_near, *on_canvas(parameters(traits=SHORT)))


def test_gradients():
    assert_follows(ears.paint, "traits", "skin_tone", parameters(traits=SHORT))
    assert_follows(ears.paint_near, "pose", "yaw", parameters(traits=SHORT, pose={"yaw": 15}))
