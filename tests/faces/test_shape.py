"""What every action unit must move, and what it must leave alone, after the definitions of FACS.

The manual (Ekman, Friesen and Hager 2002) says which way; how far, in millimeters on a face whose eyes are 62 mm apart,
is our choice, and kept here.
"""

from typing import NamedTuple

import pytest
import torch

from fer_tutorial.faces import face_parameters
from fer_tutorial.faces.landmarks import landmarks_in_face_space
from fer_tutorial.faces.shape import face_shape
from fer_tutorial.vocabulary import ACTION_UNITS, LANDMARK_GROUPS, MIRRORED_LANDMARKS

PEOPLE = (0, 7, 20, 33, 41)  # children and adults
UNIT_MM = 100.0  # a unit of face space
STILL = 0.01  # mm


class Move(NamedTuple):
    """Points on the picture's left half (or in the middle) that go somewhere, at intensity 5."""

    points: tuple[int, ...]
    way: str
    least: float  # mm
    most: float


BROWS, EYES, LIPS = ({"right_brow", "left_brow"}, {"right_eye", "left_eye"}, {"outer_lips", "inner_lips"})
JAW, NOSE = {"jaw"}, {"nose_bridge", "nose_base"}

# Each action unit: the parts of the face that may move at all, and the moves that are its definition.
FACS: dict[int, tuple[set[str], list[Move]]] = {
    1: (BROWS, [Move((21,), "up", 9, 14), Move((20,), "up", 6, 11), Move((17,), "up", -2, 1)]),
    2: (BROWS, [Move((17, 18), "up", 8, 14), Move((21,), "up", -0.1, 0.1)]),
    4: (BROWS | EYES, [Move((21,), "down", 6, 10), Move((21,), "in", 3, 5), Move((17, 18, 19, 20), "down", 2, 9)]),
    5: (BROWS | EYES, [Move((37, 38), "up", 3, 7), Move((36, 39), "up", -0.1, 0.1)]),
    6: (BROWS | EYES, [Move((40, 41), "up", 1, 3), Move((37, 38), "down", 0.5, 3), Move((17,), "down", 0.5, 3)]),
    7: (BROWS | EYES, [Move((40, 41), "up", 1, 4), Move((37, 38), "down", 1, 4)]),
    9: (
        BROWS | EYES | NOSE | LIPS,
        [
            Move((30, 31, 33), "up", 1.5, 4),
            Move((31,), "out", 0.5, 2),
            Move((21,), "down", 3, 5),
            Move((51,), "up", 1, 4),
        ],
    ),
    10: (NOSE | LIPS, [Move((50, 51), "up", 3, 6), Move((31,), "up", 1, 3), Move((48,), "up", 0.5, 2)]),
    12: (EYES | NOSE | LIPS, [Move((48,), "up", 9, 14), Move((48,), "out", 6, 11), Move((40, 41), "up", 0.2, 1)]),
    14: (LIPS, [Move((48,), "up", 1, 3), Move((48,), "out", 0.5, 2)]),
    15: (LIPS, [Move((48,), "down", 7, 10), Move((51, 57), "down", -0.1, 1)]),
    17: (JAW | LIPS, [Move((57,), "up", 2, 6), Move((8,), "up", 2, 4), Move((48,), "down", 0.5, 2)]),
    20: (LIPS, [Move((48,), "out", 5, 8), Move((48,), "down", 2, 4)]),
    23: (LIPS, [Move((48,), "in", 2, 5), Move((51,), "down", 0.5, 3), Move((57,), "up", 1.5, 5)]),
    24: (LIPS, [Move((48,), "in", 1, 4), Move((51,), "down", 1, 4), Move((57,), "up", 2, 6)]),
    25: (JAW | LIPS, [Move((66,), "down", 4, 9), Move((62,), "up", 0.5, 3), Move((8,), "down", 0, 3)]),
    26: (JAW | LIPS, [Move((8, 57, 66), "down", 25, 36), Move((48,), "down", 8, 16)]),
    43: (EYES, [Move((37, 38), "down", 3, 9), Move((40, 41), "up", 0.5, 3), Move((36, 39), "up", -0.1, 0.1)]),
}
WAYS = {"up": (0, -1), "down": (0, 1), "out": (-1, 0), "in": (1, 0)}  # on the picture's left
# What the two halves of a face can do for themselves; a jaw, and the middle of a mouth, are one.
SIDED = {point for group in (BROWS | EYES) for point in LANDMARK_GROUPS[group]} | {48, 54}

