"""A network questioned from disk in Chromium: what the page says is what torch computes of the same face."""

import copy
import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from torch import nn

from fer_tutorial.errors import UserError
from fer_tutorial.methods import build_method, preset
from fer_tutorial.training.loader import normalize
from fer_tutorial.viz import asked_network, network_file, question
from fer_tutorial.viz.questioning import smallest_patch, telling_faces
from tests.book.conftest import open_page
from tests.helpers.networks import trained_like

NAMES = ("neutral", "happiness", "surprise")
SIZE = 24


def build(name: str, which: str | None = None) -> nn.Module:
    config = None if which is None else preset(name, which)
    method = build_method(name, num_classes=len(NAMES), image_size=SIZE, config=config, seed=3)
    with torch.no_grad():
        method.classifier.weight.mul_(8)  # so that probabilities are far from one third
    return trained_like(method, 5)


METHODS = {
    "softmax": build("softmax"),
    "dacl": build("dacl", "small"),
    "scn": build("scn"),
    "tcl": build("tcl", "semi_synthesized"),
}
FACES = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)
LABELS = [0, 1, 2]


def logits_of(method: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return method.eval()(normalize(pixels))


def pixels_of(face: int) -> torch.Tensor:
    return torch.from_numpy(FACES[face]).permute(2, 0, 1)[None].float() / 255


@pytest.fixture
def opened(browser, tmp_path):
    """``opened(figure)``: the figure in a page from disk; ``opened.problems`` collects what must not happen."""

    def open_figure(figure, **settings):
        (tmp_path / "page.html").write_text(figure.page("A figure"))
        page = open_page(browser, (tmp_path / "page.html").as_uri(), open_figure.problems, **settings)
        pages.append(page)
        found = page.locator(".fer-figure")
        expect(found.get_by_role("status")).to_contain_text("Face 1")
        return found

    open_figure.problems, pages = [], []
    yield open_figure
    for page in pages:
        page.context.close()


def shares(figure, column: int) -> list[float]:
    """The probabilities that the bars show, of the face as it is (0) or as it was changed (1)."""
    widths = [
        float(bar.get_attribute("width"))
        for bar in figure.get_by_label("Bars: the probabilities").locator("rect").all()
    ]
    return [width / (276 / 2 - 44) for width in widths[column * len(NAMES) : (column + 1) * len(NAMES)]]


def choose(figure, control: str, text: str) -> None:
    figure.get_by_role("combobox", name=control, exact=True).select_option(label=text)


def slide(figure, label: str, value: float) -> None:
    slider = figure.get_by_label(label)
    slider.evaluate(
        "(node, value) => { node.value = value; node.dispatchEvent(new Event('input', { bubbles: true })); }", value
    )


@pytest.mark.parametrize("name", METHODS)
def test_the_first_state_is_the_faces_own(opened, name):
    figure = opened(question(METHODS[name], FACES, LABELS, NAMES, "A caption."))
    expected = logits_of(METHODS[name], pixels_of(0)).softmax(1)[0]
    torch.testing.assert_close(torch.tensor(shares(figure, 0)), expected, atol=2e-3, rtol=0)
    assert opened.problems == []


@pytest.mark.parametrize("name", METHODS)
def test_the_mean_of_the_class_activation_is_the_logit(name):
    figure = question(METHODS[name], FACES, LABELS, NAMES, "A caption.")
    for face, known in enumerate(figure.data["networks"][0]["known"]):
        means = np.reshape(known["class_activation"], (len(NAMES), -1)).mean(1)
        np.testing.assert_allclose(means, known["logits"], atol=2e-3)
        np.testing.assert_allclose(known["logits"], logits_of(METHODS[name], pixels_of(face))[0], atol=1e-3)


def test_the_second_map_of_dacl_weighs_every_dimension_by_its_attention():
    method = METHODS["dacl"]
    known = question(method, FACES, LABELS, NAMES, "A caption.").data["networks"][0]["known"][1]
    with torch.no_grad():
        features, attention = method.embed_with_attention(normalize(pixels_of(1)))
        expected = method.classifier(features * attention / attention.mean())[0]
    means = np.reshape(known["weighted_activation"], (len(NAMES), -1)).mean(1)
    np.testing.assert_allclose(means, expected, atol=2e-3)
    assert known["mean_attention"] == pytest.approx([attention.mean().item()], abs=1e-3)


def test_a_number_is_ranked_among_all_faces_and_again_when_its_face_has_changed(opened):
    method = copy.deepcopy(METHODS["scn"]).eval()

    def alpha(pixels):
        with torch.no_grad():
            return method.importance(normalize(pixels)).item()

    faces = np.stack([FACES[0] // 4 + 96, FACES[1] // 2, FACES[2]])
    pixels = torch.from_numpy(faces).permute(0, 3, 1, 2)[:, None].float() / 255
    with torch.no_grad():  # importances that differ, around one half
        x = torch.cat([method.embed(normalize(face)) for face in pixels])
        apart, mean = x[0] - x[1], x.mean(0)
        apart -= (apart @ mean) / (mean @ mean) * mean
        method.attention.weight.copy_(apart / (x @ apart).abs().max())
    own = [alpha(face) for face in pixels]
    hidden = pixels[0].clone()
    hidden[..., 6:18, 6:18] = 0.5
    values = [own[0], alpha(hidden)]
    assert len({round(value, 2) for value in (*own, values[1])}) == 4
    figure = opened(question(method, faces, LABELS, NAMES, "A caption."))
    for mark, value in zip(figure.locator(".fer-tile span").all(), own, strict=True):
        assert float(mark.inner_text().split()[1]) == pytest.approx(value, abs=6e-3)
    slide(figure, "gray patch", 12)
    status = figure.get_by_role("status")
    expect(status).to_contain_text("Its importance goes from")
    said = re.findall(r"([\d.]+), number (\d) of 3 from below", status.inner_text())
    assert [float(value) for value, _ in said] == pytest.approx(values, abs=6e-3)
    assert [int(place) for _, place in said] == [1 + sum(other < value for other in own[1:]) for value in values]


@pytest.mark.parametrize("name", METHODS)
def test_a_patch_follows_pointer_and_keys_and_the_answer_is_torchs(opened, name):
    figure = opened(question(METHODS[name], FACES, LABELS, NAMES, "A caption."))
    slide(figure, "gray patch", 6)
    face = figure.get_by_role("application")
    box = face.bounding_box()
    pixel = box["width"] / SIZE
    face.click(position={"x": 4.5 * pixel, "y": 10.5 * pixel})
    for key in ("ArrowRight", "Shift+ArrowDown", "ArrowUp"):
        face.press(key)
    expect(figure.get_by_role("status")).to_contain_text("a patch of 6 pixels around column 6, row 14")
    hidden = pixels_of(0)
    hidden[..., 10:16, 2:8] = 0.5
    expected = logits_of(METHODS[name], hidden).softmax(1)[0]
    torch.testing.assert_close(
        torch.tensor(shares(figure, 1)), expected, atol=1e-2, rtol=0
    )  # weights in half precision
    # Pointing is for a look; the place that was chosen stays.
    face.hover(position={"x": 20.5 * pixel, "y": 2.5 * pixel})
    expect(figure.get_by_role("status")).to_contain_text("around column 21, row 3")
    figure.page.mouse.move(1, 1)
    expect(figure.get_by_role("status")).to_contain_text("around column 6, row 14")
    assert opened.problems == []


def test_the_sweep_draws_what_each_place_takes(opened):
    method = METHODS["softmax"]
    figure = opened(question(method, FACES, LABELS, NAMES, "A caption."))
    choose(figure, "class", "surprise")
    choose(figure, "map", "occlusion")
    status = figure.get_by_role("status")
    expect(status).to_contain_text("hiding 8 pixels")
    whole = logits_of(method, pixels_of(0)).softmax(1)[0, 2]
    face = figure.get_by_role("application")
    for column, row in ((5, 5), (15, 9), (23, 23)):  # the middles of cells of two pixels
        box = face.bounding_box()
        face.click(position={"x": (column + 0.5) * box["width"] / SIZE, "y": (row + 0.5) * box["width"] / SIZE})
        hidden = pixels_of(0)
        hidden[..., max(0, row - 4) : row + 4, max(0, column - 4) : column + 4] = 0.5
        taken = 100 * (whole - logits_of(method, hidden).softmax(1)[0, 2]).item()
        said = f"At column {column + 1}, row {row + 1}, hiding 8 pixels changes surprise by "
        expect(status).to_contain_text(said)
        points = status.inner_text().partition(said)[2].split(" ")[0].replace("−", "-")
        assert float(points) == pytest.approx(-taken, abs=1.5)
    assert opened.problems == []


@pytest.mark.parametrize(
    ("label", "value", "change"),
    [
        ("shift right", 3, lambda x: torch.cat([x[..., :1]] * 3 + [x[..., :-3]], dim=3)),
        ("shift down", -2, lambda x: torch.cat([x[..., 2:, :]] + [x[..., -1:, :]] * 2, dim=2)),
        ("brightness", 0.5, lambda x: (1.5 * x).clamp(0, 1)),
        ("mirror", 1, lambda x: x.flip(3)),
    ],
)
def test_a_changed_face_is_answered_as_torch_answers_it(opened, label, value, change):
    method = METHODS["softmax"]
    figure = opened(question(method, FACES, LABELS, NAMES, "A caption."))
    if label == "mirror":
        figure.get_by_label(label).check()
    else:
        slide(figure, label, value)
    expect(figure.get_by_role("status")).to_contain_text("Changed: ")
    expected = logits_of(method, change(pixels_of(0))).softmax(1)[0]
    torch.testing.assert_close(torch.tensor(shares(figure, 1)), expected, atol=1e-2, rtol=0)


def test_two_networks_are_compared_and_a_task_is_judged(opened):
    both = {"softmax": METHODS["softmax"], "DACL": METHODS["dacl"]}
    guess = int(logits_of(METHODS["dacl"], pixels_of(0)).argmax())
    figure = question(both, FACES, LABELS, NAMES, "A caption.", task=(0, NAMES[guess]))
    assert figure.data["task"] == {"face": 0, "to": guess, "smallest": 2, "network": 1}
    shown = opened(figure)
    assert "by DACL" in shown.get_by_role("status").inner_text()
    slide(shown, "gray patch", 2)
    status = shown.get_by_role("status")
    expect(status).to_contain_text(f"✓ A patch of 2 pixels makes {NAMES[guess]} of it; none that is smaller does.")
    slide(shown, "gray patch", 4)
    expect(status).to_contain_text("✓ A patch of 4 pixels")
    expect(status).to_contain_text("a smaller one does, too.")
    shown.get_by_label("mirror").check()
    expect(status).not_to_contain_text("✓")  # other changes do not count
    choose(shown, "network", "softmax")
    expect(shown.get_by_role("status")).to_contain_text("by softmax")
    choose(shown, "map", "activation times attention")
    expect(shown.get_by_role("status")).to_contain_text("softmax has no such map")


def test_a_network_beside_the_page_is_loaded_when_it_is_asked_something(opened, tmp_path):
    method = METHODS["scn"]
    figure = question(method, FACES, LABELS, NAMES, "A caption.", files="networks")
    assert "graph" not in figure.data["networks"][0]
    shown = opened(figure)
    slide(shown, "gray patch", 6)
    expect(shown.get_by_role("status")).to_contain_text("The network of scn is not there (networks/scn.js)")
    assert any("failed to load" in problem for problem in opened.problems)
    (tmp_path / "networks").mkdir()
    (tmp_path / "networks" / "scn.js").write_text(network_file("scn.js", asked_network(method)))
    slide(shown, "gray patch", 8)
    expect(shown.get_by_role("status")).to_contain_text("a patch of 8 pixels")
    assert shown.get_by_label("Bars: what else").locator("rect").count() == 2  # the importance, before and after


def test_with_a_kernel_the_network_comes_from_python():
    figure = question(METHODS["softmax"], FACES, LABELS, NAMES, "A caption.", files="networks")
    assert figure.live
    figure.request = {"network": 0}
    assert figure.data["networks"][0]["graph"]["inputs"] == {"pixels": [1, 3, SIZE, SIZE]}


def test_the_smallest_patch_is_the_first_that_turns_the_guess():
    class Corner(nn.Module):
        """The first class, unless the pixel in the lower right corner and its neighbors are gray."""

        spec = METHODS["softmax"].spec

        def forward(self, images):
            corner = images[:, 0, -3:, -3:]
            gray = normalize(torch.full((1, 3, 1, 1), 0.5))[0, 0, 0, 0]
            hidden = torch.isclose(corner, gray).all(2).all(1)
            return torch.stack([~hidden, hidden], dim=1).float()

    assert smallest_patch(Corner(), torch.zeros(3, SIZE, SIZE), 1) == 4  # widths are even
    assert smallest_patch(Corner(), torch.zeros(3, SIZE, SIZE), 0) == 2
    assert smallest_patch(Corner(), torch.zeros(3, 8, 8), 2) is None  # there is no such class


def test_telling_faces_are_sure_ones():
    logits = torch.tensor([[9.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, 3.0], [0.0, 4.0]])
    labels = torch.tensor([1, 1, 1, 1, 1])
    assert telling_faces(logits, labels, 4) == [0, 1, 4, 3]
    assert telling_faces(logits[2:], labels[2:], 2) == [2, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [0]}, "3 images of 24×24 pixels and 1 labels"),
        ({"methods": {}}, "0 methods"),
        ({"images": FACES[:, :20]}, "images of 20×24 pixels"),
        ({"names": ["a", "b"]}, "softmax tells 3 classes apart; give as many names"),
        ({"methods": nn.Linear(2, 3)}, "Linear has no spec, so it cannot be questioned"),
        ({"methods": build_method("mgln", num_classes=3, image_size=48)}, "has no classifier"),
    ],
)
def test_bad_input_is_named(changes, message):
    arguments = {"methods": METHODS["softmax"], "images": FACES, "labels": LABELS, "names": NAMES, "caption": "Words."}
    with pytest.raises(UserError, match=message):
        question(**(arguments | changes))
