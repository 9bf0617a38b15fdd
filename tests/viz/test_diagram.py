"""Diagrams: real text, arrows from edge to edge, nothing outside the drawing, and faults named in a sentence."""

import re
import xml.etree.ElementTree as ET

import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.viz import Box, Diagram

SVG = "{http://www.w3.org/2000/svg}"
WORDS = {"caption": "A caption.", "alt": 'One "box" & another.'}
BOXES = {
    "x": Box(0, 0, "embedding\nx < 1", "data"),
    "loss": Box(1, 0, "L_SC", "loss"),
    "centers": Box(1, 1, "centers", "new"),
    "low": Box(0, 1, "low"),
}
ARROWS = [("x", "loss"), ("centers", "loss"), ("low", "loss"), ("centers", "low")]


def drawn(boxes=BOXES, arrows=ARROWS) -> ET.Element:
    return ET.fromstring(Diagram(boxes, arrows, **WORDS).svg())


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


def test_every_line_of_a_box_is_text():
    words = ["".join(node.itertext()).replace("\u200b", "") for node in drawn().iter(f"{SVG}text")]
    assert sorted(words) == sorted(["embedding", "x < 1", "LSC", "centers", "low"])
    assert next(node.text for node in drawn().iter(f"{SVG}tspan")) == "SC"


def test_everything_lies_inside_the_drawing():
    svg = drawn()
    left, top, width, height = (float(value) for value in svg.get("viewBox").split())
    for box in svg.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(key)) for key in ("x", "y", "width", "height"))
        assert left < x < x + w < left + width
        assert top < y < y + h < top + height


def test_an_arrow_goes_from_edge_to_edge():
    boxes = {name: BOXES[name] for name in ("x", "loss")}
    svg = drawn(boxes, [("x", "loss")])
    line, head = (numbers(path.get("d")) for path in svg.iter(f"{SVG}path"))
    left, right = sorted(svg.iter(f"{SVG}rect"), key=lambda box: float(box.get("x")))
    assert line[0] == float(left.get("x")) + float(left.get("width"))
    assert head[:2] == [float(right.get("x")), line[1]]


def test_an_arrow_up_ends_below_its_box():
    svg = drawn({name: BOXES[name] for name in ("loss", "centers")}, [("centers", "loss")])
    upper = min(svg.iter(f"{SVG}rect"), key=lambda box: float(box.get("y")))
    _, head = (numbers(path.get("d")) for path in svg.iter(f"{SVG}path"))
    assert head[1] == float(upper.get("y")) + float(upper.get("height"))


def test_it_has_the_colors_of_the_page_and_a_description():
    svg = drawn()
    assert svg.get("aria-label") == WORDS["alt"]
    assert all(node.get("fill") == "currentColor" for node in svg.iter(f"{SVG}text"))
    bundle = Diagram(BOXES, ARROWS, **WORDS)._repr_mimebundle_()
    assert "<figcaption>A caption.</figcaption>" in bundle["text/html"]
    assert bundle["image/svg+xml"] in bundle["text/html"]


@pytest.mark.parametrize(
    ("boxes", "arrows", "words", "sentence"),
    [
        ({}, [], WORDS, "no box"),
        (BOXES, [("x", "y")], WORDS, "'y', which is no box; expected one of x, loss"),
        ({"x": Box(0, 0, "x", "magic")}, [], WORDS, "kind 'magic'; expected one of data, layer"),
        ({"x": Box(0, 0, "x"), "y": Box(0.5, 0, "y")}, [], WORDS, "'x' and 'y' lie on each other"),
        (BOXES, ARROWS, WORDS | {"alt": " "}, "empty caption or description"),
    ],
)
def test_a_fault_is_one_sentence(boxes, arrows, words, sentence):
    with pytest.raises(UserError, match=sentence):
        Diagram(boxes, arrows, **words)
