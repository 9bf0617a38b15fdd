"""Where a list and its pictures lie, and options that pair names, such as ``train:FILE,test:FILE``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_tutorial.datasets.picture_files import visible_in
from fer_tutorial.datasets.source import SPLITS
from fer_tutorial.errors import UserError

LIST_SUFFIXES = (".csv", ".tsv", ".txt", ".lst")
NAMED_AT_MOST = 5


def lists_of(path: Path, table: str | Mapping[str, str] | None) -> dict[Path, str | None]:
    """The lists, each with the split that it holds if it is one's own."""
    folder = path if path.is_dir() else path.parent
    if table is None:
        if path.is_file():
            return {path: None}
        found = [file for file in visible_in(folder)[1] if file.suffix.lower() in LIST_SUFFIXES]
        if len(found) == 1:
            return {found[0]: None}
        names = ", ".join(file.name for file in found[:NAMED_AT_MOST])
        raise UserError(
            f"{folder} holds {f'{len(found)} files that may be the list ({names})' if found else 'no list'}; expected "
            "table=FILE, or table=train:FILE,test:FILE where each split has a list of its own"
        )
    if isinstance(table, str) and not re.match(r"\w+:", table):
        return {file_below(folder, table, "table"): None}
    pairs = pairs_of(table, "table", "train:FILE,test:FILE")
    for name in pairs:
        if name not in SPLITS:
            raise UserError(f"table has a list for {name!r}; expected train, valid or test, as in train:FILE,test:FILE")
    return {file_below(folder, name, "table"): split for split, name in pairs.items()}


def file_below(folder: Path, name: str, option: str) -> Path:
    file = folder / name
    try:
        there = file.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise UserError(f"{option} is {name[:200]!r}, but there is no such file in {folder}; expected a path below it")
    return file


def picture_folder(folder: Path, pictures: str | None) -> Path:
    if pictures is None:
        return folder
    if not isinstance(pictures, str) or not (folder / pictures).is_dir():
        raise UserError(f"pictures is {pictures!r}, but {folder} has no such folder; expected a path below it")
    return folder / pictures


def pairs_of(value: str | Mapping[Any, str], option: str, example: str) -> dict[str, str]:
    """``"a:b,c:d"`` or a mapping as a dictionary of strings."""
    if isinstance(value, Mapping):
        return {str(key).strip(): str(item).strip() for key, item in value.items()}
    if not isinstance(value, str):
        raise UserError(f"{option} is {value!r}; expected text such as {example}")
    pairs = {}
    for part in value.split(","):
        key, colon, item = (text.strip() for text in part.partition(":"))
        if not (key and colon and item):
            raise UserError(f"{option} has the part {part.strip()!r}; expected {example}")
        if key in pairs:
            raise UserError(f"{option} says twice what {key} is; expected it once, as in {example}")
        pairs[key] = item
    return pairs
