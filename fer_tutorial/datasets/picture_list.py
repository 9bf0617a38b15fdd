"""Pictures whose labels stand in a list: a text file with the name of a picture and its label in every line."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from fer_tutorial.datasets.expression_names import NUMBERS_DIFFER, advice_for, expression_of
from fer_tutorial.datasets.images import check_size, is_whole, picture_reader
from fer_tutorial.datasets.people import DRAWN_BY_PICTURE, drawn_split, people_in, say_drawn, splits_in
from fer_tutorial.datasets.picture_files import PictureIndex, is_image, visible_in
from fer_tutorial.datasets.source import (
    CONTEMPT_LEFT_OUT,
    SPLITS,
    Source,
    check_split,
    existing_root,
    expression_classes,
    say_left_out,
)
from fer_tutorial.datasets.split_names import splits_named
from fer_tutorial.datasets.text_tables import read_rows
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

EXPECTED = "a folder with pictures and a list of their labels, or that list"
LIST_SUFFIXES = (".csv", ".tsv", ".txt", ".lst")
# What columns are usually called; another name is said by an option.
LABEL_NAMES = ("label", "labels", "emotion", "emotions", "expression", "expressions", "class")
SPLIT_NAMES = ("split", "splits", "subset", "partition", "usage")
PERSON_NAMES = ("subject", "subjects", "person", "people", "subject_id", "person_id")
HOW_TO_MAP = (
    "expressions=1:surprise,2:fear,3:disgust (or expressions=FILE, a file with a label and its expression in a line)"
)
MISSING_LEFT_OUT = "lines whose picture is not there"
NAMED_AT_MOST = 5


def open_list(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    table: str | Mapping[str, str] | None = None,
    pictures: str | None = None,
    picture: str | int | None = None,
    label: str | int | None = None,
    expressions: str | Mapping[Any, str] | None = None,
    split_by: str | int | None = None,
    subjects: str | int | None = None,
    missing: str = "refuse",
    separator: str | None = None,
    encoding: str | None = None,
) -> Source:
    r"""Read the pictures that a list names, with the labels that it gives them.

    The list may be separated by commas, tabs, semicolons or blanks, and may have a head or none.  A column is said by
    its name or by its number, counted from 1.  Numbers as labels are refused unless ``expressions`` says what they
    mean, since they mean different expressions in different data sets.

    Args:
        root: the folder that holds list and pictures, or the list itself.
        split: ``train``, ``valid``, ``test`` or ``all``.
        table: the list, by its path below ``root``; several, one a split, as ``train:FILE,test:FILE``.  Unless given,
            the only .csv, .tsv, .txt or .lst file in ``root``.
        pictures: the folder, below ``root``, of the pictures; the whole of ``root`` unless given.
        picture: the column of the pictures' names; found by the suffixes of images unless given.
        label: the column of the labels; found by its name (label, emotion, expression ...) unless given.
        expressions: what the labels mean, as ``1:surprise,2:fear`` or a file with a label and an expression in every
            line.  Pictures with other labels are then left out.  Unless given, labels are names of expressions.
        split_by: the column that says train, valid or test (or Training, PublicTest ...), a regular expression whose
            one group finds that in a picture's name, or ``drawn``.  Unless given, what ``table`` says, or a column
            called split or usage; where there is none, 80, 10 and 10 % are drawn, as from a folder.
        subjects: the column that says who is pictured, or a regular expression whose one group finds that in a
            picture's name, such as ``^(S\d+)_``.  Unless given, a column called subject or person, if there is one.
        missing: ``refuse`` a list that names pictures that are not there, or ``skip`` them.
        separator: ``comma``, ``tab``, ``semicolon`` or ``blanks``, where it is not found by itself.
        encoding: of the list, UTF-8 unless given.

    How many lines are left out, and why, is logged.  A picture that is listed twice alike is taken once.  ``index`` is
    the number of the line among those of all lists, from 0.  What else the list says of a picture (age, gender ...) is
    in :func:`picture_table`.

    Raises:
        UserError: a list or a column that is not there or not plain, labels that are no expressions, numbers without a
            meaning, missing pictures, a picture listed with two labels or in two splits.
    """
    check_size(size, channels)
    class_names = expression_classes(num_classes)
    check_split("a list", split, (*SPLITS, "all"))
    listed = _read(root, table, pictures, picture, label, expressions, split_by, subjects, missing, separator, encoding)
    rows = listed.rows if split == "all" else listed.rows[listed.rows["split"] == split]
    if not len(rows):
        has = ", ".join(name for name in SPLITS if name in set(listed.rows["split"]))
        raise UserError(
            f"{listed.where} has no pictures in split {split!r}; it has {has or 'none at all'}, so choose one of these "
            "(--split), 'all', or hold out a share of the training pictures (--holdout 0.1)"
        )
    labels = np.array([EXPRESSIONS.index(name) for name in rows["expression"]])
    known = labels < num_classes
    if not known.any():
        raise UserError(f"{listed.where} names nothing but contempt in split {split!r}; expected num_classes=8")
    say_left_out("list", split, {CONTEMPT_LEFT_OUT: int((~known).sum()), **listed.left_out})
    if listed.splits_from.startswith("drawn") and split != "all":
        say_drawn("list", split, listed.people_known)
    table_of_samples = {
        "labels": labels[known],
        "index": rows["index"].to_numpy()[known],
        "keys": rows["picture"].to_numpy(str)[known],
    }
    if listed.people_known:
        people = np.unique(listed.rows["person"].to_numpy(str))
        table_of_samples["subjects"] = np.searchsorted(people, rows["person"].to_numpy(str))[known]
    return Source(
        "list",
        split,
        class_names,
        table_of_samples,
        (size, size, channels),
        picture_reader(list(rows["file"][known]), size, channels),
        provenance={
            "root": str(listed.where.resolve()),
            "labels": "by name"
            if listed.mapping is None
            else ", ".join(f"{a}: {b}" for a, b in listed.mapping.items()),
            "splits": listed.splits_from,
        },
    )


def picture_table(root: str | Path, **options: Any) -> pd.DataFrame:
    """What a list says: a row a picture, with the columns of the list by their own names (column 3, if it has no head).

    Before them stand ``picture`` (a sample's key in :class:`FaceData`), ``index``, ``expression``, ``split`` and
    ``person`` (None where nobody knows).  Rows are those that :func:`load_data` reads, contempt included.

    Args:
        root: as for ``load_data("list", root)``.
        **options: as there.

    Raises:
        UserError: as there.
    """
    known = list(inspect.signature(_read).parameters)[1:]
    for option in options:
        if option not in known:
            raise UserError(f"a list has no option {option!r}; expected {', '.join(known)}")
    return _read(root, **options).as_table()


def list_splits(path: Path, **options: Any) -> tuple[str, ...]:
    """The splits that the pictures of a list are in."""
    found = set(picture_table(path, **options)["split"])
    return tuple(split for split in SPLITS if split in found)


@dataclass
class _Listed:
    """The pictures of all splits: ``rows`` has the columns picture, index, expression, split, person and file."""

    where: Path
    rows: pd.DataFrame
    own: list[dict[str, str]]  # of each list's line, by its index, all its fields by the names of their columns
    mapping: dict[str, str] | None
    splits_from: str
    people_known: bool
    left_out: dict[str, int]

    def as_table(self) -> pd.DataFrame:
        rows = self.rows.drop(columns="file").reset_index(drop=True)
        own = pd.DataFrame([self.own[index] for index in rows["index"]])
        return pd.concat([rows, own[[name for name in own.columns if name not in rows.columns]]], axis=1)


@dataclass
class _Columns:
    """Where in the lines of a list stands what."""

    names: list[str] | None  # the head
    picture: int
    label: int
    split: int | None
    person: int | None


def _read(
    root: str | Path | None,
    table: str | Mapping[str, str] | None = None,
    pictures: str | None = None,
    picture: str | int | None = None,
    label: str | int | None = None,
    expressions: str | Mapping[Any, str] | None = None,
    split_by: str | int | None = None,
    subjects: str | int | None = None,
    missing: str = "refuse",
    separator: str | None = None,
    encoding: str | None = None,
) -> _Listed:
    path = existing_root("a list of pictures", root, EXPECTED)
    if missing not in ("refuse", "skip"):
        raise UserError(f"missing is {missing!r}; expected 'refuse' or 'skip'")
    folder = path if path.is_dir() else path.parent
    tables = _tables(path, table)
    mapping = None if expressions is None else _mapping(expressions, folder)
    index = PictureIndex(_picture_folder(folder, pictures))
    records: list[dict[str, Any]] = []
    own: list[dict[str, str]] = []
    for file, split_of_table in tables.items():
        lines = read_rows(file, separator, encoding)
        columns = _columns(file, lines, index, picture, label, None if split_of_table else split_by, subjects)
        head = columns.names or [f"column {number + 1}" for number in range(len(lines[0]))]
        for line in lines[columns.names is not None :]:
            records.append(
                {
                    "picture": line[columns.picture],
                    "index": len(own),
                    "label": line[columns.label],
                    "split": split_of_table or (None if columns.split is None else line[columns.split]),
                    "person": None if columns.person is None else line[columns.person],
                    "file": index.find(line[columns.picture]),
                }
            )
            own.append(dict(zip(head, line, strict=True)))
    rows = pd.DataFrame(records, columns=["picture", "index", "label", "split", "person", "file"])
    where = path if len(tables) > 1 else next(iter(tables))
    left_out: dict[str, int] = {}
    rows = _there(where, rows, index, missing, left_out)
    rows = _with_expressions(where, rows, mapping, left_out)
    rows["picture"] = [index.key(file) for file in rows["file"]]
    by_name = subjects is not None and rows["person"].isna().all()
    if by_name:
        rows["person"] = people_in([PurePosixPath(name) for name in rows["picture"]], subjects)  # type: ignore[arg-type]
    _check_people(where, rows)
    splits_from = _set_splits(where, rows, split_by, table, subjects)
    rows = _once(where, rows, left_out)
    return _Listed(where, rows, own, mapping, splits_from, bool(rows["person"].notna().all()), left_out)


def _tables(path: Path, table: str | Mapping[str, str] | None) -> dict[Path, str | None]:
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
        return {_file(folder, table, "table"): None}
    pairs = _pairs(table, "table", "train:FILE,test:FILE")
    for name in pairs:
        if name not in SPLITS:
            raise UserError(f"table has a list for {name!r}; expected train, valid or test, as in train:FILE,test:FILE")
    return {_file(folder, name, "table"): split for split, name in pairs.items()}


def _file(folder: Path, name: str, option: str) -> Path:
    file = folder / name
    try:
        there = file.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise UserError(f"{option} is {name[:200]!r}, but there is no such file in {folder}; expected a path below it")
    return file


def _picture_folder(folder: Path, pictures: str | None) -> Path:
    if pictures is None:
        return folder
    if not isinstance(pictures, str) or not (folder / pictures).is_dir():
        raise UserError(f"pictures is {pictures!r}, but {folder} has no such folder; expected a path below it")
    return folder / pictures


def _pairs(value: str | Mapping[Any, str], option: str, example: str) -> dict[str, str]:
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


def _mapping(expressions: str | Mapping[Any, str], folder: Path) -> dict[str, str]:
    """What each label means: expressions by labels as :func:`plain_label` writes them."""
    if isinstance(expressions, str) and ":" not in expressions:
        pairs = _mapping_of_file(_file(folder, expressions, "expressions"))
    else:
        pairs = _pairs(expressions, "expressions", HOW_TO_MAP)
    mapping: dict[str, str] = {}
    for label, name in pairs.items():
        expression = expression_of(name)
        if expression is None:
            raise UserError(f"expressions says that {label} is {name!r}, which is no expression; {advice_for(name)}")
        if mapping.setdefault(plain_label(label), expression) != expression:
            raise UserError(f"expressions says twice what {plain_label(label)} is; expected it once")
    return mapping


def _mapping_of_file(file: Path) -> dict[str, str]:
    """A label and an expression in every line, in either order, with or without a head."""
    lines = read_rows(file)
    if len(lines[0]) != 2:
        raise UserError(f"{file} has {len(lines[0])} fields in every line; expected two, a label and its expression")
    column = 0 if sum(bool(expression_of(line[0])) for line in lines) > len(lines) / 2 else 1
    if len(lines) > 1 and expression_of(lines[0][column]) is None:
        lines = lines[1:]
    pairs: dict[str, str] = {}
    for line in lines:
        label, name = line[1 - column], line[column]
        if pairs.setdefault(label, name) != name:
            raise UserError(f"{file} says twice what {label} is; expected it once")
    return pairs


def plain_label(label: str) -> str:
    """A label without what programs add to it: ``3.0`` and ``03`` are ``3``, and capitals do not matter.

    >>> [plain_label(label) for label in ("3.0", "03", " Happy ", "-1", "1e0")]
    ['3', '3', 'happy', '-1', '1']
    """
    label = label.strip().lower()
    if re.fullmatch(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", label) and float(label).is_integer():
        return str(int(float(label)))
    return label


def _columns(
    file: Path,
    lines: list[list[str]],
    index: PictureIndex,
    picture: str | int | None,
    label: str | int | None,
    split_by: str | int | None,
    subjects: str | int | None,
) -> _Columns:
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
    return _Columns(
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


def _there(
    where: Path, rows: pd.DataFrame, index: PictureIndex, missing: str, left_out: dict[str, int]
) -> pd.DataFrame:
    gone = rows["file"].isna()
    if gone.any() and (missing == "refuse" or gone.all()):
        raise UserError(
            f"{int(gone.sum()):,} of the {len(rows):,} pictures that {where} names are not among the {len(index):,} "
            f"below {index.folder}, first {rows['picture'][gone].iloc[0]!r}; say where they lie with "
            "pictures=FOLDER, or leave them out with missing=skip"
        )
    left_out[MISSING_LEFT_OUT] = int(gone.sum())
    return rows[~gone].copy()


def _with_expressions(
    where: Path, rows: pd.DataFrame, mapping: dict[str, str] | None, left_out: dict[str, int]
) -> pd.DataFrame:
    plain = rows.pop("label").map(plain_label)
    counts = Counter(plain)
    if mapping is None:
        strange = sorted(label for label in counts if expression_of(label) is None)
        numbers = [label for label in strange if re.fullmatch(r"-?\d+", label)]
        if numbers:
            raise UserError(
                f"{where} has numbers as labels ({_some(numbers)}), and {NUMBERS_DIFFER}; expected to be told what "
                f"they mean, with {HOW_TO_MAP}"
            )
        if strange:
            raise UserError(
                f"{where} has {sum(counts[label] for label in strange):,} labels that are no expressions "
                f"({_some(strange)}); {advice_for(strange[0])}; what labels mean can be said with expressions=happy-1:"
                "happiness,sad-1:sadness, and then others are left out"
            )
        rows.insert(2, "expression", plain.map(expression_of))
        return rows
    other = sorted(label for label in counts if label not in mapping)
    if len(other) == len(counts):
        raise UserError(
            f"{where} has the labels {_some(other)}, none of which expressions explains; it explains "
            f"{_some(list(mapping))}, so mend it"
        )
    if other:
        named = _some([f"{label or 'empty'}: {counts[label]:,}" for label in other])
        left_out[f"lines with other labels than those explained ({named})"] = sum(counts[label] for label in other)
    rows.insert(2, "expression", plain.map(mapping))
    return rows[rows["expression"].notna()].copy()


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(name[:30] or "an empty one" for name in names[:NAMED_AT_MOST])
    return shown + (", and so on" if len(names) > NAMED_AT_MOST else "")


def _check_people(where: Path, rows: pd.DataFrame) -> None:
    nobody = rows["person"].isna() | (rows["person"] == "")
    if nobody.any() and not rows["person"].isna().all():
        raise UserError(
            f"{where} does not say who is in {int(nobody.sum()):,} pictures, first {rows['picture'][nobody].iloc[0]}; "
            "expected a person in every line, or subjects=PATTERN that finds them in the names"
        )


def _set_splits(
    where: Path,
    rows: pd.DataFrame,
    split_by: str | int | None,
    table: str | Mapping[str, str] | None,
    subjects: str | int | None,
) -> str:
    """Fill the column ``split`` with train, valid and test; returns where they are from."""
    known_people = rows["person"].notna().all()
    if split_by == "drawn" or (split_by is None and rows["split"].isna().any()):
        rows["split"] = [drawn_split(name) for name in rows["person" if known_people else "picture"]]
        return f"drawn by person ({subjects or 'a column of the list'})" if known_people else DRAWN_BY_PICTURE
    if rows["split"].isna().any():
        rows["split"] = splits_in([PurePosixPath(name) for name in rows["picture"]], str(split_by))
    values = rows["split"].unique()
    named = splits_named(values)
    strange = [value for value in values if value not in named]
    if strange:
        raise UserError(
            f"the splits of {where} are called {_some(strange)}; expected train, valid and test (or Training, "
            "PublicTest, PrivateTest; val, eval), another column with split_by=NAME, or split_by=drawn"
        )
    rows["split"] = rows["split"].map(named)
    return "from the list" if isinstance(table, str | None) else "from separate lists"


def _once(where: Path, rows: pd.DataFrame, left_out: dict[str, int]) -> pd.DataFrame:
    """The first line of every picture, if all its lines say the same."""
    again = rows["file"].duplicated(keep=False)
    kinds = rows[again].groupby("file", sort=False)[["expression", "split"]].nunique()
    torn = kinds.index[(kinds > 1).any(axis=1)]
    if len(torn):
        first = rows[rows["file"] == torn[0]]
        said = " and ".join(sorted({f"{row.expression} ({row.split})" for row in first.itertuples()}))
        raise UserError(
            f"{where} lists {len(torn):,} pictures more than once with several labels or splits, first "
            f"{first['picture'].iloc[0]}: {said}; expected one line a picture, so keep the right ones"
        )
    left_out["lines that repeat a picture"] = int(rows["file"].duplicated().sum())
    return rows[~rows["file"].duplicated()]
