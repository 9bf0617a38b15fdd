"""The two tables of FER2013 and FERPlus: ``fer2013.csv`` with the pixels as text, ``fer2013new.csv`` with the votes.

They are read as people's programs write them: with or without a byte order mark, quotes, spaces around names, an extra
column of row numbers, any order of columns, line ends of Windows.  Messages count data rows from 1, below the header.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from PIL import Image

from fer_tutorial.datasets.images import UnreadableImage
from fer_tutorial.datasets.places import Place, errors_named, opened, refuse_bomb
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

USAGES: dict[str, str] = {"train": "Training", "valid": "PublicTest", "test": "PrivateTest"}
VOTE_COLUMNS: tuple[str, ...] = (*EXPRESSIONS, "unknown", "NF")
# The seven labels of fer2013.csv, 0 to 6, in its own order.
FER2013_CLASSES: tuple[str, ...] = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FACE_SIZE = 48
PIXEL_FILES = ("fer2013.csv", "icml_face_data.csv")
ARCHIVES = (".tar", ".tgz", ".gz", ".zip", ".rar", ".7z")


class PixelRows:
    """``fer2013.csv``: emotion and usage of every row, and where its pixels lie, so that they are read when needed.

    Args:
        place: the file.
        count: how many labels there are, from 0.
        usage: of all rows, where the file has no such column.

    Raises:
        UserError: columns missing, rows of another length, labels that are none, an unknown usage.
    """

    def __init__(self, place: Place, count: int = len(FER2013_CLASSES), usage: str | None = None) -> None:
        self.place = place
        wanted = ("emotion", "pixels", "usage") if usage is None else ("emotion", "pixels")
        refuse_bomb(place)
        with errors_named(place):
            self._file = place.open("rb")
            header = [name.decode(errors="replace").lower() for name in self._header()]
            _check_columns(place, header, wanted)
            self._emotion, self._pixels = header.index("emotion"), header.index("pixels")
            self._width = len(header)
            emotion: list[str] = []
            usages: list[str] = []
            offsets: list[int] = []
            for offset, line in self._lines():
                fields = self._fields(line, len(offsets))
                offsets.append(offset)
                emotion.append(fields[self._emotion].decode(errors="replace").strip())
                usages.append(usage or fields[header.index("usage")].decode(errors="replace"))
        self._offsets = np.array(offsets, np.int64)
        self.usage = canonical_usage(usages, place)
        labels = pd.to_numeric(pd.Series(emotion, dtype=str), errors="coerce").to_numpy(np.float64)
        wrong = np.flatnonzero(~np.isin(labels, np.arange(count)))
        if len(wrong):
            raise UserError(
                f"{place} has the label {emotion[wrong[0]]!r} in data row {wrong[0] + 1}; expected 0 to {count - 1}"
            )
        self.emotion = labels.astype(np.int64)

    def face(self, row: int) -> Image.Image:
        """The picture in ``row``, counted from 0."""
        with errors_named(self.place):
            self._file.seek(int(self._offsets[row]))
            text = self._fields(self._file.readline(), row)[self._pixels]
        try:
            values = np.array(text.split(), dtype=np.int64)
        except (ValueError, OverflowError):
            raise self._unreadable(row, "has pixels that are no numbers") from None
        if len(values) != FACE_SIZE**2:
            raise self._unreadable(row, f"has {len(values)} pixels; expected {FACE_SIZE**2} ({FACE_SIZE}×{FACE_SIZE})")
        if values.min() < 0 or values.max() > 255:
            raise self._unreadable(row, "has pixels outside 0..255")
        return Image.fromarray(values.astype(np.uint8).reshape(FACE_SIZE, FACE_SIZE))  # (2304,) -> (48, 48)

    def _unreadable(self, row: int, why: str) -> UnreadableImage:
        return UnreadableImage(f"data row {row + 1} of {self.place}", why)

    def _header(self) -> list[bytes]:
        line = self._file.readline()
        if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise UserError(f"{self.place} is encoded in UTF-16; expected UTF-8, so save it as CSV in UTF-8")
        line = line.removeprefix(codecs.BOM_UTF8)
        return [name.strip() for name in _split(line, self.place)]

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        while True:
            offset = self._file.tell()
            line = self._file.readline()
            if not line:
                return
            if line.strip():
                yield offset, line

    def _fields(self, line: bytes, row: int) -> list[bytes]:
        fields = _split(line, self.place)
        if len(fields) != self._width:
            raise UserError(f"{self.place} has {len(fields)} fields in data row {row + 1}; expected {self._width}")
        return fields


def read_vote_table(place: Place) -> pd.DataFrame:
    """``fer2013new.csv`` with the columns Usage, Image name and the ten votes.

    Raises:
        UserError: no table, columns missing, votes that are none, an unknown usage.
    """
    table = _read_table(place, "Usage, Image name and ten votes")
    wanted = {name.lower(): name for name in ("Usage", "Image name", *VOTE_COLUMNS)}
    found = [str(column).strip() for column in table.columns]
    table.columns = pd.Index([wanted.get(column.lower(), column) for column in found])
    _check_columns(place, list(table.columns), tuple(wanted.values()))
    table["Usage"] = canonical_usage([str(value) for value in table["Usage"]], place)
    names = table["Image name"]
    table["Image name"] = _stripped(names).where(names.notna())
    check_votes(table[list(VOTE_COLUMNS)], place)
    return table


def read_label_csv(place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Names and votes (N, 10) of a split's ``label.csv``, which has no header: name, box, ten votes.

    Raises:
        UserError: no table, another number of columns, votes that are none, names that are none or repeat.
    """
    columns = 2 + len(VOTE_COLUMNS)
    table = _read_table(place, "name, box and ten votes", header=None)
    if table.shape[1] != columns:
        raise UserError(f"{place} has {table.shape[1]} columns; expected {columns}: name, box and ten votes")
    names = _stripped(table[0]).to_numpy(str)
    check_names(names, place)
    values, counts = np.unique(names, return_counts=True)
    if counts.max() > 1:
        raise UserError(f"{place} names {values[counts.argmax()]} {counts.max()} times; expected every picture once")
    return names, check_votes(table.iloc[:, 2:], place)


