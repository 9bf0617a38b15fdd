"""The picture follows its parameters: light, skin, what covers the face; and it is smooth in all of them."""

import pytest
import torch

from fer_tutorial.faces import LIGHT, SCENE, face_parameters
from fer_tutorial.faces.geometry import Camera, face_shape
from fer_tutorial.faces.identity import TRAIT_INDEX
from fer_tutorial.faces.rendering import LIGHT_INDEX, SCENE_INDEX, line, palette, render_pixels

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
    shape = face_shape(p.traits, p.action_units, p.asymmetry)
    return render_pixels(shape, p.traits, p.pose, p.light, p.scene, Camera.from_pose(p.pose, size))[0]


def middle(image):
    """The part of the picture that the face fills."""
    third = image.shape[-1] // 3
    return image[:, third:-third, third:-third]


def test_a_palette_is_linear_between_its_nodes():
    nodes = ((0.0, 0.0, 0.0), (1.0, 0.5, 0.2), (0.0, 1.0, 1.0))
    position = torch.tensor([[0.0], [0.25], [0.5], [1.0]])
    torch.testing.assert_close(
        palette(position, nodes), torch.tensor([[0, 0, 0], [0.5, 0.25, 0.1], [1, 0.5, 0.2], [0, 1, 1]])
    )


def test_a_lines_profile():
    torch.testing.assert_close(line(torch.tensor([0.0, 1.0, -1.0, 2.0])), torch.tensor([1.0, 0.25, 0.25, 1 / 25]))


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
    p = [face_parameters({12: 4}, subject) for subject in (3, 20)]
    both = {name: torch.cat([getattr(one, name) for one in p]) for name in ("traits", "action_units", "asymmetry")}
    both |= {name: torch.cat([getattr(one, name) for one in p]) for name in ("pose", "light", "scene")}

    def pixels(rows):
        shape = face_shape(both["traits"][rows], both["action_units"][rows], both["asymmetry"][rows])
        parts = [both[name][rows] for name in ("traits", "pose", "light", "scene")]
        return render_pixels(shape, *parts, Camera.from_pose(both["pose"][rows], SIZE))

    together = pixels(slice(0, 2))
    for n in range(2):
        assert torch.equal(pixels(slice(n, n + 1))[0], together[n])


@pytest.mark.parametrize(("what", "names"), [("light", tuple(LIGHT)), ("scene", tuple(SCENE)[:3])])
def test_pixels_follow_light_and_scene_as_finite_differences_say(what, names):
    index = {"light": LIGHT_INDEX, "scene": SCENE_INDEX}[what]
    p = face_parameters({}, 20).to("cpu", torch.float64)
    values = getattr(p, what).clone().requires_grad_()
    shape = face_shape(p.traits, p.action_units, p.asymmetry)
    weights = torch.rand(1, 3, 24, 24, dtype=torch.float64)

    def total(changed):
        parts = {"light": p.light, "scene": p.scene} | {what: changed}
        camera = Camera.from_pose(p.pose, 24)
        return (render_pixels(shape, p.traits, p.pose, parts["light"], parts["scene"], camera) * weights).sum()

    (gradient,) = torch.autograd.grad(total(values), values)
    for name in names:
        nudge = torch.zeros_like(values)
        nudge[0, index[name]] = 1e-5
        difference = (total(values + nudge) - total(values - nudge)) / 2e-5
        torch.testing.assert_close(gradient[0, index[name]], difference.detach(), rtol=1e-3, atol=1e-4)
