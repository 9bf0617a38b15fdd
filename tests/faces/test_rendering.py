"""The picture follows its parameters: light, skin, what covers the face; and it is smooth in all of them."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from PIL import Image

from fer_tutorial.faces import LIGHT, SCENE, FaceParameters, face_parameters, render
from fer_tutorial.faces.camera import Camera
from fer_tutorial.faces.expressions import AU_INDEX
from fer_tutorial.faces.identity import TRAIT_INDEX
from fer_tutorial.faces.parameters import LIGHT_INDEX, SCENE_INDEX
from fer_tutorial.faces.rendering import render_pixels
from fer_tutorial.faces.shape import face_shape
from tests.helpers.golden_faces import GOLDEN, golden_landmarks, golden_pictures, levels

SIZE = 48
PLAIN = {"clutter": 0.0, "bar": 0.0, "hand": 0.0}


def draw(traits=None, light=None, scene=None, subject=20, size=SIZE, dtype=torch.float64):
    """One face (3, size, size) without camera degradation, with some of its parameters changed."""
    p = face_parameters({}, subject).to("cpu", dtype)
    for values, index, changes in (
        (p.traits, TRAIT_INDEX, traits or {}),
        (p.light, LIGHT_INDEX, light or {}),
        (p.scene, SCENE_INDEX, PLAIN | (scene or {})),
    ):
        for name, value in changes.items():
            values[:, index[name]] = value
    return pixels(p, size)[0]


def pixels(p, size=SIZE):
    return render_pixels(face_shape(p.traits, p.action_units, p.asymmetry), p, Camera.from_pose(p.pose, size))


def middle(image):
    """The part of the picture that the face fills."""
    third = image.shape[-1] // 3
    return image[:, third:-third, third:-third]


@pytest.mark.parametrize("size", [16, 33, 64])
def test_pixels_are_values_between_0_and_1(size):
    image = draw(size=size)
    assert image.shape == (3, size, size)
    assert image.min() >= 0
    assert image.max() <= 1
    assert image.std() > 0.05


def test_the_background_has_the_scenes_color():
    image = draw(scene={"back_red": 0.2, "back_green": 0.5, "back_blue": 0.8})
    corner = image[:, 1, 1]
    assert corner.argsort().tolist() == [0, 1, 2]
    torch.testing.assert_close(image[:, 1, 1], image[:, 1, -2])  # without clutter it is the same to both sides
    plain, cluttered = draw(), draw(scene={"clutter": 1.0})
    assert cluttered[0, :8, :8].std() > 3 * plain[0, :8, :8].std()


def test_without_light_there_is_no_face():
    dark = middle(draw(light={"key": 0.0, "ambient": 0.0}))
    assert dark.mean() < 0.05  # what is left is a glint of the eyes
    assert middle(draw(light={"key": 0.2, "ambient": 0.2})).mean() < middle(draw()).mean()


def test_the_side_where_the_light_comes_from_is_brighter():
    left, right = (draw(light={"azimuth": azimuth}) for azimuth in (-60.0, 60.0))
    half = SIZE // 2
    face = slice(SIZE // 3, -SIZE // 3)
    assert left[:, face, half - 8 : half].mean() > left[:, face, half : half + 8].mean() + 0.05
    assert right[:, face, half : half + 8].mean() > right[:, face, half - 8 : half].mean() + 0.05


def test_warm_light_is_redder_than_cold_light():
    warm, cold = (middle(draw(light={"warmth": warmth})).mean(dim=(1, 2)) for warmth in (1.0, -1.0))
    assert warm[0] - warm[2] > cold[0] - cold[2] + 0.02


def test_skin_gets_darker_along_its_scale():
    brightness = [middle(draw(traits={"skin_tone": tone})).mean() for tone in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert brightness == sorted(brightness, reverse=True)
    assert brightness[0] > brightness[-1] + 0.2


def test_a_bar_covers_the_face_with_something_dark():
    bar = {"bar": 1.0, "bar_x": 0.0, "bar_y": 0.0, "bar_angle": 0.0, "bar_width": 0.25}
    plain, covered = draw(), draw(scene=bar)
    assert middle(covered).mean() < middle(plain).mean() - 0.1
    assert torch.equal(draw(scene=bar | {"bar": 0.0}), plain)


def test_fingers_cover_the_face():
    hand = {"hand": 1.0, "hand_x": 0.0, "hand_y": 0.2, "hand_angle": 0.0}
    changed = (draw(scene=hand) - draw()).abs().sum(dim=0) > 0.05
    assert 0.03 < changed.double().mean() < 0.6


def test_glasses_are_seen_around_the_eyes_alone():
    changed = (draw(traits={"glasses": 1.0}) - draw(traits={"glasses": 0.0})).abs().sum(dim=0) > 0.02
    rows = changed.any(dim=1).nonzero()[:, 0]
    assert len(rows) > 2
    assert rows.max() < 0.6 * SIZE  # not at mouth and chin
    assert rows.min() > 0.2 * SIZE


def test_a_larger_picture_shows_the_same_face():
    small, large = draw(size=32), draw(size=128)
    shrunk = torch.nn.functional.avg_pool2d(large[None], 4)[0]
    assert (shrunk - small).abs().mean() < 0.03


def test_a_face_does_not_depend_on_its_batch():
    alone = [face_parameters({12: 4}, subject) for subject in (3, 20)]
    together = FaceParameters(
        **{f.name: torch.cat([getattr(p, f.name) for p in alone]) for f in fields(FaceParameters)}
    )
    for one, drawn in zip(alone, pixels(together), strict=True):
        assert torch.equal(pixels(one)[0], drawn)


@pytest.mark.parametrize(("what", "names"), [("light", tuple(LIGHT)), ("scene", tuple(SCENE)[:3])])
def test_pixels_follow_light_and_scene_as_finite_differences_say(what, names):
    index = {"light": LIGHT_INDEX, "scene": SCENE_INDEX}[what]
    p = face_parameters({}, 20).to("cpu", torch.float64)
    values = getattr(p, what).clone().requires_grad_()
    weights = torch.rand(1, 3, 24, 24, dtype=torch.float64)

    def total(changed):
        return (pixels(replace(p, **{what: changed}), 24) * weights).sum()

    (gradient,) = torch.autograd.grad(total(values), values)
    for name in names:
        nudge = torch.zeros_like(values)
        nudge[0, index[name]] = 1e-5
        difference = (total(values + nudge) - total(values - nudge)) / 2e-5
        torch.testing.assert_close(gradient[0, index[name]], difference.detach(), rtol=1e-3, atol=1e-4)


def test_gradients_reach_everything_and_agree_with_finite_differences():
    p = face_parameters({12: 3.0, 4: 1.0, 25: 2.0}, 3, yaw=5).to("cpu", torch.float64)
    for name in ("action_units", "traits", "pose", "light", "scene"):
        getattr(p, name).requires_grad_()
    images, _ = render(p, 32)
    weights = torch.linspace(-1, 1, images.numel(), dtype=torch.float64).sin().view_as(images)
    leaves = [p.action_units, p.traits, p.pose, p.light, p.scene]
    gradients = torch.autograd.grad((images * weights).sum(), leaves)
    for gradient in gradients:
        assert torch.isfinite(gradient).all()
        assert (gradient != 0).any()
    with torch.no_grad():
        for unit in (12, 4, 25):
            column, step = AU_INDEX[unit], 1e-5
            values = []
            for sign in (1, -1):
                p.action_units[0, column] += sign * step
                values.append(float((render(p, 32)[0] * weights).sum()))
                p.action_units[0, column] -= sign * step
            difference = (values[0] - values[1]) / (2 * step)
            assert difference == pytest.approx(float(gradients[0][0, column]), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", ["small.png", "large.png"])
def test_no_pixel_moves(name):
    """Other processors round otherwise: a level of 255 here and there, as double precision does (1 level, in 0.1 %)."""
    expected = np.asarray(Image.open(GOLDEN / name)).astype(int)
    off = np.abs(levels(dict(golden_pictures())[name]) - expected)
    assert off.max() <= 2
    assert (off > 0).mean() < 0.01


def test_no_landmark_moves():
    np.testing.assert_allclose(golden_landmarks(), np.load(GOLDEN / "landmarks.npy"), rtol=0, atol=1e-3)
