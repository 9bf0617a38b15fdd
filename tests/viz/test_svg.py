"""Plots as SVG: text stays text, pictures keep their pixels and stay light, equal figures are equal files."""

import io
import re
from base64 import b64decode
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from PIL import Image

from fer_tutorial.faces import sample_faces
from fer_tutorial.viz import show_faces, style, svg
from fer_tutorial.viz.colors import INK
from fer_tutorial.viz.svg import figure_preview, figure_svg


def embedded(drawing: str) -> list[Image.Image]:
    return [Image.open(io.BytesIO(b64decode(data))) for data in re.findall(r'base64,([^"]+)"', drawing)]


def noise(size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)


def test_words_can_be_searched_and_have_the_ink():
    style()
    drawing = figure_svg(show_faces([noise(8)], titles=["surprise"]))
    (text,) = re.findall(r"<text[^>]*>([^<]*)</text>", drawing)
    assert text == "surprise"
    plt.figure().subplots().set_xlabel("epoch")
    labels = re.findall(r'<text style="([^"]*)"', figure_svg(plt.gcf()))
    assert labels
    assert all(f"fill: {INK}" in label for label in labels)


def test_equal_figures_are_equal_files():
    def draw() -> str:
        figure = Figure()
        figure.subplots().plot([1, 3, 2])
        return figure_svg(figure)

    style()
    assert draw() == draw()
    assert "date" not in draw().lower()


def test_a_face_becomes_a_jpeg_with_its_own_pixels():
    style()
    face = sample_faces(1, seed=0, size=48).images[0].permute(1, 2, 0)  # (h, w, 3), from 0 to 1
    (picture,) = embedded(figure_svg(show_faces([face])))
    assert (picture.format, picture.size) == ("JPEG", (48, 48))
    assert np.abs(np.asarray(picture) / 255 - face.numpy()).mean() < 0.02


def test_a_small_table_stays_exact():
    style()
    axes = plt.figure().subplots()
    axes.imshow(np.arange(84).reshape(7, 12), cmap="PuOr")
    (picture,) = embedded(figure_svg(plt.gcf()))
    assert (picture.format, picture.size) == ("PNG", (12, 7))
    colors = plt.get_cmap("PuOr")(np.arange(84) / 83, bytes=True)[:, :3]
    assert np.array_equal(np.asarray(picture.convert("RGB")).reshape(-1, 3), colors)


def test_what_lies_transparent_over_others_stays_transparent():
    style()
    axes = plt.figure().subplots()
    axes.scatter(*np.random.default_rng(0).random((2, 2000)), alpha=0.5, rasterized=True)
    (picture,) = embedded(figure_svg(plt.gcf()))
    assert picture.format == "PNG"
    assert picture.getchannel("A").getextrema()[0] == 0


@pytest.mark.parametrize(("pixels", "shown_as_pixels"), [(4, True), (400, False)])
def test_pixels_are_shown_where_they_are_large(pixels, shown_as_pixels):
    style()
    drawing = figure_svg(show_faces([noise(pixels)], size=1))
    assert ("image-rendering:pixelated" in drawing) == shown_as_pixels


def test_a_notebook_gets_svg_and_one_light_preview(monkeypatch):
    formatter = DisplayFormatter()
    monkeypatch.setattr(svg, "get_ipython", lambda: SimpleNamespace(display_formatter=formatter))
    style()
    plt.figure().subplots().plot([1, 2])
    faces = show_faces(sample_faces(6, seed=0, size=160).images, columns=3, size=1.5)
    shown = [set(formatter.format(figure)[0]) - {"text/plain"} for figure in (plt.figure(1), faces)]
    assert shown == [{"image/svg+xml", "image/png"}, {"image/svg+xml", "image/jpeg"}]


def test_outside_of_jupyter_nothing_changes():
    backend = plt.get_backend()
    style()
    assert plt.get_backend() == backend


def test_a_preview_is_half_of_the_faithful_picture_or_less():
    style()
    faces = show_faces([noise(48)] * 6)
    faithful = io.BytesIO()
    faces.savefig(faithful, format="png", bbox_inches="tight")
    lengths = {kind: len(figure_preview(faces, kind) or b"") for kind in ("png", "jpeg")}
    assert 0 < max(lengths.values()) < faithful.tell() / 2
    assert min(lengths.values()) == 0


def test_it_is_light_and_no_point_moves_by_what_one_could_see():
    style()
    axes = plt.figure().subplots()
    axes.plot([0, 1 / 3, 2 / 3, 1], [0, 1 / 7, 1 / 11, 1])
    drawing = figure_svg(plt.gcf())
    faithful = io.StringIO()
    plt.gcf().savefig(faithful, format="svg", bbox_inches="tight")
    paths = [re.findall(r'<path d="([^"]*)"[^>]*stroke: #0072b2', text) for text in (drawing, faithful.getvalue())]
    light, exact = (np.array(re.findall(r"-?[\d.]+", path[0]), dtype=float) for path in paths)
    assert 0 < np.abs(light - exact).max() <= 0.005
    assert "\n" not in drawing
    assert len(drawing) < 0.8 * len(faithful.getvalue())
