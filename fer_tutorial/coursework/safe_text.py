"""Text of others as it may stand in a table: one line, nothing invisible, and no formula of a spreadsheet."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

LONGEST = 300
FORMULA = ("=", "+", "-", "@")


def safe(text: str) -> str:
    r"""``text`` with invisible characters written out, and an apostrophe before what would be a formula.

    >>> print(safe('=HYPERLINK("x")'), safe("a\nb"), safe("\u202egnp.exe"))
    '=HYPERLINK("x") a\nb \u202egnp.exe
    """
    shown = "".join(_visible(letter) for letter in text[:LONGEST])
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown


def _visible(letter: str) -> str:
    hidden = unicodedata.category(letter)[0] == "C" or letter in "\u2028\u2029"
    return letter.encode("unicode_escape").decode() if hidden else letter


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """A CSV file whose texts are safe."""
    part = path.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for row in rows:
            writer.writerow({name: safe(value) if isinstance(value, str) else value for name, value in row.items()})
    part.replace(path)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, as they were written by a spreadsheet or by :func:`write_table`."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [{key: value or "" for key, value in row.items() if key is not None} for row in csv.DictReader(file)]
