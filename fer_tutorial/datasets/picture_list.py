"""Pictures whose labels stand in a list: a text file with the name of a picture and its label in every line."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from fer_tutorial.datasets.expression_names import expression_of
from fer_tutorial.datasets.images import check_size, picture_reader
from fer_tutorial.datasets.list_columns import columns_of
from fer_tutorial.datasets.list_files import lists_of, picture_folder
from fer_tutorial.datasets.list_labels import meaning_of, some_of, with_expressions
from fer_tutorial.datasets.people import DRAWN_BY_PICTURE, drawn_split, people_in, say_drawn, splits_in
from fer_tutorial.datasets.picture_files import PictureIndex
from fer_tutorial.datasets.source import (
    CONTEMPT_LEFT_OUT,
    SPLITS,
    Source,
    check_split,
    existing_root,
    expression_classes,
    logger,
    say_left_out,
)
from fer_tutorial.datasets.split_names import splits_named
from fer_tutorial.datasets.text_tables import read_rows
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

EXPECTED = "a folder with pictures and a list of their labels, or that list"
MISSING_LEFT_OUT = "lines whose picture is not there"


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
    tables = lists_of(path, table)
    mapping = None if expressions is None else meaning_of(expressions, folder)
    index = PictureIndex(picture_folder(folder, pictures))
    records: list[dict[str, Any]] = []
    own: list[dict[str, str]] = []
    for file, split_of_table in tables.items():
        lines = read_rows(file, separator, encoding)
        columns = columns_of(file, lines, index, picture, label, None if split_of_table else split_by, subjects)
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
    rows = with_expressions(where, rows, mapping, left_out)
    rows["picture"] = [index.key(file) for file in rows["file"]]
    by_name = subjects is not None and rows["person"].isna().all()
    if by_name:
        rows["person"] = people_in([PurePosixPath(name) for name in rows["picture"]], subjects)  # type: ignore[arg-type]
    _check_people(where, rows)
    splits_from = _set_splits(where, rows, split_by, table, subjects)
    rows = _once(where, rows, left_out)
    _say_contradicting_folders(rows)
    return _Listed(where, rows, own, mapping, splits_from, bool(rows["person"].notna().all()), left_out)


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
            f"the splits of {where} are called {some_of(strange)}; expected train, valid and test (or Training, "
            "PublicTest, PrivateTest; val, eval), another column with split_by=NAME, or split_by=drawn"
        )
    rows["split"] = rows["split"].map(named)
    if known_people:
        _refuse_shared(where, rows)
    return "from the list" if isinstance(table, str | None) else "from separate lists"


def _refuse_shared(where: Path, rows: pd.DataFrame) -> None:
    splits = rows.groupby("person", sort=False)["split"].unique()
    shared = splits[splits.map(len) > 1]
    if len(shared):
        raise UserError(
            f"{where} has {len(shared):,} people in more than one split, first {shared.index[0]} in "
            f"{' and '.join(shared.iloc[0])}; expected everybody in one, so mend the list, or say "
            "split_by=drawn, which keeps people together"
        )


def _say_contradicting_folders(rows: pd.DataFrame) -> None:
    """Pictures that lie in a folder of another expression: perhaps relabeled, perhaps in the wrong row."""
    folders = [expression_of(PurePosixPath(name).parent.name) for name in rows["picture"]]
    torn = [
        f"{row.picture} ({row.expression})"
        for folder, row in zip(folders, rows.itertuples(), strict=True)
        if folder is not None and folder != row.expression
    ]
    if torn:
        logger.warning(
            "list: %d labels are not those of the folders that the pictures lie in, first %s; labels of the list count",
            len(torn),
            torn[0],
        )


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
