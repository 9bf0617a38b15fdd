"""FERPlus and FER2013: the same 48×48 grey faces, with ten annotators' votes or with the original single label.

Both come in two layouts.  *Folders* (FERPlus): ``FER2013Train/*.png`` with a ``label.csv`` each, plain or zipped.
*CSV* (FER2013, and FERPlus beside it): ``fer2013.csv`` with the pixels as text and ``fer2013new.csv`` with the votes.

What to know before counting anything, checked on the published files:

* The number in ``fer0032220.png`` is not a row number: 173 rows (all voted "not a face" ten times) have no name at all.
* Four names occur twice in ``fer2013new.csv``.  The first row is kept, as in ``label.csv``.
* The script that makes the folders writes the later picture under a repeated name.  One of them, ``fer0033120.png`` of
  the test split, is therefore a warning sign that carries the votes of a face in the folders; from CSV it is the face.
* ``label.csv`` and ``fer2013new.csv`` give different votes for 1,601 names.  All are pictures that occur more than once
  to the pixel: ``fer2013new.csv`` repeats the votes of the first, ``label.csv`` has votes of its own for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile
from zipfile import Path as ZipPath

import numpy as np
import pandas as pd
from PIL import Image

from fer_tutorial.datasets.images import check_size, open_image, to_pixels
from fer_tutorial.datasets.source import Source, check_split, existing_root, expression_classes
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

USAGES: dict[str, str] = {"train": "Training", "valid": "PublicTest", "test": "PrivateTest"}
FOLDERS: dict[str, str] = {"train": "FER2013Train", "valid": "FER2013Valid", "test": "FER2013Test"}
VOTE_COLUMNS: tuple[str, ...] = (*EXPRESSIONS, "unknown", "NF")
UNKNOWN = VOTE_COLUMNS.index("unknown")
# The seven labels of fer2013.csv, 0 to 6, in its own order.
FER2013_CLASSES: tuple[str, ...] = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FACE_SIZE = 48

EXPECTED = (
    "a folder or a zip file with FER2013Train/, FER2013Valid/, FER2013Test/ (each with its label.csv), "
    "or fer2013.csv together with fer2013new.csv"
)

Place = Path | ZipPath


def majority_vote(votes: np.ndarray) -> np.ndarray:
    """The class of each row of (N, 10) votes by Barsoum et al.'s majority rule, -1 where there is none.

    A class with a single vote is an outlier and loses it.  Of what is left, the leading class must have more than half;
    without such a class, or where "unknown" or "not a face" leads, the picture is left out (Barsoum et al. 2016, and
    the ``majority`` mode of the code they published).

    >>> majority_vote(np.array([[6, 1, 3, 0, 0, 0, 0, 0, 0, 0], [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]]))
    array([ 0, -1])
    """
    votes = np.where(votes > 1, votes, 0)
    winner = votes.argmax(axis=1)
    valid = (2 * votes.max(axis=1) > votes.sum(axis=1)) & (winner < UNKNOWN)
    return np.where(valid, winner, -1)


def plurality_vote(votes: np.ndarray) -> np.ndarray:
    """The class of each row of (N, 10) votes that has the most, -1 where that is "unknown" or "not a face".

    Between equals the first in FERPlus's column order wins.  This is the rule SCN's author describes for SCN.

    >>> plurality_vote(np.array([[4, 1, 5, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 9, 0]]))
    array([ 2, -1])
    """
    winner = votes.argmax(axis=1)
    return np.where(winner < UNKNOWN, winner, -1)


def vote_distribution(votes: np.ndarray) -> np.ndarray:
    """The probability of each expression, (N, 8), by Barsoum et al.'s probability rule; a row of zeros is left out.

    Single votes are dropped.  Then the leading classes are taken, equals together, until they hold three quarters of
    the votes or there are three of them; "unknown" or "not a face" ends the taking, and is itself left out unless it
    came first.  The picture is left out where more than three classes were taken, where they hold half of the votes or
    less, or where "unknown" or "not a face" came first.  What was taken is divided by its sum (the ``probability`` and
    ``crossentropy`` modes of the code of Barsoum et al. 2016, which draw a label from it, or use it as a soft label).

    >>> vote_distribution(np.array([[6, 1, 3, 0, 0, 0, 0, 0, 0, 0]]))[0, :3].round(3).tolist()
    [0.667, 0.0, 0.333]
    """
    remaining = np.where(votes > 1, votes, 0).astype(np.float64)
    total = remaining.sum(axis=1)
    taken = np.zeros_like(remaining)
    count = np.zeros(len(votes), np.int64)
    stopped = total == 0
    while True:
        active = ~stopped & (taken.sum(axis=1) < 0.75 * total) & (count < 3)
        if not active.any():
            break
        leading = active[:, None] & (remaining == remaining.max(axis=1, keepdims=True))
        expressions = leading.copy()
        expressions[:, UNKNOWN:] = False
        taken[expressions] = remaining[expressions]
        remaining[leading] = 0
        count += expressions.sum(axis=1)
        stopped |= leading[:, UNKNOWN:].any(axis=1)
    kept = (2 * taken.sum(axis=1) > total) & (count <= 3)
    taken = np.where(kept[:, None], taken, 0)[:, :UNKNOWN]
    return taken / np.maximum(taken.sum(axis=1, keepdims=True), 1)


def open_ferplus(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    labels: str = "majority",
) -> Source:
    """FERPlus: FER2013's faces with the votes of ten annotators.

    ``labels`` chooses how votes become one label: ``"majority"`` (:func:`majority_vote`), ``"vote"``
    (:func:`plurality_vote`) or ``"probability"`` (the leading class of :func:`vote_distribution`).  Pictures without a
    label by that rule are left out, and with ``num_classes=7`` those labelled contempt as well.  ``votes`` are the raw
    counts for the classes kept; with ``"probability"`` they are the distribution, each row summing to 1.
    ``index`` is the number in the image name, the same in both layouts.

    Raises:
        UserError: files missing or damaged, columns missing, votes that do not belong to the pictures, odd sizes.
    """
    check_size(size, channels)
    check_split("ferplus", split, tuple(USAGES))
    class_names = expression_classes(num_classes)
    if labels not in ("majority", "vote", "probability"):
        raise UserError(f"labels is {labels!r}; expected 'majority', 'vote' or 'probability'")
    path = existing_root("ferplus", root, EXPECTED)
    layout = _find_folder(path, FOLDERS[split]) is not None
    names, votes, read_face, origin = _from_folder(path, split) if layout else _from_csv(path, split)

    if labels == "probability":
        distribution = vote_distribution(votes)[:, :UNKNOWN]
        winner = np.where(distribution.any(axis=1), distribution.argmax(axis=1), -1)
        kept_votes = distribution[:, :num_classes]
        kept_votes = kept_votes / np.maximum(kept_votes.sum(axis=1, keepdims=True), 1e-9)
    else:
        winner = (majority_vote if labels == "majority" else plurality_vote)(votes)
        kept_votes = votes[:, :num_classes]
    chosen = np.flatnonzero((winner >= 0) & (winner < num_classes))

    def read(start: int, stop: int) -> np.ndarray:
        pixels = np.empty((stop - start, size, size, channels), np.uint8)
        for row, position in enumerate(chosen[start:stop]):
            pixels[row] = to_pixels(read_face(position), size, channels)
        return pixels

    return Source(
        "ferplus",
        split,
        class_names,
        {
            "labels": winner[chosen].astype(np.int64),
            "index": np.array([int(name[3:10]) for name in names[chosen]], np.int64),
            "votes": kept_votes[chosen].astype(np.float32),
            "keys": names[chosen].astype(str),
        },
        (size, size, channels),
        read,
        provenance={"root": str(path.resolve()), "layout": origin, "labels": labels},
    )


def open_fer2013(
    root: str | Path | None, split: str = "train", size: int = 48, channels: int = 3, num_classes: int = 7
) -> Source:
    """FER2013 with its own single label for each picture, which is often wrong, from ``fer2013.csv``.

    Every row is kept, pictures that are no faces included.  ``index`` is the row number.

    Raises:
        UserError: no ``fer2013.csv``, columns missing, labels out of range, or pictures that are not 48×48.
    """
    check_size(size, channels)
    check_split("fer2013", split, tuple(USAGES))
    class_names = expression_classes(num_classes)
    path = existing_root("fer2013", root, "fer2013.csv or a folder with it")
    file = _find_file(path, "fer2013.csv", "icml_face_data.csv")
    if file is None:
        if any(_find_folder(path, folder) is not None for folder in FOLDERS.values()):
            raise UserError(
                f"{path} holds FERPlus's folders, which have FERPlus's votes but not FER2013's own labels; "
                "read it as ferplus, or add fer2013.csv"
            )
        raise UserError(f"there is no fer2013.csv in {path}; expected it there, with columns emotion, pixels and Usage")
    rows = _PixelRows(file)
    chosen = np.flatnonzero(rows.usage == USAGES[split])
    order = np.array([EXPRESSIONS.index(name) for name in FER2013_CLASSES])

    def read(start: int, stop: int) -> np.ndarray:
        return np.stack([to_pixels(rows.face(row), size, channels) for row in chosen[start:stop]])

    return Source(
        "fer2013",
        split,
        class_names,
        {"labels": order[rows.emotion[chosen]], "index": chosen, "keys": np.array([f"row {row}" for row in chosen])},
        (size, size, channels),
        read,
        provenance={"root": str(path.resolve()), "layout": "csv"},
    )


def _from_folder(root: Path, split: str) -> tuple[np.ndarray, np.ndarray, Any, str]:
    folder = _find_folder(root, FOLDERS[split])
    assert folder is not None
    label_file = folder / "label.csv"
    if label_file.is_file():
        names, votes = _read_label_csv(label_file)
    else:
        table = _find_file(root, "fer2013new.csv")
        if table is None:
            raise UserError(
                f"{folder} has no label.csv, and there is no fer2013new.csv beside it; expected one of them"
            )
        names, votes, _ = _named_rows(_read_vote_csv(table), split)
    present = {child.name for child in folder.iterdir()}
    missing = [name for name in names if name not in present]
    if missing:
        raise UserError(
            f"{len(missing)} of the {len(names)} pictures that belong into {folder} are not there, first {missing[0]}; "
            "unpack the images again"
        )

    def read_face(position: int) -> Image.Image:
        place = folder / names[position]
        with place.open("rb") as file:
            image = open_image(file, place)
        if image.size != (FACE_SIZE, FACE_SIZE):
            raise UserError(f"{place} is {image.width}×{image.height} pixels; expected {FACE_SIZE}×{FACE_SIZE}")
        return image

    return names, votes, read_face, "folders"


def _from_csv(root: Path, split: str) -> tuple[np.ndarray, np.ndarray, Any, str]:
    pixel_file = _find_file(root, "fer2013.csv", "icml_face_data.csv")
    vote_file = _find_file(root, "fer2013new.csv")
    if pixel_file is None or vote_file is None:
        found = ", ".join(sorted(child.name for child in _children(root))[:8]) or "nothing"
        raise UserError(f"{root} is not FERPlus: expected {EXPECTED}; found {found}")
    rows = _PixelRows(pixel_file)
    table = _read_vote_csv(vote_file)
    if len(table) != len(rows.usage) or (table["Usage"].to_numpy(str) != rows.usage).any():
        raise UserError(
            f"{pixel_file} ({len(rows.usage)} rows) and {vote_file} ({len(table)} rows) do not belong together: "
            "expected the same number of rows with the same Usage; download both again"
        )
    names, votes, positions = _named_rows(table, split)
    return names, votes, lambda position: rows.face(int(positions[position])), "csv"


def _read_label_csv(place: Place) -> tuple[np.ndarray, np.ndarray]:
    with place.open("rb") as file:
        try:
            table = pd.read_csv(file, header=None)
        except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
            raise UserError(f"{place} cannot be read as a table ({error}); expected name, box and ten votes") from None
    if table.shape[1] != 2 + len(VOTE_COLUMNS):
        raise UserError(
            f"{place} has {table.shape[1]} columns; expected {2 + len(VOTE_COLUMNS)}: name, box and ten votes"
        )
    names = table[0].to_numpy(str)
    _check_names(names, place)
    return names, _check_votes(table.iloc[:, 2:], place)


def _read_vote_csv(place: Place) -> pd.DataFrame:
    with place.open("rb") as file:
        table = pd.read_csv(file, skipinitialspace=True)
    missing = [column for column in ("Usage", "Image name", *VOTE_COLUMNS) if column not in table]
    if missing:
        raise UserError(f"{place} lacks the columns {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
    _check_votes(table[list(VOTE_COLUMNS)], place)
    return table


def _named_rows(table: pd.DataFrame, split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names, votes and row numbers of a split's pictures: rows without a name dropped, the first of equals kept."""
    named = table["Image name"].notna() & ~table["Image name"].duplicated() & (table["Usage"] == USAGES[split])
    rows = np.flatnonzero(named)
    names = table["Image name"].to_numpy()[rows].astype(str)
    _check_names(names, "fer2013new.csv")
    return names, table[list(VOTE_COLUMNS)].to_numpy(np.float64)[rows], rows


