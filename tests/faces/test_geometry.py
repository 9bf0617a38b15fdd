"""Landmarks: where action units move them, mirroring, pose, gradients."""

import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.faces import face_parameters, render
from fer_tutorial.faces.expressions import AU_INDEX
from fer_tutorial.faces.geometry import POSE_INDEX, Camera, face_shape, half_width_squared, landmarks_in_pixels
from fer_tutorial.faces.identity import TRAIT_INDEX, sample_identity
from fer_tutorial.vocabulary import ACTION_UNITS, LANDMARK_GROUPS, MIRRORED_LANDMARKS

SIZE = 100


def points(units=None, subject=20, **options):
    """Landmarks (68, 2) in a picture of 100 pixels, in double precision."""
    p = face_parameters(units, subject, **options).to("cpu", torch.float64)
    shape = face_shape(p.traits, p.action_units, p.asymmetry)
    return landmarks_in_pixels(shape, Camera.from_pose(p.pose, SIZE))[0]


@pytest.mark.parametrize("subject", [0, 7, 20, 33])
def test_au12_pulls_the_corners_of_the_mouth_up_and_out(subject):
    rest, smile = points({}, subject), points({12: 5}, subject)
    assert smile[48, 1] < rest[48, 1] - 2
    assert smile[54, 1] < rest[54, 1] - 2
    assert smile[48, 0] < rest[48, 0] - 1
    assert smile[54, 0] > rest[54, 0] + 1


def test_other_action_units_move_what_their_names_say():
    rest = points()
    brow_inner, brow_outer = [21, 22], [17, 26]
    assert (points({1: 5})[brow_inner, 1] < rest[brow_inner, 1] - 2).all()
    assert (points({2: 5})[brow_outer, 1] < rest[brow_outer, 1] - 2).all()
    lowered = points({4: 5})
    assert (lowered[brow_inner, 1] > rest[brow_inner, 1] + 2).all()
    assert lowered[22, 0] - lowered[21, 0] < rest[22, 0] - rest[21, 0] - 1
    assert (points({5: 5})[[37, 38, 43, 44], 1] < rest[[37, 38, 43, 44], 1] - 1).all()
    assert (points({15: 5})[[48, 54], 1] > rest[[48, 54], 1] + 2).all()
    stretched, tight = points({20: 5}), points({23: 5})
    assert stretched[54, 0] - stretched[48, 0] > rest[54, 0] - rest[48, 0] + 2
    assert tight[54, 0] - tight[48, 0] < rest[54, 0] - rest[48, 0] - 1
    opened = points({26: 5})
    assert opened[8, 1] > rest[8, 1] + 5
    assert opened[66, 1] - opened[62, 1] > 5
    assert points({25: 5})[66, 1] - points({25: 5})[62, 1] > 1.5
    assert points({10: 5})[51, 1] < rest[51, 1] - 1
    assert points({9: 5})[33, 1] < rest[33, 1] - 0.5
    assert points({17: 5})[57, 1] < rest[57, 1]


def test_au43_closes_the_eyes():
    rest, closed = points(), points({43: 5})
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        assert rest[lower, 1] - rest[upper, 1] > 2
        assert abs(closed[lower, 1] - closed[upper, 1]) < 0.2


@pytest.mark.parametrize(("unit", "point", "axis"), [(12, 48, 1), (1, 21, 1), (26, 8, 1), (20, 54, 0), (5, 37, 1)])
def test_movement_grows_with_intensity(unit, point, axis):
    path = torch.stack([points({unit: value})[point, axis] for value in (0, 1, 2, 3, 4, 5)])
    steps = path.diff()
    assert (steps > 0).all() or (steps < 0).all()


def test_every_action_unit_but_the_purely_visible_ones_moves_landmarks():
    rest = points()
    for unit in ACTION_UNITS:
        assert (points({unit: 5}) - rest).abs().max() > 0.4, unit


def test_a_one_sided_action_unit_moves_one_side():
    rest, left = points(), points({14: 5, 12: 3}, asymmetry={14: -1.0, 12: -1.0})
    assert (left[48] - rest[48]).norm() > 1.5  # the picture's left corner
    assert (left[54] - rest[54]).norm() < 0.2


def test_a_mirrored_face_has_mirrored_landmarks():
    p = face_parameters({12: 4, 1: 2}, 11, yaw=20, roll=8, asymmetry={12: 0.6, 1: -0.3}).to("cpu", torch.float64)
    mirrored_pose = p.pose.clone()
    for name in ("yaw", "roll", "shift_x"):
        mirrored_pose[:, POSE_INDEX[name]] *= -1
    straight = landmarks_in_pixels(face_shape(p.traits, p.action_units, p.asymmetry), Camera.from_pose(p.pose, SIZE))
    mirrored = landmarks_in_pixels(
        face_shape(p.traits, p.action_units, -p.asymmetry), Camera.from_pose(mirrored_pose, SIZE)
    )
    expected = straight[:, list(MIRRORED_LANDMARKS)].clone()
    expected[..., 0] = SIZE - 1 - expected[..., 0]
    torch.testing.assert_close(mirrored, expected)


