"""The strips of pictures: each shows what its parameter does, all together are light, and none is out of date."""

import json

import numpy as np
import pytest
from PIL import Image

from fer_tutorial.faces import FaceParameters
from tools.face_sheets import INDEX, SHEETS, SIZE, draw, index, parameters, strips

STRIPS = {f"{strip.table}.{strip.name}": strip for strip in strips()}


def test_there_is_a_strip_for_every_parameter_and_no_other():
    assert {strip.path for strip in STRIPS.values()} == set(SHEETS.rglob("*.webp"))


def test_the_index_says_what_they_show():
    assert json.loads(INDEX.read_text(encoding="utf-8")) == json.loads(json.dumps(index()))


def test_all_of_them_are_light():
    assert sum(path.stat().st_size for path in SHEETS.rglob("*.webp")) < 300_000


@pytest.mark.parametrize("name", STRIPS)
def test_one_number_alone_is_changed(name):
    strip = STRIPS[name]
    faces = parameters(strip)
    for field in FaceParameters.__dataclass_fields__:
        spread = (getattr(faces, field) - getattr(faces, field)[:1]).abs().sum(0)
        assert (spread != 0).sum() == (field == strip.table)


@pytest.mark.parametrize("name", STRIPS)
def test_the_five_pictures_differ_and_are_those_in_the_book(name):
    strip = STRIPS[name]
    drawn = draw(strip).numpy()
    first, last = drawn[:, :SIZE].astype(int), drawn[:, -SIZE:].astype(int)
    assert np.abs(first - last).max() > 5
    kept = np.asarray(Image.open(strip.path).convert("RGB"))
    assert kept.shape == drawn.shape == (SIZE, 5 * SIZE, 3)
    assert np.abs(kept.astype(int) - drawn.astype(int)).mean() < 6  # what WebP loses
