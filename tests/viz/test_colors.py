"""The palette can be told apart, by people with color-blindness too, and the live figures use the same one."""

import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from fer_tutorial.viz import OKABE_ITO
from fer_tutorial.viz.interactive import STATIC

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "all cones": np.eye(3),
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "no blue cones": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def lab(color: str, vision: str) -> np.ndarray:
    """CIE L*a*b* of a color as the named eye sees it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
    x, y, z = (f ** (1 / 3) if f > 0.008856 else 7.787 * f + 16 / 116 for f in xyz / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_any_two_colors_can_be_told_apart(vision):
    distances = {(a, b): np.linalg.norm(lab(a, vision) - lab(b, vision)) for a, b in combinations(OKABE_ITO, 2)}
    pair = min(distances, key=distances.get)
    assert distances[pair] > 10, pair  # about ten times what is just seen as different


def test_matplotlibs_own_green_and_red_would_not_do():
    green, red = (lab(color, "no green cones") for color in ("#2ca02c", "#d62728"))
    assert np.linalg.norm(green - red) < 10


def test_the_live_figures_have_the_same_colors_on_a_light_page():
    css = (STATIC / "frame.css").read_text()
    colors = re.findall(r"--fer-c\d: (#[0-9a-f]{6});", css.split("}")[0])
    yellow = 6  # darker there: it has to be seen on white
    assert [color.upper() for n, color in enumerate(colors) if n != yellow] == [
        color for n, color in enumerate(OKABE_ITO) if n != yellow
    ]


def contrast(a: np.ndarray, b: np.ndarray) -> float:
    """The WCAG contrast of two sRGB colors, from 1 to 21."""

    def luminance(rgb: np.ndarray) -> float:
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def themes() -> list[dict[str, np.ndarray]]:
    """The colors of a light page, of a page that says it is dark, and of one on a system that is dark."""
    blocks = [block for block in (STATIC / "frame.css").read_text().split("}") if "--fer-bg:" in block]
    return [
        {name: np.array(to_rgb(color)) for name, color in re.findall(r"--fer-(\w+): (#[0-9a-f]{6});", block)}
        for block in blocks
    ]


def test_text_in_the_live_figures_can_be_read_in_every_theme():
    light, dark, dark_system = themes()
    assert str(dark) == str(dark_system)
    for colors in (light, dark):
        for text in ("fg", "muted", "warn", "good"):
            assert contrast(colors[text], colors["bg"]) >= 4.5, text
        for fill in ("c0", "c1"):  # the cells of a confusion matrix are filled by half at most
            assert contrast(colors["fg"], (colors[fill] + colors["bg"]) / 2) >= 4.5, fill
