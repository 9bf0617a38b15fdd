"""Matplotlib's figures as SVG: sharp at every size, with text that can be searched, and light enough for a notebook.

Beside it a notebook keeps a light preview, because JupyterLab shows no SVG of a notebook that it does not trust yet.
"""

from __future__ import annotations

import io
import re
from base64 import b64decode, b64encode
from functools import partial

import matplotlib.pyplot as plt
from IPython.core.getipython import get_ipython
from matplotlib.figure import Figure
from PIL import Image

RASTER_DPI = 220  # of what is drawn as pixels within an SVG: clouds of many points
QUALITY = 82  # of faces as JPEG: what it loses cannot be seen, and lossless they are five times as large
SMALL = 4000  # bytes: a picture below is a table in colors, or so light that it may stay exact
PREVIEW_COLORS, PREVIEW_QUALITY = 64, 55  # of a preview as PNG or as JPEG: a third of the bytes of a faithful one
PIXELATED = (
    1.3  # points a pixel, about two pixels of a page: from there on a picture shows its pixels, below it is smooth
)
EMBEDDED = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
SCALED = re.compile(r'(transform="matrix\(([\d.]+) [^"]*") style="image-rendering:[^"]*"')

SHAPE = re.compile(r'( (?:d|x|y|width|height)=")([^"]*)')
NUMBER = re.compile(r"-?\d+\.\d+")


def show_as_svg() -> None:
    """From now on, Jupyter and Colab show figures by the two functions below; elsewhere nothing changes."""
    shell = get_ipython()
    if shell is not None and shell.display_formatter is not None:
        plt.switch_backend(plt.get_backend())  # Jupyter's sets the formats when it is loaded, which may be later
        formatters = shell.display_formatter.formatters
        formatters["image/svg+xml"].for_type(Figure, figure_svg)
        for kind in ("png", "jpeg"):
            formatters[f"image/{kind}"].for_type(Figure, partial(figure_preview, kind=kind))


def figure_svg(figure: Figure) -> str:
    """A figure as SVG, cut to what is drawn on it.

    Text is text where ``svg.fonttype`` is "none", as :func:`~fer_tutorial.viz.style` sets it.  Pictures keep their own
    pixels; faces (opaque, more than ``SMALL`` bytes, and lighter as JPEG) become JPEG.

    >>> figure = Figure()
    >>> _ = figure.subplots().set_title("loss")
    >>> figure_svg(figure).startswith("<svg")
    True
    """
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))  # equal figures are equal files
    figure.savefig(file, format="svg", bbox_inches="tight", dpi=RASTER_DPI, metadata=nothing)
    drawing = file.getvalue()
    drawing = EMBEDDED.sub(lambda found: _smaller(b64decode(found[1])), drawing[drawing.index("<svg") :])
    drawing = SCALED.sub(lambda found: found[0] if float(found[2]) >= PIXELATED else found[1], drawing)
    drawing = SHAPE.sub(lambda found: found[1] + " ".join(NUMBER.sub(_rounded, found[2]).split()), drawing)
    return re.sub(r">\s+<", "><", drawing).strip()


def figure_preview(figure: Figure, kind: str) -> bytes | None:
    """A figure as light pixels for the screen: PNG with few colors, or JPEG; None if the other kind is lighter.

    >>> figure = Figure()  # nothing but white
    >>> figure_preview(figure, "png")[1:4], figure_preview(figure, "jpeg")
    (b'PNG', None)
    """
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", bbox_inches="tight")
    files = {"png": io.BytesIO(), "jpeg": io.BytesIO()}
    with Image.open(drawn) as picture:
        opaque = picture.convert("RGB")
    opaque.quantize(PREVIEW_COLORS, dither=Image.Dither.NONE).save(files["png"], "PNG", optimize=True)
    opaque.save(files["jpeg"], "JPEG", quality=PREVIEW_QUALITY, optimize=True)
    lightest = min(files, key=lambda name: files[name].tell())
    return files[kind].getvalue() if kind == lightest else None


def _rounded(number: re.Match[str]) -> str:
    """To a hundredth of a point, which nobody sees."""
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _smaller(png: bytes) -> str:
    with Image.open(io.BytesIO(png)) as picture:
        opaque = "A" not in picture.mode or picture.getchannel("A").getextrema() == (255, 255)
        jpeg = io.BytesIO()
        picture.convert("RGB").save(jpeg, "JPEG", quality=QUALITY, optimize=True)
    kind, data = ("jpeg", jpeg.getvalue()) if opaque and jpeg.tell() < len(png) > SMALL else ("png", png)
    return f"data:image/{kind};base64,{b64encode(data).decode()}"
