"""EmotioNet (Benitez-Quiroz et al. 2016): lists of addresses of photographs, with categories or action units.

The owners hand out lists alone.  ``URLsWithEmotionCat_aws_free.xlsx`` has two addresses a row and a column of 0 and 1
for each of 16 categories; ``dataFile_0001.txt`` and on have two addresses and action units 1 to 60 (1 active, 0 not,
999 not annotated).  Pictures that somebody has fetched are found by the last part of an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from fer_tutorial.datasets.images import UnreadableImage, check_size, open_image_file
from fer_tutorial.datasets.optional import optional_module
from fer_tutorial.datasets.people import DRAWN_BY_PICTURE, drawn_split, say_drawn
from fer_tutorial.datasets.picture_files import PictureIndex, files_below
from fer_tutorial.datasets.source import SPLITS, Source, check_split, existing_root, reason
from fer_tutorial.datasets.stills import stills_source
from fer_tutorial.errors import UserError

EXPECTED = "a folder with URLsWithEmotionCat_aws_free.xlsx and the pictures that you fetched"
# The columns of the categories, in the owners' order; None for those that are no basic expression.
CATEGORIES: dict[str, str | None] = {
    **{"angrily disgusted": None, "angrily surprised": None, "angry": "anger", "appalled": None, "awed": None},
    **{"disgusted": "disgust", "fearful": "fear", "fearfully angry": None, "fearfully surprised": None},
    **{"happily disgusted": None, "happily surprised": None, "happy": "happiness", "sad": "sadness"},
    **{"sadly angry": None, "sadly disgusted": None, "surprised": "surprise"},
}
ACTION_UNITS = range(1, 61)
NOT_ANNOTATED = 999
# An address that is dead is often answered with a page, or with a picture of a few pixels.
SMALLEST = 16


def open_emotionet(
    root: str | Path | None, split: str = "train", size: int = 48, channels: int = 3, num_classes: int = 7
) -> Source:
    """Pictures of one basic category, as far as they were fetched; there is no neutral.

    Rows of a compound category or of several, rows whose picture is not there, and files that are no photographs are
    counted and left out.  There is no split of the owners', so 80, 10 and 10 % are drawn by a checksum of the names, or
    ``all`` is read.  Nobody says who is pictured.  ``index`` is the number of the row, from 0.  Reading the list needs
    the extra ``formats``.  Action units are in :func:`emotionet_action_units`.

    Raises:
        UserError: no list of categories, or one that is not as the owners'; no pictures.
    """
    check_size(size, channels)
    check_split("emotionet", split, (*SPLITS, "all"))
    path = existing_root("emotionet", root, EXPECTED)
    if not path.is_dir():
        raise UserError(f"{path} is a file; expected {EXPECTED}")
    lists = [file for file in files_below(path) if file.suffix.lower() == ".xlsx"]
    if len(lists) != 1:
        raise UserError(f"{path} has {len(lists)} files such as URLsWithEmotionCat_aws_free.xlsx; expected {EXPECTED}")
    pictures = PictureIndex(path)
    left_out = dict.fromkeys(
        ("rows of a compound category or several", "rows whose picture is not there", "files that are no photographs"),
        0,
    )
    of_many, not_there, no_photograph = left_out
    rows: list[tuple[int, Path, str]] = []
    for number, (addresses, expression) in enumerate(_categories(lists[0])):
        if expression is None:
            left_out[of_many] += 1
            continue
        file = next((found for name in map(_name, addresses) if (found := pictures.find(name))), None)
        if file is None:
            left_out[not_there] += 1
        elif not _is_photograph(file):
            left_out[no_photograph] += 1
        else:
            rows.append((number, file, expression))
    if not rows:
        raise UserError(
            f"none of the pictures that {lists[0]} lists is below {path}; expected them by the last part of their "
            "addresses, so fetch them first"
        )
    chosen = [row for row in rows if split in (drawn_split(row[1].name), "all")]
    if split != "all":
        say_drawn("emotionet", split, by_person=False, advice="")
    return stills_source(
        "emotionet",
        split,
        size,
        channels,
        num_classes,
        [file for _, file, _ in chosen],
        [expression for _, _, expression in chosen],
        {
            "index": np.array([number for number, _, _ in chosen], np.int64),
            "keys": np.array([pictures.key(file) for _, file, _ in chosen], str),
        },
        {"root": str(path.resolve()), "form": lists[0].name, "splits": DRAWN_BY_PICTURE},
        left_out,
    )


def emotionet_action_units(root: str | Path) -> pd.DataFrame:
    """Which action units are active: a row a picture of the files ``dataFile_*.txt``, NaN where not annotated.

    The columns are ``address`` and ``au_1`` to ``au_60``.  1 says that a unit is active and not how much.

    Raises:
        UserError: no such files, or lines that are not as the owners'.
    """
    path = existing_root("emotionet", root, EXPECTED)
    files = sorted(file for file in files_below(path) if file.name.lower().startswith("datafile_"))
    rows = [row for file in files for row in _unit_rows(file)]
    if not rows:
        raise UserError(f"{path} has no files such as dataFile_0001.txt; expected the owners' lists of action units")
    return pd.DataFrame(rows, columns=["address", *(f"au_{unit}" for unit in ACTION_UNITS)])


def _categories(file: Path) -> Iterator[tuple[tuple[str, str], str | None]]:
    """Two addresses a row, and the expression if there is one category and it is basic."""
    optional_module("openpyxl", file)
    try:
        table = pd.read_excel(file, header=None, engine="openpyxl")
    except Exception as error:  # whatever a reader of spreadsheets stumbles over, it is the file that is damaged
        raise UserError(f"{file} cannot be read ({reason(error)}); expected the owners' table") from None
    if table.shape[1] < 2 + len(CATEGORIES):
        raise UserError(f"{file} has {table.shape[1]} columns; expected two addresses and {len(CATEGORIES)} categories")
    flags = table.iloc[:, 2 : 2 + len(CATEGORIES)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    head = int(len(flags) > 0 and np.isnan(flags[0]).all())
    wrong = np.flatnonzero(~np.isin(flags[head:], (0, 1)).all(axis=1))
    if len(wrong):
        raise UserError(
            f"row {wrong[0] + 1 + head} of {file} has categories that are not 0 or 1; expected one column each"
        )
    words = list(CATEGORIES.values())
    for addresses, row in zip(table.iloc[head:, :2].astype(str).to_numpy(), flags[head:], strict=True):
        active = np.flatnonzero(row)
        yield (addresses[0], addresses[1]), words[active[0]] if len(active) == 1 else None


def _name(address: str) -> str:
    return address.strip().rstrip("/").rpartition("/")[2]


def _is_photograph(file: Path) -> bool:
    try:
        return min(open_image_file(file).size) >= SMALLEST
    except UnreadableImage:
        return False


def _unit_rows(file: Path) -> Iterator[list[object]]:
    try:
        lines = file.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({reason(error)}); copy it again") from None
    for number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields:
            continue
        try:
            values = [float(field) for field in fields[2:]]
        except ValueError:
            values = []
        if len(values) != len(ACTION_UNITS) or not {*values} <= {0, 1, NOT_ANNOTATED}:
            raise UserError(f"line {number} of {file} is no list of 60 action units; expected 0, 1 or 999 for each")
        yield [fields[0], *(np.nan if value == NOT_ANNOTATED else value for value in values)]
