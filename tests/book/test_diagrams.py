"""The diagrams of the networks have the colors of the page around them."""

import re

import pytest


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_text_stands_out_in_either_theme(visit, color_scheme):
    page = visit("dacl.html", color_scheme)
    for words in (".fer-diagram svg text", ".fer-diagram figcaption"):
        node = page.locator(words).first
        color = node.evaluate("node => getComputedStyle(node)[node.namespaceURI.endsWith('svg') ? 'fill' : 'color']")
        brightness = sum(int(part) for part in re.findall(r"\d+", color)[:3]) / 3
        assert brightness < 100 if color_scheme == "light" else brightness > 150
    assert visit.problems == []
