"""Reading notebooks that anybody may have made, and finding out only that they cannot be read."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Any

import nbformat

from fer_tutorial.coursework.markers import METADATA

LARGEST = 20_000_000  # bytes, the outputs included
ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Unreadable(Exception):
    """This is no notebook; the message says why."""


@dataclass(frozen=True)
class Cell:
    """What counts of a cell.

    Attributes:
        code: whether it is a cell of code.
        source: its text.
        task: that its metadata name.
    """

    code: bool
    source: str
    task: str | None = None


def read_cells(content: bytes) -> list[Cell]:
    """The cells of a notebook, of any version of the format, without their outputs.

    Raises:
        Unreadable: it is empty, too large, or none.
    """
    if not content.strip():
        raise Unreadable("the file is empty")
    if len(content) > LARGEST:
        raise Unreadable(too_large(len(content)))
    try:
        cells = nbformat.reads(_decoded(content), as_version=4).cells
        return [_cell(cell) for cell in cells]
    except UnicodeDecodeError as error:
        raise Unreadable("the file is no text") from error
    except RecursionError as error:
        raise Unreadable("the file is nested too deeply") from error
    except Exception as error:  # nbformat raises many kinds, all of them meaning the same
        raise Unreadable("the file is not a notebook") from error


def too_large(size: int) -> str:
    """What is said of a file of so many bytes."""
    return f"the file has {size / 1e6:.0f} MB; clear the outputs, {LARGEST / 1e6:.0f} are the most"


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in ENCODINGS.items() if content.startswith(mark)), "utf-8")
    return content.decode(encoding)


def _cell(cell: Any) -> Cell:
    source = cell.get("source", "")
    task = cell.get("metadata", {}).get(METADATA)
    return Cell(
        cell.get("cell_type") == "code",
        source if isinstance(source, str) else "",
        task if isinstance(task, str) else None,
    )
