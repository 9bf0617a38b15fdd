"""Styles without what no page uses; pictures that show the same pixels in fewer bytes."""

import numpy as np
import pytest
import small_files
from PIL import Image


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".used{a:b}.unused{c:d}", ".used{a:b}"),
        (".unused,.used,p{a:b}", ".used,p{a:b}"),
        (".used .unused{a:b}", ""),
        (".used:not(.unused){a:b}", ".used:not(.unused){a:b}"),
        (":is(.used,.unused) p{a:b}", ":is(.used,.unused) p{a:b}"),
        ("@media print{.used{a:b}.unused{c:d}}", "@media print{.used{a:b}}"),
        ("@keyframes k{from{a:b}to{c:d}}", "@keyframes k{from{a:b}to{c:d}}"),
        ("/* .used says */.used{a:b}", ".used{a:b}"),
        ("/*! License of, say, x.org */.used{a:b}", "/*! License of, say, x.org */.used{a:b}"),
        ('a[href$=".org"]{a:b}', 'a[href$=".org"]{a:b}'),
    ],
)
def test_only_rules_for_classes_that_occur_are_kept(css, kept):
    assert small_files.used_rules(css, {"used"}) == kept


def test_styles_are_measured_against_pages_and_scripts(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "page.html").write_text('<p class="in-page">')
    (tmp_path / "_static" / "theme.js").write_text('node.classList.add("by-script")')
    style = tmp_path / "_static" / "theme.css"
    style.write_text(".in-page{a:b}.by-script{c:d}.nowhere{e:f}")
    small_files.shrink_styles(tmp_path)
    assert style.read_text() == ".in-page{a:b}.by-script{c:d}"


def test_pictures_keep_their_pixels(tmp_path):
    (tmp_path / "_images").mkdir()
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:, 20:] = (200, 30, 90)
    Image.fromarray(pixels).save(tmp_path / "_images" / "plot.png", compress_level=0)
    (tmp_path / "page.html").write_text('<img src="_images/plot.png"> plot.png')
    small_files.shrink_pictures(tmp_path)
    assert (tmp_path / "page.html").read_text() == '<img src="_images/plot.webp"> plot.png'
    assert not (tmp_path / "_images" / "plot.png").exists()
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "_images" / "plot.webp")), pixels)
