"""Which column of a list says what: found by what stands in it, or said by an option, by name or by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from fer_tutorial.datasets.expression_names import expression_of
from fer_tutorial.datasets.images import is_whole
from fer_tutorial.datasets.list_labels import plain_label
from fer_tutorial.datasets.picture_files import PictureIndex, is_image
from fer_tutorial.errors import UserError

# What columns are usually called; another name is said by an option.
LABEL_NAMES = ("label", "labels", "emotion", "emotions", "expression", "expressions", "class")
SPLIT_NAMES = ("split", "splits", "subset", "partition", "usage")
PERSON_NAMES = ("subject", "subjects", "person", "people", "subject_id", "person_id")


@dataclass
class Columns:
    """Where in the lines of a list stands what."""

    names: list[str] | None  # the head
    picture: int
    label: int
    split: int | None
    person: int | None


def columns_of(
    file: Path,
    lines: list[list[str]],
    index: PictureIndex,
    picture: str | int | None,
    label: str | int | None,
    split_by: str | int | None,
    subjects: str | int | None,
) -> Columns:
    first = lines[0]
    picture_column = _column(file, first, picture, "picture") if picture is not None else _picture_column(file, lines)
    name = first[picture_column]
    is_named = is_image(PurePosixPath(name)) or index.find(name) is not None
    # A first line with a label is a picture's, though the picture be not there.
    has_label = any(
        expression_of(field) or plain_label(field).lstrip("-").isdecimal()
        for number, field in enumerate(first)
        if number != picture_column
    )
    has_head = not is_named and not has_label
    names = first if has_head else None
    if has_head and len(lines) == 1:
        raise UserError(f"{file} has one line, which names no picture; expected the name of a picture in every line")
    if names and len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise UserError(f"{file} has two columns {twice!r}; expected every name once")
    if label is not None:
        label_column = _column(file, first, label, "label")
    else:
        usual = _called(names, LABEL_NAMES)
        others = [number for number in range(len(first)) if number != picture_column]
        if usual is None and len(others) > 1:
            raise UserError(
                f"it is not plain which column of {file} has the labels: {_listing(first, has_head)}; expected "
                "label=NAME or label=NUMBER"
            )
        label_column = others[0] if usual is None else usual
    if label_column == picture_column:
        raise UserError(f"label and picture are the same column of {file}; expected two columns")
    return Columns(
        names,
        picture_column,
        label_column,
        _called(names, SPLIT_NAMES) if split_by is None else _column_or_pattern(file, first, split_by, "split_by"),
        _called(names, PERSON_NAMES) if subjects is None else _column_or_pattern(file, first, subjects, "subjects"),
    )


def _picture_column(file: Path, lines: list[list[str]]) -> int:
    """The column in which more than half of the lines end as images do."""
    counts = np.array([[is_image(PurePosixPath(field)) for field in line] for line in lines]).sum(axis=0)
    likely = np.flatnonzero(2 * counts > len(lines) - (len(lines) > 1))
    if len(likely) != 1:
        raise UserError(
            f"it is not plain which column of {file} names the pictures: {_listing(lines[0], True)}; expected "
            "picture=NAME or picture=NUMBER (the first is 1)"
        )
    return int(likely[0])


def _listing(first: Sequence[str], has_head: bool) -> str:
    what = "it has" if has_head else "its first line is"
    return f"{what} {', '.join(first)[:200]}"


def _called(names: Sequence[str] | None, usual: Iterable[str]) -> int | None:
    """The one column that is called by a usual name."""
    found = [number for number, name in enumerate(names or ()) if name.lower() in usual]
    return found[0] if len(found) == 1 else None


def _column(file: Path, first: Sequence[str], wanted: str | int, option: str) -> int:
    """The column that an option says, by name or by number, counted from 1."""
    names = [name.lower() for name in first]
    if isinstance(wanted, str) and wanted.strip().lower() in names:
        return names.index(wanted.strip().lower())
    if is_whole(wanted) or (isinstance(wanted, str) and wanted.strip().isdecimal()):
        if not 1 <= int(wanted) <= len(first):
            raise UserError(f"{option} is {wanted}, but {file} has {len(first)} columns; expected 1 to {len(first)}")
        return int(wanted) - 1
    raise UserError(
        f"{option} is {wanted!r}, but {file} has no such column: {_listing(first, True)}; expected the name of a "
        "column or its number"
    )


def _column_or_pattern(file: Path, first: Sequence[str], wanted: str | int, option: str) -> int | None:
    """The column that an option says, or None if the option is a pattern for the pictures' names."""
    names = [name.lower() for name in first]
    if wanted == "drawn" and option == "split_by":
        return None
    if isinstance(wanted, str) and "(" in wanted and wanted.strip().lower() not in names:
        return None
    return _column(file, first, wanted, option)
