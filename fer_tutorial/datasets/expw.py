"""ExpW (Zhang et al. 2018): 91,793 faces in photographs from the web, with seven expressions.

``data/label/label.lst`` has a face a line: picture, number of the face in it, top, left, right and bottom of its box
(in this order), confidence, label.  Pictures lie in ``data/image/origin``; a picture may have several faces.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.images import Box, check_size, square_around
from fer_tutorial.datasets.people import DRAWN_BY_PICTURE, drawn_split, say_drawn
from fer_tutorial.datasets.picture_files import PictureIndex, visible_in
from fer_tutorial.datasets.source import SPLITS, Source, check_split, existing_root, reason
from fer_tutorial.datasets.stills import stills_source
from fer_tutorial.errors import UserError

EXPECTED = "ExpW's folder, with data/label/label.lst and data/image/origin"
LIST = "label.lst"
# The owners' numbers, from 0.
CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
FIELDS = "picture, face, top, left, right, bottom, confidence, label"


def open_expw(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    missing: str = "refuse",
) -> Source:
    """ExpW's faces, each cut to the square around its box.

    There is no split of the owners', so 80, 10 and 10 % are drawn by a checksum of the pictures' names, so that faces
    of one photograph stay together; or ``all`` is read.  Nobody says who is pictured.  Lines that repeat a face are
    counted and taken once.  ``index`` is the number of the line, from 0; a key is the picture's name and the number of
    the face.

    Args:
        root: the folder ExpW, one within it, or its list.
        split: ``train``, ``valid``, ``test`` or ``all``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: as everywhere; there is no contempt.
        missing: ``refuse`` a list that names pictures that are not there, or ``skip`` them.

    Raises:
        UserError: no list, lines that are not as the owners', missing pictures, or a face with two labels.
    """
    check_size(size, channels)
    check_split("expw", split, (*SPLITS, "all"))
    if missing not in ("refuse", "skip"):
        raise UserError(f"missing is {missing!r}; expected 'refuse' or 'skip'")
    path = existing_root("expw", root, EXPECTED)
    file = _list_file(path)
    faces = _read(file)
    index = PictureIndex(_pictures_beside(file))
    files = [index.find(name) for name in faces.pictures]
    gone = [name for name, found in zip(faces.pictures, files, strict=True) if found is None]
    if gone and (missing == "refuse" or len(gone) == len(files)):
        raise UserError(
            f"{len(gone):,} of the {len(files):,} faces of {file} are in pictures that are not below {index.folder}, "
            f"first {gone[0]}; unpack all parts of image.zip, or leave them out with missing=skip"
        )
    splits = [drawn_split(name) for name in faces.pictures]
    rows = [i for i, found in enumerate(files) if found is not None and split in (splits[i], "all")]
    if split != "all":
        say_drawn("expw", split, by_person=False, advice="")
    return stills_source(
        "expw",
        split,
        size,
        channels,
        num_classes,
        [found for i in rows if (found := files[i]) is not None],
        [CLASSES[faces.numbers[i]] for i in rows],
        {
            "index": np.array([faces.lines[i] for i in rows], np.int64),
            "keys": np.array([f"{faces.pictures[i]}#{faces.faces[i]}" for i in rows], str),
        },
        {"root": str(path.resolve()), "form": LIST, "splits": DRAWN_BY_PICTURE},
        {
            "lines whose picture is not there": len(gone),
            "lines that repeat a face": faces.repeated,
            "faces without an area": faces.flat,
        },
        [faces.boxes[i] for i in rows],
        square_around,
    )


@dataclass
class _Faces:
    pictures: list[str] = field(default_factory=list)
    faces: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    repeated: int = 0
    flat: int = 0


def _list_file(path: Path) -> Path:
    if path.is_file():
        return path
    for folder in (path, path / "label", path / "data/label", path / "ExpW/data/label"):
        for file in visible_in(folder)[1] if folder.is_dir() else ():
            if file.name.lower() == LIST:
                return file
    raise UserError(f"{path} has no {LIST}; expected {EXPECTED}")


def _pictures_beside(file: Path) -> Path:
    """``data/image/origin`` beside ``data/label``, or what there is of it."""
    data = file.parent.parent if file.parent.name.lower() == "label" else file.parent
    places = (data / "image/origin", data / "image", data / "origin")
    return next((place for place in places if place.is_dir()), data)


def _read(file: Path) -> _Faces:
    try:
        lines = file.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({reason(error)}); copy it again") from None
    faces = _Faces()
    seen: dict[tuple[str, str], tuple[Box, int]] = {}
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        name, face, box, label = _parsed(line, number, file)
        if (name, face) in seen:
            if seen[name, face] != (box, label):
                raise UserError(
                    f"line {number + 1} of {file} says something else of face {face} in {name} than a line before; "
                    "expected one line a face, so mend it"
                )
            faces.repeated += 1
            continue
        seen[name, face] = (box, label)
        left, top, right, bottom = box
        if left >= right or top >= bottom:
            faces.flat += 1
            continue
        faces.pictures.append(name)
        faces.faces.append(face)
        faces.boxes.append(box)
        faces.numbers.append(label)
        faces.lines.append(number)
    if not faces.lines:
        raise UserError(f"{file} is empty; expected a face a line, so download it again")
    return faces


def _parsed(line: str, number: int, file: Path) -> tuple[str, str, Box, int]:
    """Fields from the right, for a name may have blanks."""
    fields = line.strip().rsplit(maxsplit=7)
    try:
        name, face = fields[0], str(int(fields[1]))
        top, left, right, bottom, _ = (float(value) for value in fields[2:7])
        label = int(fields[7])
    except (IndexError, ValueError):
        raise UserError(f"line {number + 1} of {file} is {line[:60]!r}; expected {FIELDS}") from None
    if label not in range(len(CLASSES)):
        raise UserError(f"line {number + 1} of {file} has the label {label}; expected 0 to {len(CLASSES) - 1}")
    if not np.isfinite([left, top, right, bottom]).all():
        raise UserError(f"line {number + 1} of {file} has a box that is no numbers; expected {FIELDS}")
    return name, face, (left, top, right, bottom), label
