"""The pages "Add a data set", "Add a figure" and "Add an exercise": their examples work, and what they show runs."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from torch import nn

from fer_tutorial.course import registry
from fer_tutorial.course.checking import CORRECT, UNANSWERED, WRONG, verdict_on
from fer_tutorial.errors import UserError
from fer_tutorial.viz import InteractiveFigure, export_network, image_url
from tests.book.conftest import open_page

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = ("add_a_data_set", "add_a_figure", "add_an_exercise")
SAYS = {"add_a_data_set": "people", "add_a_figure": "", "add_an_exercise": "not answered yet"}


@pytest.fixture
def example(monkeypatch):
    """``example(name)`` imports an example; it is forgotten after the test."""
    monkeypatch.syspath_prepend(BOOK / "examples")
    monkeypatch.chdir(BOOK / "examples")
    monkeypatch.setattr(registry, "_exercises", registry._exercises.copy())
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if name in ("labels_in_names", "own_exercise"):
            del sys.modules[name]


def pictures(folder, names):
    for number, name in enumerate(names):
        Image.fromarray(np.full((20, 30, 3), number, np.uint8)).save(folder / name)


def test_the_reader_reads_names_and_keeps_people_together(example, tmp_path):
    pictures(tmp_path, [f"p{i:02}-{word}-0.png" for i in range(40) for word in ("anger", "happiness")])
    reader = example("labels_in_names").open_labels_in_names
    parts = {split: reader(tmp_path, split, size=16).load() for split in ("train", "valid", "test")}
    assert sum(map(len, parts.values())) == 80
    people = [set(part.subjects.tolist()) for part in parts.values()]
    assert not people[0] & people[1] | people[0] & people[2] | people[1] & people[2]
    train = parts["train"]
    assert train.images.shape[1:] == (16, 16, 3)
    assert {train.class_names[label] for label in train.labels} == {"anger", "happiness"}


def test_the_reader_names_a_file_that_it_cannot_understand(example, tmp_path):
    pictures(tmp_path, ["p01-joy-0.png"])
    with pytest.raises(
        UserError, match=r"p01-joy-0\.png does not name a person and an expression; expected a name like"
    ):
        example("labels_in_names").open_labels_in_names(tmp_path)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda matrix: (matrix.diagonal() / matrix.sum(1)).mean(), CORRECT),
        (lambda matrix: matrix.diagonal().sum() / matrix.sum(), WRONG),  # accuracy
        (lambda matrix: (matrix.diagonal() / matrix.sum(0)).mean(), WRONG),  # precision
        (lambda matrix: NotImplemented, UNANSWERED),
    ],
)
def test_the_exercise_tells_right_from_wrong(example, answer, status):
    example("own_exercise")
    assert verdict_on(registry.find("own.balanced_accuracy"), answer).status == status


def test_the_figure_follows_its_slider(browser, tmp_path):
    data = {"names": ["neutral", "happiness"], "logits": [0.0, 2.0]}
    figure = InteractiveFigure(BOOK / "examples" / "temperature.js", data, caption="A caption.", alt="Two bars.")
    (tmp_path / "figure.html").write_text(figure.html(), encoding="utf-8")
    problems: list[str] = []
    page = open_page(browser, (tmp_path / "figure.html").as_uri(), problems)
    status = page.get_by_role("status")
    expect(status).to_have_text("At temperature 1.0 happiness has probability 0.88.")
    page.get_by_role("slider").press("End")
    expect(status).to_have_text("At temperature 5.0 happiness has probability 0.60.")
    page.context.close()
    assert problems == []


def test_the_figure_computes_what_is_left_of_a_prediction(browser, tmp_path):
    face = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(484, 3), nn.Softmax(1)
    ).eval()

    def chances(network, pixels):
        return {"chances": network(10 * pixels)}

    names = ["neutral", "happiness", "surprise"]
    data = {"face": image_url(face), "names": names}
    data["network"] = export_network(network, torch.zeros(1, 3, 48, 48), outputs=chances)
    figure = InteractiveFigure(BOOK / "examples" / "hidden_part.js", data, caption="A caption.", alt="Three bars.")
    (tmp_path / "figure.html").write_text(figure.html(), encoding="utf-8")
    problems: list[str] = []
    page = open_page(browser, (tmp_path / "figure.html").as_uri(), problems)
    page.get_by_label("pixels down").press("End")
    page.get_by_label("pixels to the right").press("ArrowRight")
    pixels = torch.tensor(face).permute(2, 0, 1)[None] / 255
    pixels[..., 36:, 2:14] = 0.5
    highest, best = chances(network, pixels)["chances"][0].max(0)
    expected = f"Hidden from 2, 36 on, the face is most probably {names[best]}: {highest:.2f}."
    expect(page.get_by_role("status")).to_have_text(expected)
    page.context.close()
    assert problems == []


@pytest.mark.parametrize("page", PAGES)
def test_what_the_page_shows_runs(example, page, capsys):
    blocks = re.findall(r"```python\n(.*?)```", (BOOK / f"{page}.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, f"{page}.md", "exec"), {})
    assert SAYS[page] in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES)
def test_the_places_that_the_page_names_exist(page):
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:book|fer_tutorial|tests)/[\w/.]*)`", text)
    assert len(named) > 3
    assert [name for name in named if not (BOOK.parent / name).exists()] == []
