"""AffectNet's form of 2017: ``training.csv`` and ``validation.csv``, a row a face, and where its picture is."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.picture_files import PathFinder, visible_in
from fer_tutorial.datasets.source import reason
from fer_tutorial.errors import UserError

# What the owners' numbers mean; those from 8 are no expressions.
NUMBERED = (
    *("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"),
    *("none", "uncertain", "no face"),
)
PATH, POINTS, EXPRESSION = "subDirectory_filePath", "facial_landmarks", "expression"
BOX = ("face_x", "face_y", "face_width", "face_height")
FEELINGS = ("valence", "arousal")
COLUMNS = (PATH, *BOX, POINTS, EXPRESSION, *FEELINGS)
LISTS = {"train": "training.csv", "valid": "validation.csv"}
IMAGES = ("Manually_Annotated_Images", "Manually_Annotated")


@dataclass
class Faces:
    """The pictures of a split in the owners' order, in any form of AffectNet."""

    form: str
    files: list[Path]
    keys: list[str]
    index: np.ndarray
    numbers: np.ndarray  # the owners' labels, positions in NUMBERED
    left_out: dict[str, int]
    boxes: np.ndarray | None = None  # left, top, width, height
    points: np.ndarray | None = None  # (n, 68, 2), in pixels of the files
    feelings: np.ndarray | None = None  # valence and arousal


def read_2017(path: Path, split: str, missing: str, landmarks: bool) -> Faces | None:
    """What the list of a split says; None if there is none at ``path`` or up to two folders deeper."""
    file = _list_file(path, split)
    if file is None:
        return None
    top = path if path.is_dir() else file.parent.parent
    tops = list(dict.fromkeys([top, file.parent, file.parent.parent]))
    within = [each / name for each in tops for name in IMAGES]
    finder = PathFinder(
        folder for folder in (*(each / IMAGES[0] for each in within), *within, *tops) if folder.is_dir()
    )
    found = Faces("the owners' of 2017", [], [], np.zeros(0), np.zeros(0), {})
    index, numbers, boxes, feelings, points, gone = [], [], [], [], [], []
    flat = 0
    for row, fields in enumerate(_rows(file)):
        name = fields[PATH]
        picture = finder.find(name)
        if picture is None:
            gone.append(name)
            continue
        number = _number(fields[EXPRESSION], file, row)
        # Nobody knows what stands in the rows of pictures that show no face.
        has_face = number < NUMBERED.index("none")
        box = _floats(fields, BOX, file, row) if has_face else [0.0, 0.0, 1.0, 1.0]
        if box[2] <= 0 or box[3] <= 0:
            flat += 1
            continue
        found.files.append(picture)
        found.keys.append(name)
        index.append(row)
        numbers.append(number)
        boxes.append(box)
        feelings.append(_floats(fields, FEELINGS, file, row))
        if landmarks:
            points.append(_point_list(fields[POINTS], file, row) if has_face else np.full((68, 2), np.nan))
    if gone and (missing == "refuse" or not index):
        where = " or ".join(str(folder) for folder in finder.folders[:2])
        raise UserError(
            f"{len(gone):,} of the pictures that {file} names are not in {where}, first {gone[0][:100]}; unpack all "
            "parts of the archive, or leave them out with missing=skip"
        )
    if not index:
        raise UserError(f"{file} has no rows; expected a face in each, so download it again")
    found.index, found.numbers = np.array(index), np.array(numbers)
    found.boxes, found.feelings = np.array(boxes), np.array(feelings)
    found.points = np.array(points) if landmarks else None
    found.left_out = {"lines whose picture is not there": len(gone), "faces without an area": flat}
    return found


def _list_file(path: Path, split: str) -> Path | None:
    if path.is_file():
        return path if path.name.lower() == LISTS[split] else None
    level = [path]
    for _ in range(3):
        entries = [visible_in(folder) for folder in level]
        for file in (file for _, files in entries for file in files):
            if file.name.lower() == LISTS[split]:
                return file
        # Folders of pictures hold hundreds of thousands of files.
        level = [folder for folders, _ in entries for folder in folders if "images" not in folder.name.lower()]
    return None


def _rows(file: Path) -> Iterator[dict[str, str]]:
    """The rows of a list, by the owners' names of columns, whether it has its head or not."""
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
            lines = csv.reader(opened, skipinitialspace=True)
            first = next(lines, [])
            names = [name.strip().lower() for name in first]
            has_head = EXPRESSION in names
            lacking = [column for column in COLUMNS if has_head and column.lower() not in names]
            if lacking or (not has_head and len(first) != len(COLUMNS)):
                raise UserError(
                    f"{file} has {len(first)} columns{f', without {lacking[0]}' if lacking else ' and no head'}; "
                    f"expected {', '.join(COLUMNS)}"
                )
            places = [names.index(column.lower()) for column in COLUMNS] if has_head else list(range(len(COLUMNS)))
            if not has_head:
                yield dict(zip(COLUMNS, first, strict=True))
            for fields in lines:
                if not any(field.strip() for field in fields):
                    continue
                if len(fields) != len(first):
                    raise UserError(f"{file} has {len(fields)} fields in line {lines.line_num}; expected {len(first)}")
                yield {column: fields[place].strip() for column, place in zip(COLUMNS, places, strict=True)}
    except (csv.Error, OSError) as error:
        raise UserError(f"{file} cannot be read as a table ({reason(error)}); expected the owners' CSV") from None


def _number(text: str, file: Path, row: int) -> int:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if number not in range(len(NUMBERED)):
        raise UserError(
            f"data row {row + 1} of {file} has the expression {text[:40]!r}; expected 0 to {len(NUMBERED) - 1}"
        )
    return int(number)


def _floats(fields: dict[str, str], columns: Sequence[str], file: Path, row: int) -> list[float]:
    try:
        values = [float(fields[column]) for column in columns]
    except ValueError:
        values = [float("nan")]
    if not np.isfinite(values).all():
        raise UserError(
            f"data row {row + 1} of {file} has no numbers in {', '.join(columns)}; expected the owners' CSV"
        )
    return values


def _point_list(text: str, file: Path, row: int) -> np.ndarray:
    try:
        values = np.array([float(value) for value in text.strip("; ").split(";")])
    except ValueError:
        values = np.zeros(0)
    if len(values) != 136 or not np.isfinite(values).all():
        raise UserError(f"data row {row + 1} of {file} has no 68 points; expected x;y;x;y and so on, 136 numbers")
    return values.reshape(68, 2)  # (136,) -> (68, 2)
