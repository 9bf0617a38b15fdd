"""A card for each data set: license, how to get it, layout, counts, classes, splits, citation and checksum.

The cards are the ``.toml`` files beside this module.  "unknown" means it was looked for and not found.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files


@dataclass(frozen=True)
class Card:
    """What is known of one data set.

    >>> CARDS["ferplus"].citation
    'barsoum2016ferplus'
    """

    name: str
    title: str
    year: str
    license: str
    access: str
    layout: str
    counts: str
    classes: str
    splits: str
    citation: str
    checksum: str
    notes: str

    def rows(self) -> list[tuple[str, str]]:
        """The fields as (name, text), without those that are empty."""
        return [(f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name)]


def _read_cards() -> dict[str, Card]:
    cards = {}
    for file in sorted(files(__package__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            cards[name] = Card(name=name, **tomllib.loads(file.read_text(encoding="utf-8")))
    return cards


CARDS: dict[str, Card] = _read_cards()
