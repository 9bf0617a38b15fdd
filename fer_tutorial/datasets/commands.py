"""What ``fer-tutorial datasets`` and ``fer-tutorial pack`` do."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fer_tutorial.datasets.cards import CARDS
from fer_tutorial.datasets.load import READERS, open_source, reader_of, splits_of
from fer_tutorial.datasets.packed import pack
from fer_tutorial.errors import UserError

WIDTH = 100


def datasets_table() -> str:
    """All cards in a table: name, whether there is a reader, title; those with a reader first.

    >>> print(datasets_table().splitlines()[0])
    name                 reader          title
    """
    rows = [("name", "reader", "title")]
    for name in sorted(CARDS, key=lambda name: (name not in READERS, name)):
        rows.append((name, "yes" if name in READERS else "no reader yet", CARDS[name].title))
    return "\n".join(f"{name:<21}{reader:<16}{title}" for name, reader, title in rows)


def dataset_card(name: str) -> str:
    """The card of one data set as text.

    Raises:
        UserError: no card of that name.
    """
    if name not in CARDS:
        close = difflib.get_close_matches(name, CARDS, n=1)
        advice = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(CARDS)}"
        raise UserError(f"there is no card for {name!r}; {advice}")
    rows = [*CARDS[name].rows(), ("reader", "yes" if name in READERS else "no reader yet")]
    return "\n".join(
        textwrap.fill(text, WIDTH, initial_indent=f"{field:<10} ", subsequent_indent=" " * 11) for field, text in rows
    )


def pack_splits(
    name: str,
    out: str | Path,
    root: str | Path | None = None,
    splits: Sequence[str] | None = None,
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    progress: bool = True,
    **options: Any,
) -> list[Path]:
    """Pack the splits of a data set into ``out/train``, ``out/valid`` and ``out/test``; returns these folders.

    ``splits`` is, unless given, all the data set has.  Read the result with ``load_data("packed", root=out, ...)``.

    Raises:
        UserError: as :func:`fer_tutorial.datasets.load_data` and :func:`fer_tutorial.datasets.pack`.
    """
    reader_of(name)  # a name without a reader is refused before its splits are looked for
    if splits is None:
        splits = splits_of(name, root, **options)
    folders = []
    for split in splits:
        source = open_source(name, root, split, size, channels, num_classes, **options)
        folders.append(pack(source, Path(out) / split, progress))
    return folders
