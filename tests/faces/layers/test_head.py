"""The head is cut out along its outline."""

from fer_tutorial.faces.layers import head
from tests.helpers.layers import assert_follows, change, on_canvas, parameters


def test_the_head_covers_what_lies_inside_its_outline_and_nothing_else():
    canvas, face = on_canvas(parameters())
    changed = change(head.paint, canvas, face)
    assert changed[face.outline[0] < 1e-3].max() < 0.01
    assert (changed[face.outline[0] > 0.999] > 0.01).double().mean() > 0.95


def test_colors_come_before_the_light_on_them():
    names = [layer.__name__.rpartition(".")[2] for layer in head.ON_THE_SKIN]
    assert names.index("shading") > names.index("brows")  # colors first, then the light on them
    assert names.index("eyes") > names.index("shading")  # wet eyes have light of their own


def test_gradients():
    assert_follows(head.paint, "traits", "face_width", parameters())
    assert_follows(head.paint, "pose", "yaw", parameters(pose={"yaw": 5}))
