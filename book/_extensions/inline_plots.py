"""Plots stand in the page as SVG, not beside it: their text is the page's, and their ink follows the theme."""

import html
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from fer_tutorial.viz.colors import INK, OKABE_ITO

SVG, HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
IMAGE = re.compile(r'<img\b[^>]*?\bsrc="_images/([\w.-]+\.svg)"[^>]*>')
ALTERNATIVE = re.compile(r'\balt="([^"]*)"')
SHEET = "fill: #ffffff"  # the white that matplotlib puts behind a figure and behind its axes
REFERENCE = re.compile(r"url\(#([^)]+)\)")
PIXELS_A_POINT = 110 / 72  # the size for which the chapters draw
ET.register_namespace("", SVG[1:-1])


def inline(drawing: str, alternative: str, name: str) -> str:
    """A figure of matplotlib's as an element of a page: described, in the page's ink, with ids of its own.

    Args:
        drawing: the SVG.
        alternative: its description.
        name: what its ids begin with; another one for every plot of a page.
    """
    root = ET.fromstring(drawing)
    width, height = (float(root.attrib.pop(side)[:-2]) * PIXELS_A_POINT for side in ("width", "height"))
    attributes = {"class": "fer-plot", "role": "img", "aria-label": alternative}
    root.attrib |= attributes | {"width": f"{width:.0f}", "height": f"{height:.0f}"}
    text = ET.tostring(root, encoding="unicode")
    named = set(REFERENCE.findall(text)) | {element.get(HREF, "")[1:] for element in root.iter()}
    for element in root.iter():
        if element.get("id") in named:
            element.set("id", f"{name}-{element.get('id')}")
        else:
            element.attrib.pop("id", None)
        if target := element.attrib.pop(HREF, ""):
            element.set("href", f"#{name}-{target[1:]}" if target.startswith("#") else target)
        for attribute in {"clip-path", "style"}.intersection(element.attrib):
            value = REFERENCE.sub(rf"url(#{name}-\1)", element.attrib[attribute])
            element.set(attribute, _themed(value, letters=element.tag == f"{SVG}text"))
    for parent in list(root.iter()):
        for child in list(parent):
            if (
                child.get("style") == SHEET
                and child.tag == f"{SVG}path"
                and len(parent) == 1
                and parent.tag == f"{SVG}g"
            ):
                parent.remove(child)
            elif child.tag == f"{SVG}defs" and child[0].tag == f"{SVG}style":
                parent.remove(child)  # the page's style sheet says it once
    return ET.tostring(root, encoding="unicode")


def _themed(style: str, letters: bool) -> str:
    """A style in which ink is the page's, and so is black, but not of letters: those stand on a color that stays."""
    style = style.replace(INK, "currentColor")
    return style if letters else style.replace(OKABE_ITO[-1], "currentColor")


def inline_all(app, error) -> None:
    if error is not None or app.builder.format != "html":
        return
    pictures = Path(app.outdir, "_images")
    shown = set()
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        for number, image in enumerate(list(IMAGE.finditer(page)), start=1):
            drawing = (pictures / image[1]).read_text(encoding="utf-8")
            alternative = ALTERNATIVE.search(image[0])
            words = html.unescape(alternative[1]) if alternative else ""
            page = page.replace(image[0], inline(drawing, words, f"plot{number}"), 1)
            shown.add(pictures / image[1])
        path.write_text(page, encoding="utf-8")
    for picture in shown:
        picture.unlink()


def setup(app):
    app.connect("build-finished", inline_all, priority=800)  # after all files are written, before they are made small
    return {"parallel_read_safe": True, "parallel_write_safe": True}
