"""The explorer without a browser: the tests set what a reader's mouse would set, and read what is drawn."""

import io
import re
from base64 import b64decode

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from fer_tutorial.backbones import build_backbone
from fer_tutorial.errors import UserError
from fer_tutorial.viz import AttentionExplorer, grad_cam
from fer_tutorial.viz.attention import KINDS
from fer_tutorial.viz.explorer import _where

NAMES = ("neutral", "happiness", "surprise")


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = build_backbone("small_cnn")
        self.classifier = nn.Linear(128, 3)

    def forward(self, images):
        return self.classifier(self.backbone(images).mean(dim=(2, 3)))


@pytest.fixture
def network():
    return Network().train()


@pytest.fixture
def images():
    return torch.rand(4, 3, 16, 16)


@pytest.fixture
def explorer(network, images):
    return AttentionExplorer(network, images, images, NAMES, labels=[0, 1, 2, 0])


def alt(page: str) -> str:
    return re.search(r'<img [^>]*alt="([^"]*)"', page)[1]


def picture(page: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(b64decode(re.search(r"base64,([^\"]+)", page)[1]))))


@pytest.mark.parametrize(
    ("control", "value"), [("face", 2), ("explained", 0), ("layer", "block2"), ("kind", "LayerCAM")]
)
def test_every_control_draws_anew(explorer, control, value):
    explorer.explained.value = 1  # something to change from, whatever is predicted
    before = explorer.picture.value
    getattr(explorer, control).value = value
    assert not np.array_equal(picture(explorer.picture.value), picture(before))
    assert alt(explorer.picture.value) != alt(before)


def test_what_is_drawn_is_the_map_that_was_asked_for(explorer, network, images):
    expected = grad_cam(network, images[[3]], [2], network.backbone.block4, "HiResCAM")
    np.testing.assert_array_equal(explorer.heat([3], "block4", "HiResCAM", explained=2), expected)
    predicted = grad_cam(network, images[[3]], None, network.backbone.block5)
    np.testing.assert_array_equal(explorer.heat([3], "block5", "Grad-CAM"), predicted)


def test_the_words_name_face_class_layer_and_method(explorer, network, images):
    explorer.face.value, explorer.explained.value = 1, 2
    explorer.layer.value, explorer.kind.value = "block3", "Grad-CAM++"
    chance = network.eval()(images)[1].softmax(0)[2].item()
    expected = rf"Face 2: happiness.* Grad-CAM\+\+ at block3: .*surprise, .* gives {100 * chance:.0f} %, is warmest"
    assert re.search(expected, alt(explorer.picture.value))
    assert '<p aria-live="polite">' in explorer.picture.value


def test_a_map_of_zeros_is_warmest_nowhere(explorer, monkeypatch):
    monkeypatch.setattr(explorer, "heat", lambda faces, *how: np.zeros((len(faces), 16, 16), np.float32))
    explorer.face.value = 1
    assert "nothing speaks for" in alt(explorer.picture.value)


def test_the_controls_are_lists_that_a_keyboard_operates(explorer):
    controls = explorer.children[0].children
    assert [control.description for control in controls] == ["face", "class", "layer", "method"]
    assert {control._view_name for control in controls} == {"DropdownView"}  # a <select> in every front end
    assert explorer.kind.options == tuple(KINDS)
    assert [value for _, value in explorer.explained.options] == [-1, 0, 1, 2]


def test_wrong_guesses_are_named(network, images):
    guesses = network.eval()(images).argmax(1)
    explorer = AttentionExplorer(network, images, images, NAMES, labels=(guesses + 1) % 3)
    guess, own = NAMES[guesses[0]], NAMES[(guesses[0] + 1) % 3]
    assert explorer.face.options[0][0] == f"1: {own}, taken for {guess}"
    assert AttentionExplorer(network, images, images, NAMES).face.options[0][0] == f"1: {guess}"


def test_the_network_is_left_as_it_was(network, images):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    AttentionExplorer(network, images, images, NAMES).html()
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_notebook_gets_the_live_view_and_the_static_form(explorer):
    bundle = explorer._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    assert bundle["text/plain"] == "AttentionExplorer(4 faces, 5 layers)"


def test_the_static_form_shows_all_faces_and_layers_and_says_so(network, images):
    explorer = AttentionExplorer(network, images, images, NAMES, layers=["block3", "block5"])
    page = explorer.html()
    assert page == explorer.html()
    assert alt(page).startswith(
        "4 faces; below each, what Grad-CAM marks for the predicted class at the layers block3, "
    )
    assert all(
        part in page for part in ('class="fer-figure"', 'class="fer-stage"', 'class="fer-caption"', "aria-label")
    )
    assert "<script" not in page
    height, width, _ = picture(page).shape
    assert width > height


def test_names_are_text_and_not_markup(network, images):
    explorer = AttentionExplorer(network, images, images, ["<b>", '"', "&"])
    explorer.explained.value = 0
    assert "<b>" not in alt(explorer.picture.value)
    assert "&lt;b&gt;" in alt(explorer.picture.value)
    assert "<b>" not in explorer.picture.value + explorer.html()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": ["a", "b"]}, "tells 3 classes apart; give as many names"),
        ({"labels": [0, 1]}, "2 labels for 4 images"),
        ({"pictures": torch.rand(1, 3, 16, 16)}, "1 pictures for 4 images"),
        ({"layers": ["block9"]}, "no layer 'block9'; choose from block1, pool1"),
        ({"layers": []}, "4 images and 0 layers"),
        ({"images": torch.rand(0, 3, 16, 16), "pictures": [], "labels": []}, "0 images and 5 layers"),
        ({"method": nn.Linear(3, 2)}, "Linear has no backbone"),
    ],
)
def test_bad_input_is_named(network, images, changes, message):
    arguments = {"method": network, "images": images, "pictures": images, "names": NAMES, "labels": [0, 1, 2, 0]}
    with pytest.raises(UserError, match=message):
        AttentionExplorer(**(arguments | changes))


@pytest.mark.parametrize(
    ("row", "column", "words"), [(4, 4, "in the middle"), (0, 4, "at the upper middle"), (8, 0, "at the lower left")]
)
def test_places_in_words(row, column, words):
    heat = np.zeros((9, 9))
    heat[row, column] = 1
    assert _where(heat) == words
