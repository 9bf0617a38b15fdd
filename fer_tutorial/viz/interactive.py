"""Interactive figures that work from one source in Jupyter, VS Code, Colab and a built page with no network.

The front end is an ES module, ``static/NAME.js``, that exports ``default { render({ model, el }) }``, reads its data
from ``model.get("data")`` and draws with ``ui``, see ``static/ui.js``; ``Network`` runs a network, see
:mod:`fer_tutorial.viz.network`.  Where a kernel runs, anywidget runs the module;
the built page runs the same module with a frozen model whose state is in the page.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import torch
import traitlets
from PIL import Image

from fer_tutorial.errors import UserError
from fer_tutorial.viz.pictures import as_picture

STATIC = Path(__file__).parent / "static"
AROUND_A_FIGURE = ("ui", "network", "frame", "frozen")  # modules of static/ that are no figure of their own


class InteractiveFigure(anywidget.AnyWidget):
    """A figure the reader can operate, with a caption and a description in words.

    Args:
        name: which module draws it: ``static/NAME.js``, or the path of another ``.js`` file.
        data: what it draws: numbers, strings, lists, dicts, arrays and tensors; floats are kept to 6 digits.
        caption: what the figure shows and what to try.
        alt: the same in words, for who cannot see it.
        respond: with a kernel, called with what the front end puts into ``model.set("request", ...)``; what it returns
            becomes the new ``data``.  Without a kernel ``model.get("live")`` is false and the figure uses its data.

    Raises:
        UserError: no such module, a module without exactly one ``export default``, data that JSON cannot hold, or no
            caption or description.

    >>> InteractiveFigure("no_such_figure", data={}, caption="A caption.", alt="A description.")
    Traceback (most recent call last):
    ...
    fer_tutorial.errors.UserError: there is no figure module no_such_figure.js; expected one of ...
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    request = traitlets.Dict().tag(sync=True)
    live = traitlets.Bool(False).tag(sync=True)
    caption = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        name: str | Path,
        data: Mapping[str, Any],
        caption: str,
        alt: str,
        respond: Callable[[dict], Mapping[str, Any]] | None = None,
    ):
        if not caption.strip() or not alt.strip():
            raise UserError("the figure has an empty caption or description; write both, for who cannot see it")
        self.name = Path(name).stem
        super().__init__(
            _esm=_module(name),
            _css=(STATIC / "frame.css").read_text(encoding="utf-8"),
            data=_plain(data, "data"),
            live=respond is not None,
            caption=caption,
            alt=alt,
        )
        if respond is not None:
            self.observe(lambda change: self.set_trait("data", _plain(respond(change["new"]), "data")), "request")

    def __repr__(self) -> str:
        return f"InteractiveFigure({self.name!r})"

    def html(self) -> str:
        """The figure as HTML that needs neither kernel nor network; the same figure gives the same bytes."""
        state = {"module": self._esm, "data": self.data, "live": False, "caption": self.caption, "alt": self.alt}
        # "<" is escaped so that no text inside the state can end the script element.
        content = json.dumps(state, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
        figure = f"fer-{self.name.replace('_', '-')}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
        script = (STATIC / "frozen.js").read_text(encoding="utf-8").replace("FIGURE", figure)
        # The words stand in the page from the start: they are what is seen where scripts do not run.
        words = f"<p>{html.escape(self.caption)}</p><p>{html.escape(self.alt)}</p>"
        return (
            f"<style>\n{self._css}</style>\n"
            f'<div class="fer-figure" id="{figure}">{words}</div>\n'
            f'<script type="application/json" id="{figure}-state">{content}</script>\n'
            f'<script type="module">\n{script}</script>'
        )

    def page(self, title: str) -> str:
        """The figure as a page of its own."""
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(title)}</title>\n"
            "<style>:root { color-scheme: light dark } body { max-width: 64rem; margin: 1rem auto; padding: 0 0.5rem }"
            f"</style>\n</head>\n<body>\n<h1>{html.escape(title)}</h1>\n{self.html()}\n</body>\n</html>\n"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        view = {"version_major": 2, "version_minor": 1, "model_id": self.model_id}
        bundle = {"application/vnd.jupyter.widget-view+json": view, "text/html": self.html(), "text/plain": repr(self)}
        return bundle, {}


def image_url(image: np.ndarray | torch.Tensor) -> str:
    """One image as a PNG in a ``data:`` address, for a figure's data.

    >>> image_url(np.zeros((2, 2), np.uint8))[:22]
    'data:image/png;base64,'
    """
    pixels = np.round(as_picture(image) * 255).astype(np.uint8)  # (H, W, 3)
    gray = (pixels == pixels[..., :1]).all()
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if gray else pixels).save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _module(name: str | Path) -> str:
    """What figures are made of, the figure's module and the frame around it, as one module."""
    path = Path(name) if Path(name).suffix == ".js" else STATIC / f"{name}.js"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in STATIC.glob("*.js") if file.stem not in AROUND_A_FIGURE))
        raise UserError(f"there is no figure module {path.name}; expected one of {known or 'none yet'}")
    source = path.read_text(encoding="utf-8")
    start = r"^export default\b"
    if len(re.findall(start, source, flags=re.MULTILINE)) != 1:
        raise UserError(f"{path.name} needs exactly one line that starts with 'export default'")
    # A function keeps the figure's own names apart from the frame's.
    figure = f"const figure = (() => {{\n{re.sub(start, 'return', source, flags=re.MULTILINE)}\n}})();"
    before = ("ui", "network") if re.search(r"\bNetwork\b", source) else ("ui",)
    *front, frame = ((STATIC / f"{name}.js").read_text(encoding="utf-8") for name in (*before, "frame"))
    return "\n".join((*front, figure, frame))


def _plain(value: Any, where: str) -> Any:
    """``value`` as what JSON can hold, floats to 6 significant digits; ``where`` names the place in an error."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UserError(f"{where} is {value}, which JSON cannot hold; use None where a number is missing")
        rounded = float(f"{value:.6g}")
        return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
    if value is None or isinstance(value, str | int):
        return value
    raise UserError(f"{where} is a {type(value).__name__}; expected numbers, strings, lists, dicts, arrays or tensors")