EVERY_UNIT = pytest.mark.parametrize("unit", ACTION_UNITS)


def points(units, subject, asymmetry=None):
    p = face_parameters(units, subject, asymmetry=asymmetry).to("cpu", torch.float64)
    x, y, _ = landmarks_in_face_space(face_shape(p.traits, p.action_units, p.asymmetry))
    return UNIT_MM * torch.stack([x, y], 2)[0]


def displacement(unit, subject, strength=5.0, side=0.0):
    """How far each landmark has moved from the neutral face: (68, 2) in mm."""
    return points({unit: strength}, subject, {unit: side}) - points({}, subject)


def along(moved, point, way):
    """How far a point has gone a way; on the picture's right, out and in are mirrored."""
    x, y = WAYS[way]
    return float(moved[point, 0] * x + moved[point, 1] * y)


def test_every_action_unit_has_its_definition():
    assert tuple(FACS) == tuple(ACTION_UNITS)


@EVERY_UNIT
@pytest.mark.parametrize("subject", PEOPLE)
def test_an_action_unit_moves_what_it_is_defined_by(unit, subject):
    moved = displacement(unit, subject)
    for move in FACS[unit][1]:
        for point in move.points:
            assert move.least <= along(moved, point, move.way) <= move.most, (point, move)


@EVERY_UNIT
def test_it_moves_nothing_else(unit):
    may_move, _ = FACS[unit]
    still = [point for group in LANDMARK_GROUPS if group not in may_move for point in LANDMARK_GROUPS[group]]
    for subject in PEOPLE:
        assert displacement(unit, subject)[still].abs().max() < STILL


@EVERY_UNIT
def test_left_and_right_move_alike(unit):
    for subject in PEOPLE:
        moved = displacement(unit, subject)
        mirrored = moved[list(MIRRORED_LANDMARKS)] * torch.tensor([-1.0, 1.0])
        torch.testing.assert_close(moved, mirrored)


@EVERY_UNIT
def test_the_stronger_the_farther(unit):
    path = torch.stack([displacement(unit, 20, strength) for strength in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)])
    for move in FACS[unit][1]:
        for point in move.points:
            steps = [along(step, point, move.way) for step in path.diff(dim=0)]
            if move.least > 0:
                assert min(steps) > 0, (point, move, steps)


@EVERY_UNIT
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_one_side_moves_alone(unit, side):
    """-1 is the picture's left, whose points the table names."""
    both, one = displacement(unit, 20), displacement(unit, 20, side=side)
    for move in FACS[unit][1]:
        for point in SIDED.intersection(move.points):
            here, there = (point, MIRRORED_LANDMARKS[point])[:: int(-side)]
            if unit not in (9, 10, 17, 25, 26):
                torch.testing.assert_close(one[here], both[here])
                assert one[there].abs().max() < STILL
            else:  # part of the movement is the middle's, which goes half as far
                assert one[there].norm() < 0.9 * both[there].norm()


def test_1_and_4_together_make_the_oblique_brow_of_sadness():
    raised, oblique = points({1: 5}, 20), points({1: 5, 4: 5}, 20)
    assert along(oblique - points({}, 20), 21, "up") > 3  # the inner ends stay up
    assert along(oblique - raised, 17, "down") > 3  # the outer ends come down
    assert along(oblique - raised, 21, "in") > 2


def test_parted_lips_show_more_when_a_smile_or_a_raised_lip_draws_them():
    for unit in (10, 12, 20):
        alone, drawn = (points(units, 20)[[62, 66], 1].diff() for units in ({25: 4}, {25: 4, unit: 4}))
        assert drawn > alone
