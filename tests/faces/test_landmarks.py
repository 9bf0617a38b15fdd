"""Landmarks: their order, mirroring, pose, gradients, and that they lie where the pixels say."""

import torch

from fer_tutorial.faces import face_parameters, render
from fer_tutorial.faces.camera import POSE_INDEX, Camera
from fer_tutorial.faces.identity import sample_identity
from fer_tutorial.faces.landmarks import landmarks_in_pixels
from fer_tutorial.faces.shape import face_shape
from fer_tutorial.vocabulary import LANDMARK_GROUPS, MIRRORED_LANDMARKS

SIZE = 100


def points(units=None, subject=20, **options):
    """Landmarks (68, 2) in a picture of 100 pixels, in double precision."""
    p = face_parameters(units, subject, **options).to("cpu", torch.float64)
    shape = face_shape(p.traits, p.action_units, p.asymmetry)
    return landmarks_in_pixels(shape, Camera.from_pose(p.pose, SIZE))[0]


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