def test_points_lie_in_their_natural_order():
    at = points()
    assert (at[:17, 0].diff() > 0).all()
    assert at[8, 1] == at[:, 1].max()
    brow, eye, nose, mouth = (
        at[list(LANDMARK_GROUPS[g]), 1].mean() for g in ("right_brow", "right_eye", "nose_base", "outer_lips")
    )
    assert brow < eye < nose < mouth
    assert (at[27:31, 1].diff() > 0).all()
    assert at[36, 0] < at[39, 0] < at[42, 0] < at[45, 0]


def test_yaw_shows_parallax_and_roll_turns_rigidly():
    straight, turned = points(), points(yaw=25)
    middle = (turned[36, 0] + turned[45, 0]) / 2
    assert turned[30, 0] - middle > 2 + straight[30, 0] - (straight[36, 0] + straight[45, 0]) / 2  # the tip sticks out
    right, left = turned[39, 0] - turned[36, 0], turned[45, 0] - turned[42, 0]
    assert left < right  # the far eye looks narrower
    rolled = points(roll=15)
    torch.testing.assert_close(torch.cdist(rolled, rolled), torch.cdist(straight, straight), atol=1e-4, rtol=1e-4)
    assert points(pitch=15)[30, 1] < straight[30, 1]


def test_camera_maps_back_and_forth():
    pose = torch.tensor([[10.0, -5.0, 12.0, 1.9, 0.03, -0.02, 0.0, 0.0]], dtype=torch.float64)
    camera = Camera.from_pose(pose, 64)
    x, y = torch.rand(1, 9, dtype=torch.float64), torch.rand(1, 9, dtype=torch.float64)
    back = camera.from_pixels(*camera.to_pixels(x, y))
    torch.testing.assert_close(torch.stack(back), torch.stack([x, y]))


def test_the_derivative_of_the_heads_width_is_right():
    p = face_parameters({}, 5).to("cpu", torch.float64)
    shape = face_shape(p.traits, p.action_units, p.asymmetry)
    y = torch.linspace(-0.9, 0.95, 40, dtype=torch.float64)[None].requires_grad_()
    w2, dw2 = half_width_squared(shape, y)
    (expected,) = torch.autograd.grad(w2.sum(), y)
    torch.testing.assert_close(dw2, expected)


def test_landmark_gradients_match_finite_differences():
    p = face_parameters({12: 3, 1: 2, 25: 2, 26: 1}, 3, yaw=12, pitch=4).to("cpu", torch.float64)
    traits, _ = sample_identity(torch.tensor([3]))

    weights = torch.linspace(0, 40, 136, dtype=torch.float64).sin().view(68, 2)

    def landmarks(units, pose, who):
        at = landmarks_in_pixels(face_shape(who, units, p.asymmetry), Camera.from_pose(pose, 64))
        return (at * weights).sum()  # one number instead of 136 keeps the check fast

    units = (p.action_units + 0.3).requires_grad_()  # away from the kink at 0
    assert torch.autograd.gradcheck(landmarks, (units, p.pose.requires_grad_(), traits.requires_grad_()), atol=1e-6)


def test_the_pupil_is_dark_and_lies_between_the_points_of_the_eye():
    p = face_parameters({5: 2}, 1, span=1.9)
    images, landmarks = render(p, 128)
    gray = images[0].mean(0)
    for eye in ("right_eye", "left_eye"):
        at = landmarks[0, list(LANDMARK_GROUPS[eye])]
        x, y = at.mean(0).round().long().tolist()
        pupil = gray[y - 1 : y + 2, x - 1 : x + 2].mean()
        white = gray[y, round(float(at[[1, 2, 4, 5], 0].min())) - 3 : round(float(at[[1, 2, 4, 5], 0].min()))].mean()
        assert pupil < white - 0.1


def test_an_open_mouth_is_dark_between_the_inner_lips():
    closed, _ = render(face_parameters({}, 1), 96)
    images, landmarks = render(face_parameters({25: 5, 26: 5}, 1), 96)
    x, y = landmarks[0, [62, 66]].mean(0).round().long().tolist()
    assert images[0, :, y, x].mean() < closed[0, :, y, x].mean() - 0.15


def test_a_smile_brightens_the_mouth_with_teeth():
    images, landmarks = render(face_parameters({12: 5, 25: 5}, 40), 96)
    x, y = landmarks[0, 62].round().long().tolist()
    assert images[0, 2, y + 2, x] > images[0, 2, y - 4, x]  # teeth are bluer than lips


def test_traits_and_units_that_do_not_exist_are_refused():
    with pytest.raises(UserError, match="action unit 3 is not one of"):
        face_parameters({3: 1})
    with pytest.raises(UserError, match="expected 0 to 5"):
        face_parameters({12: 6})
    assert "youth" in TRAIT_INDEX
    assert AU_INDEX[1] == 0