def _check_names(names: np.ndarray, place: object) -> None:
    for name in names:
        if not (name.startswith("fer") and name[3:10].isdecimal() and name[10:] == ".png"):
            raise UserError(f"{place} names a picture {name!r}; expected names like fer0000000.png")


def _check_votes(votes: pd.DataFrame, place: object) -> np.ndarray:
    values = votes.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    wrong = np.flatnonzero(~((values >= 0) & (values <= 10)).all(axis=1))
    if len(wrong):
        raise UserError(f"{place} has votes that are no numbers from 0 to 10, first in data row {wrong[0] + 1}")
    return values


class _PixelRows:
    """``fer2013.csv``: emotion and usage of every row, and where its pixels lie, so that they are read when needed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._file: IO[bytes] = place.open("rb")
        header = [column.strip().strip(b'"').lower().decode() for column in self._file.readline().split(b",")]
        missing = [column for column in ("emotion", "pixels", "usage") if column not in header]
        if missing:
            raise UserError(f"{place} lacks the columns {', '.join(missing)}; it has {', '.join(header)}")
        self._columns = {column: header.index(column) for column in header}
        self._width = len(header)
        emotion: list[bytes] = []
        usage: list[str] = []
        offsets: list[int] = []
        for offset, line in self._lines():
            fields = self._fields(line, len(offsets))
            offsets.append(offset)
            emotion.append(fields[self._columns["emotion"]].strip())
            usage.append(fields[self._columns["usage"]].strip().decode())
        self._offsets = np.array(offsets, np.int64)
        self.usage = np.array(usage, str)
        labels = pd.to_numeric(pd.Series([value.decode() for value in emotion]), errors="coerce").to_numpy(np.float64)
        wrong = np.flatnonzero(~np.isin(labels, np.arange(len(FER2013_CLASSES))))
        if len(wrong):
            raise UserError(
                f"{place} has the label {emotion[wrong[0]].decode()!r} in data row {wrong[0]}; expected 0 to "
                f"{len(FER2013_CLASSES) - 1}"
            )
        self.emotion = labels.astype(np.int64)

    def face(self, row: int) -> Image.Image:
        self._file.seek(int(self._offsets[row]))
        text = self._fields(self._file.readline(), row)[self._columns["pixels"]].strip(b'" \r\n')
        try:
            values = np.array(text.split(), dtype=np.int64)
        except ValueError:
            raise UserError(f"{self.place} has pixels that are no numbers in data row {row}") from None
        if len(values) != FACE_SIZE**2:
            raise UserError(
                f"{self.place} has {len(values)} pixels in data row {row}; expected {FACE_SIZE**2} "
                f"({FACE_SIZE}×{FACE_SIZE})"
            )
        if values.min() < 0 or values.max() > 255:
            raise UserError(f"{self.place} has pixels outside 0..255 in data row {row}")
        return Image.fromarray(values.astype(np.uint8).reshape(FACE_SIZE, FACE_SIZE))  # (2304,) -> (48, 48)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        while True:
            offset = self._file.tell()
            line = self._file.readline()
            if not line:
                return
            if line.strip():
                yield offset, line

    def _fields(self, line: bytes, row: int) -> list[bytes]:
        fields = line.split(b",")
        if len(fields) != self._width:
            raise UserError(f"{self.place} has {len(fields)} fields in data row {row}; expected {self._width}")
        return fields


def _open_zip(path: Path) -> ZipPath:
    try:
        return ZipPath(path)
    except (BadZipFile, OSError) as error:
        raise UserError(f"{path} is not a whole zip file ({error}); download it again") from None


def _children(root: Path) -> list[Place]:
    """What lies in ``root`` (a folder, a zip file, or a file of the folder that is meant), and one folder deeper."""
    top: Place = _open_zip(root) if root.suffix == ".zip" else root if root.is_dir() else root.parent
    children = []
    for child in _sorted_children(top):
        children.append(child)
        if child.is_dir() and child.name not in FOLDERS.values():
            children += _sorted_children(child)
    return children


def _sorted_children(place: Place) -> list[Place]:
    children: Iterable[Place] = place.iterdir()
    return sorted(children, key=str)


def _find_folder(root: Path, name: str) -> Place | None:
    if root.name == name and root.is_dir():
        return root
    for child in _children(root):
        if child.name == name and child.is_dir():
            return child
        if child.name == f"{name}.zip" and isinstance(child, Path):
            inside = _open_zip(child)
            return next((folder for folder in inside.iterdir() if folder.name == name and folder.is_dir()), inside)
    return None


def _find_file(root: Path, *names: str) -> Place | None:
    children = _children(root)
    for name in names:
        for child in children:
            if child.name == name and child.is_file():
                return child
            if child.name == f"{name}.zip" and isinstance(child, Path):
                return next((file for file in _open_zip(child).iterdir() if file.name == name), None)
    return None
