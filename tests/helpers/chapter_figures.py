"""The interactive figures of the chapters: the data from the stored outputs, the JavaScript as it is now."""

import json
import re
from functools import cache
from pathlib import Path

import nbformat

from fer_tutorial.viz import InteractiveFigure
from fer_tutorial.viz.interactive import AROUND_A_FIGURE, STATIC

BOOK = Path(__file__).resolve().parents[2] / "book"
NAMES = sorted(path.stem for path in STATIC.glob("*.js") if path.stem not in AROUND_A_FIGURE)


@cache
def chapter_figures() -> dict[str, InteractiveFigure]:
    """Every figure by the name of its module, in the order of the chapters' files."""
    figures = {}
    for path in sorted(BOOK.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                page, text = (output.get("data", {}).get(kind, "") for kind in ("text/html", "text/plain"))
                name = re.fullmatch(r"InteractiveFigure\('(\w+)'\)", text)
                if name:
                    content = re.search(r'<script type="application/json" id="[^"]+">(.*?)</script>', page, re.DOTALL)
                    state = json.loads(content[1])
                    figures[name[1]] = InteractiveFigure(name[1], state["data"], state["caption"], state["alt"])
    return figures