def named_rows(table: pd.DataFrame, split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names, votes and row numbers of a split's pictures: rows without a name dropped, the first of equals kept."""
    named = table["Image name"].notna() & ~table["Image name"].duplicated() & (table["Usage"] == USAGES[split])
    rows = np.flatnonzero(named)
    names = table["Image name"].to_numpy()[rows].astype(str)
    check_names(names, "fer2013new.csv")
    return names, table[list(VOTE_COLUMNS)].to_numpy(np.float64)[rows], rows


def nearby(names: list[str]) -> str:
    """What lies there instead: the archive that holds the file, or another file of the contest."""
    archives = [name for name in names if name.lower().endswith(ARCHIVES)]
    if archives:
        return f"; unpack {archives[0]} first"
    if "train.csv" in names:
        return "; train.csv, which lies there, has no Usage: fer2013.csv comes in fer2013.tar.gz"
    return ""


def canonical_usage(values: list[str], place: Place) -> np.ndarray:
    """The usage of every row as the files of Kaggle write it, whatever its capitals and the blanks around it."""
    known = {usage.lower(): usage for usage in USAGES.values()}
    found = [known.get(value.strip().lower()) for value in values]
    if None in found:
        row = found.index(None)
        usage = values[row].strip()[:40]
        raise UserError(f"{place} has the usage {usage!r} in data row {row + 1}; expected {', '.join(USAGES.values())}")
    return np.array(found, str)


def check_names(names: np.ndarray, place: object) -> None:
    """Refuse names that are not like fer0000000.png."""
    for name in names:
        if not (name.startswith("fer") and name[3:10].isdecimal() and name[10:] == ".png"):
            raise UserError(f"{place} names a picture {str(name)!r}; expected names like fer0000000.png")


def check_votes(votes: pd.DataFrame, place: object) -> np.ndarray:
    """The votes as numbers (N, 10), refused where one is none from 0 to 10."""
    values = votes.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    wrong = np.flatnonzero(~((values >= 0) & (values <= 10)).all(axis=1))
    if len(wrong):
        raise UserError(f"{place} has votes that are no numbers from 0 to 10, first in data row {wrong[0] + 1}")
    return values


def _read_table(place: Place, what: str, header: Literal["infer"] | None = "infer") -> pd.DataFrame:
    with opened(place) as file:
        try:
            return pd.read_csv(file, skipinitialspace=True, encoding="utf-8-sig", header=header)
        except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeError) as error:
            why = " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")
            raise UserError(f"{place} cannot be read as a table ({why}); expected CSV in UTF-8: {what}") from None


def _stripped(column: pd.Series) -> pd.Series:
    return column.map(lambda value: str(value).strip())


def _check_columns(place: Place, found: list[str], wanted: tuple[str, ...]) -> None:
    missing = [column for column in wanted if column not in found]
    if missing:
        commas = ", with commas between them" if len(found) == 1 else ""
        raise UserError(
            f"{place} lacks the columns {', '.join(missing)}; it has {', '.join(found)[:200] or 'none'}, expected "
            f"{', '.join(wanted)}{commas}"
        )


def _split(line: bytes, place: Place) -> list[bytes]:
    if b'"' not in line:  # a hundred times faster, for pixels are most of the file
        return line.split(b",")
    try:
        (fields,) = csv.reader([line.decode(errors="replace")], skipinitialspace=True)
    except (csv.Error, ValueError) as error:
        raise UserError(f"{place} has a line that is no CSV ({error}); expected emotion, pixels and Usage") from None
    return [field.encode() for field in fields]
