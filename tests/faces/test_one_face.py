"""One face with chosen action units."""

import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.faces import face_parameters, face_with


def test_one_face_with_chosen_action_units():
    neutral, points = face_with({}, identity_seed=3, size=64)
    smiling, _ = face_with(action_units={12: 5, 6: 3, 25: 4}, identity_seed=3, size=64)
    assert neutral.shape == (3, 64, 64)
    assert points.shape == (68, 2)
    difference = (smiling - neutral).abs().mean(0)
    x0, y0, x1, y1 = (*points[48:60].amin(0).long().tolist(), *points[48:60].amax(0).long().tolist())
    top, mouth = difference[:8].mean(), difference[y0 - 2 : y1 + 2, x0:x1].mean()
    assert mouth > 0.03
    assert top < 0.005  # the hair does not move


def test_action_units_that_do_not_exist_are_refused():
    with pytest.raises(UserError, match="action unit 3 is not one of"):
        face_parameters({3: 1})
    with pytest.raises(UserError, match="expected 0 to 5"):
        face_parameters({12: 6})
    with pytest.raises(UserError, match="expected -1 to 1"):
        face_parameters({12: 5}, asymmetry={12: 2})
