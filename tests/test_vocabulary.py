"""Names that everything agrees on: counts, order, and the symmetry of a face."""

from fer_tutorial.vocabulary import (
    ACTION_UNITS,
    BP4D_ACTION_UNITS,
    DISFA_ACTION_UNITS,
    EXPRESSIONS,
    LANDMARK_GROUPS,
    MIRRORED_LANDMARKS,
)


def test_seven_classes_are_a_prefix_of_eight():
    assert len(set(EXPRESSIONS)) == 8
    assert (EXPRESSIONS[0], EXPRESSIONS[7]) == ("neutral", "contempt")
    assert set(EXPRESSIONS[1:7]) == {"happiness", "surprise", "sadness", "anger", "disgust", "fear"}


def test_the_data_sets_action_units_can_be_drawn():
    assert list(ACTION_UNITS) == sorted(ACTION_UNITS)
    assert len(set(ACTION_UNITS.values())) == len(ACTION_UNITS)
    assert set(DISFA_ACTION_UNITS) | set(BP4D_ACTION_UNITS) <= set(ACTION_UNITS)
    assert (len(DISFA_ACTION_UNITS), len(BP4D_ACTION_UNITS)) == (12, 5)


def test_every_landmark_is_in_one_group():
    assert sorted(point for group in LANDMARK_GROUPS.values() for point in group) == list(range(68))


def test_mirroring_twice_is_nothing_and_once_swaps_the_sides():
    assert [MIRRORED_LANDMARKS[MIRRORED_LANDMARKS[point]] for point in range(68)] == list(range(68))
    for name, group in LANDMARK_GROUPS.items():
        side = {"right": "left", "left": "right"}.get(name.partition("_")[0])
        other = name if side is None else f"{side}_{name.partition('_')[2]}"
        assert {MIRRORED_LANDMARKS[point] for point in group} == set(LANDMARK_GROUPS[other])


def test_the_points_on_the_middle_line_stay():
    middle = (8, *LANDMARK_GROUPS["nose_bridge"], 33, 51, 57, 62, 66)
    assert tuple(point for point in range(68) if MIRRORED_LANDMARKS[point] == point) == tuple(sorted(middle))
