"""The directive ``{data-set-cards}``: the card of every data set in a closed box, as its reader has it."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from fer_tutorial.datasets.cards import CARDS, Card
from fer_tutorial.datasets.load import READERS

FIELDS = ("license", "access", "layout", "counts", "classes", "splits", "checksum", "notes", "citation")
# --holdout 0.1, split='all', cameras=090; quotes and hyphens would be made typographic elsewhere.
OPTION = re.compile(r"(--[a-z]+(?: [\d.]*\d)?|\b[a-z_]+=(?:'[^']*'|[\w,:.]*\w))")
BOX = """\
````{{dropdown}} {title}
:name: card-{name}

{rows}
````"""


class DataSetCards(SphinxDirective):
    """Those that can be read first, in the order of their names."""

    def run(self) -> list[nodes.Node]:
        bibliography = (Path(self.env.srcdir) / "references.bib").read_text(encoding="utf-8")
        keys = set(re.findall(r"^@\w+\{(\w+),", bibliography, flags=re.M))
        cards = sorted(CARDS.values(), key=lambda card: (card.name not in READERS, card.title.lower()))
        text = "\n".join(card_text(card, keys) for card in cards)
        box = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), source="cards"), self.content_offset, box)
        return box.children


def card_text(card: Card, keys: set[str]) -> str:
    """A card as a box of Markdown; what is unknown or empty is not shown, ``keys`` are those of the bibliography."""
    rows = [("name", f"`{card.name}`" + ("" if card.name in READERS else " (no reader yet)"))]
    for name in FIELDS:
        value = getattr(card, name)
        if name == "citation":
            value = f"{{cite}}`{value}`" if value in keys else ""
        elif value in ("none", "yours", "any") or value.startswith("unknown"):
            value = ""
        else:
            value = escaped(value)
        if value:
            rows.append((name, value))
    return BOX.format(
        title=escaped(card.title),
        name=card.name.replace("_", "-"),
        rows="\n\n".join(f"{name}\n: {value}" for name, value in rows),
    )


def escaped(text: str) -> str:
    """Plain text as Markdown that shows it unchanged, no formula, link or emphasis; options are set as code."""
    parts = OPTION.split(text)  # options stand at the odd places
    return "".join(
        f"`{part}`" if number % 2 else re.sub(r"([\\`*_{}\[\]<>$#|~^])", r"\\\1", part)
        for number, part in enumerate(parts)
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("data-set-cards", DataSetCards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
