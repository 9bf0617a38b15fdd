"""The bare head: parameters by name, and numbers of the side that a pixel lies on."""

import torch

from fer_tutorial.faces import LIGHT, POSE, SCENE, TRAITS
from tests.helpers.layers import on_canvas, parameters


def test_every_parameter_is_found_by_its_name():
    p = parameters()
    _, head = on_canvas(p, 16)
    for find, table, values in (
        (head.trait, TRAITS, p.traits),
        (head.pose, POSE, p.pose),
        (head.lit, LIGHT, p.light),
        (head.scene, SCENE, p.scene),
    ):
        assert torch.equal(torch.cat([find(name) for name in table], 1), values)


def test_each_side_of_the_face_has_its_own_number():
    p = parameters({12: 5})
    p.asymmetry[:] = 1.0  # the picture's right alone
    _, head = on_canvas(p, 16)
    left, right = head.shape["corner_y"][0]
    assert left > right
    values = head.side("corner_y")
    assert (values[head.x < 0] == left).all()
    assert (values[head.x > 0] == right).all()


def test_distances_from_the_middle():
    _, head = on_canvas(parameters(), 16)
    assert torch.equal(head.ax, head.x.abs())
    assert torch.equal(head.on_left, head.x < 0)
