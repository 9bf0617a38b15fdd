"""The front page: ``{chapter-cards}``, a picture and a card for each chapter; ``{figure-of}``, a figure to operate.

Both are taken from the chapters' stored outputs, so they are those of the chapters.
"""

from __future__ import annotations

import base64
import html
import io
import re
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from PIL import Image
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

THUMBNAIL = (360, 150)  # pixels, at most
WORDS_A_MINUTE = 150  # of a text with formulas in it
CARD = """\
````{{grid-item-card}} {title}
:link: {name}
:link-type: doc
```{{raw}} html
{picture}
```
{text}
```{{card-footer}}
about {minutes} minutes · {exercises}{figures}
```
````"""


def chapter(directive: SphinxDirective, name: str) -> nbformat.NotebookNode:
    path = Path(directive.env.srcdir) / f"{name}.ipynb"
    directive.env.note_dependency(str(path))
    return nbformat.read(path, as_version=4)


class ChapterCards(SphinxDirective):
    """Its lines are ``chapter: what it adds``."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        cards = [self._card(*line.split(": ", 1)) for line in self.content if line.strip()]
        text = "\n".join(["`````{grid} 1 1 2 2", ":gutter: 3", *cards, "`````"])
        box = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), source="cards"), self.content_offset, box)
        return box.children

    def _card(self, name: str, text: str) -> str:
        notebook = chapter(self, name)
        words = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
        sources = [cell.source for cell in notebook.cells]
        operated = sum("InteractiveFigure(" in source for source in sources)
        return CARD.format(
            title=re.search(r"^# (.+)$", "\n".join(sources), re.MULTILINE)[1],  # type: ignore[index]
            name=name,
            picture=_thumbnail(notebook, Path(self.env.srcdir) / "_static" / "faces.png"),
            text=text,
            minutes=5 * round(words / WORDS_A_MINUTE / 5),
            exercises=_counted(sum("{exercise-help}" in source for source in sources), "exercise"),
            figures=f" · {_counted(operated, 'figure')} to operate" if operated else "",
        )


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _thumbnail(notebook: nbformat.NotebookNode, otherwise: Path) -> str:
    """The chapter's first picture, small, with its description."""
    pictures = (
        (output.data[kind], cell.metadata.get("mystnb", {}).get("image", {}).get("alt", ""))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for kind in ("image/png", "image/jpeg")  # of the two, the one that a plot has beside its SVG
        if kind in output.get("data", {})
    )
    first, alt = next(pictures, ("", "Rows of drawn faces with seven expressions."))
    picture = Image.open(io.BytesIO(base64.b64decode(first)) if first else otherwise).convert("RGB")
    width, height = THUMBNAIL
    scaled = picture.resize((width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    scaled.crop((0, 0, width, min(height, scaled.height))).save(file, format="JPEG", quality=80, optimize=True)
    address = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return f'<img class="fer-thumbnail" alt="{html.escape(alt)}" src="{address}">'


class FigureOf(SphinxDirective):
    """``{figure-of} chapter figure``: an interactive figure of a chapter, as it stands there."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        name, figure = self.arguments
        for cell in chapter(self, name).cells:
            if re.search(rf'InteractiveFigure\(\s*"{figure}"', cell.source):
                shown = next(
                    output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})
                )
                return [
                    nodes.raw("", f'<div class="cell_output"><div class="text_html">{shown}</div></div>', format="html")
                ]
        raise SphinxError(f"{self.env.docname}: {name}.ipynb shows no figure {figure!r}")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("chapter-cards", ChapterCards)
    app.add_directive("figure-of", FigureOf)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
