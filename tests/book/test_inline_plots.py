"""Plots stand in the page: with their text, a description, the theme's ink, ids of their own; pictures keep theirs."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from inline_plots import inline
from matplotlib.figure import Figure

from fer_tutorial.viz import style
from fer_tutorial.viz.svg import figure_svg


@pytest.fixture
def drawing():
    with plt.rc_context():
        style()
        figure = Figure()
        left, right = figure.subplots(1, 2)
        left.plot([1, 3, 2], marker="o", color="black", label="loss")
        left.text(0, 1, "on a color", color="black")
        left.set_ylabel("loss & more")
        right.imshow(np.arange(6).reshape(2, 3))
        yield figure_svg(figure)


def test_it_is_described_once(drawing):
    page = inline(drawing, 'It "falls" & rises.', "plot1")
    assert page.startswith("<svg")
    assert 'role="img" aria-label="It &quot;falls&quot; &amp; rises."' in page
    assert "loss &amp; more</text>" in page


def test_ink_is_the_pages_and_the_sheets_are_gone(drawing):
    page = inline(drawing, "", "plot1")
    assert "#1f2328" in drawing
    assert "#1f2328" not in page
    assert "currentColor" in page
    assert "fill: #ffffff" in drawing
    assert "fill: #ffffff" not in page
    line = re.search(r'<path d="[^"]*" [^>]*style="fill: none; stroke: currentColor; stroke-width: 1.8', page)
    assert line, "a black line would be lost on a dark page"
    (letters,) = re.findall(r'<text[^>]*style="([^"]*)"[^>]*>on a color<', page)
    assert "#000000" in letters or "fill" not in letters


def test_ids_are_those_that_something_refers_to_and_its_own(drawing):
    page = inline(drawing, "", "plot7")
    ids = set(re.findall(r' id="([^"]*)"', page))
    assert ids == set(re.findall(r'(?:url\(#|href="#)([^")]*)', page))
    assert ids
    assert all(name.startswith("plot7-") for name in ids)


def test_pictures_and_places_stay(drawing):
    page = inline(drawing, "", "plot1")
    assert re.findall(r"base64,([^\"]+)", page) == re.findall(r"base64,([^\"]+)", drawing)
    moved = [re.findall(r"matrix\(([^)]*)\)", text) for text in (drawing, page)]
    assert moved[0]
    assert moved[0] == moved[1]


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_letters_stand_out_and_no_sheet_shines(visit, color_scheme):
    page = visit("dacl.html", color_scheme)
    plots = page.locator(".fer-plot")
    assert plots.count() >= 8
    for plot in plots.all():
        assert plot.get_attribute("aria-label")
        words = plot.evaluate("plot => [...plot.querySelectorAll('text')].map(text => getComputedStyle(text).fill)")
        inks = {word for word in words if word not in ("rgb(255, 255, 255)", "rgb(0, 0, 0)", "rgb(38, 38, 38)")}
        for ink in inks:  # the others stand on a colored cell
            brightness = sum(int(part) for part in re.findall(r"\d+", ink)[:3]) / 3
            assert brightness < 100 if color_scheme == "light" else brightness > 150, ink
        sheets = "plot => plot.querySelectorAll('path[style=\"fill: #ffffff\"]').length"
        assert plot.evaluate(sheets) == 0
    assert visit.problems == []
