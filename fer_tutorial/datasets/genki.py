"""GENKI: photographs from the web.  The subset 4K says who smiles and the pose of the head, SZSL where the face is.

Three layouts of 4K are read: ``files/file0001.jpg`` and on, beside ``labels.txt``; the same beside
``GENKI-4K_Images.txt`` and ``GENKI-4K_Labels.txt``, which have the same order; and the second within
``GENKI-R2009a/Subsets/GENKI-4K``.  A line of the labels is ``smile yaw pitch roll``, with 0 or 1 and three angles in
radians.  SZSL lies in ``GENKI-R2009a/Subsets/GENKI-SZSL``, with lines ``x y diameter`` in ``GENKI-SZSL_labels.txt`` (a
small l); its pictures are in its own ``files`` or in that of R2009a.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from fer_tutorial.datasets.images import Box, check_size, picture_reader
from fer_tutorial.datasets.people import DRAWN_BY_PICTURE, drawn_split, say_drawn
from fer_tutorial.datasets.picture_files import PictureIndex, visible_in
from fer_tutorial.datasets.source import SPLITS, Source, check_split, existing_root, one_of, reason
from fer_tutorial.errors import UserError

EXPECTED = "GENKI-4K's folder, with files/file0001.jpg and on, and labels.txt or GENKI-4K_Labels.txt"
EXPECTED_SZSL = "the folder GENKI-R2009a, with Subsets/GENKI-SZSL/GENKI-SZSL_Images.txt and GENKI-SZSL_labels.txt"
EXPECTED_WHOLE = "the folder GENKI-R2009a, with pictures such as files/file0000000000003987.jpg"
CLASSES = ("no smile", "smile")
# Of the pictures of which no expression is known.
ONE_CLASS = ("face",)
SUBSETS = ("4K", "SZSL", "R2009a")
LABEL_FILES = ("GENKI-4K_Labels.txt", "labels.txt")
NAME_FILE = "GENKI-4K_Images.txt"
POSE = ("yaw", "pitch", "roll")
SZSL_NAMES, SZSL_LABELS = "genki-szsl_images.txt", "genki-szsl_labels.txt"
BOX = ("x", "y", "diameter")


def open_genki(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    subset: str = "4K",
) -> Source:
    """GENKI-4K with two classes, ``no smile`` and ``smile``, whatever number is asked for; or another part of GENKI.

    The two are no expressions of the package: who does not smile may be sad as well as neutral.  There is no split of
    the owners', so 80, 10 and 10 % are drawn by a checksum of the names, or ``all`` is read.  Nobody says who is
    pictured.  ``index`` is the number of the line in the labels, from 0.  The pose is in :func:`genki_pose`.

    ``subset="SZSL"`` reads the faces of SZSL, cut out where its labels say (:func:`genki_boxes`), and
    ``subset="R2009a"`` all pictures of R2009a.  Nothing is known of their expressions, so they have the one class
    ``face``.

    Raises:
        UserError: files that are missing, or lines that are not as the owners'.
    """
    check_size(size, channels)
    check_split("genki", split, (*SPLITS, "all"))
    part = one_of("subset", subset, SUBSETS)
    path = existing_root("genki", root, EXPECTED)
    read = {"4K": _read, "SZSL": _read_szsl, "R2009a": _read_whole}
    found = read[part](path)
    names = found.names
    chosen = np.flatnonzero([split in (drawn_split(name), "all") for name in names])
    if split != "all":
        say_drawn("genki", split, by_person=False, advice="")

    def box_of(position: int, image: Image.Image) -> Box | None:
        if part != "SZSL":
            return None
        x, y, diameter = found.values[chosen[position]].tolist()
        return (x - diameter / 2, y - diameter / 2, x + diameter / 2, y + diameter / 2)

    return Source(
        "genki",
        split,
        CLASSES if part == "4K" else ONE_CLASS,
        {
            "labels": found.values[chosen, 0].astype(np.int64) if part == "4K" else np.zeros(len(chosen), np.int64),
            "index": chosen,
            "keys": np.array(names)[chosen],
        },
        (size, size, channels),
        picture_reader([found.files[row] for row in chosen], size, channels, box_of),
        provenance={
            "root": str(path.resolve()),
            "form": f"GENKI-{part}",
            "labels": "0: no smile, 1: smile" if part == "4K" else "none",
            "splits": DRAWN_BY_PICTURE,
        },
    )


def genki_pose(root: str | Path) -> pd.DataFrame:
    """Yaw, pitch and roll of every head in radians: a row a picture, with ``key`` as in :class:`FaceData` before them.

    Raises:
        UserError: as :func:`open_genki`.
    """
    found = _read(existing_root("genki", root, EXPECTED))
    return pd.DataFrame({"key": found.names, **{name: found.values[:, 1 + i] for i, name in enumerate(POSE)}})


def genki_boxes(root: str | Path) -> pd.DataFrame:
    """Where the face is in the pictures of SZSL: ``key``, and ``x``, ``y`` (of the center) and ``diameter`` in pixels.

    Raises:
        UserError: as :func:`open_genki`.
    """
    found = _read_szsl(existing_root("genki", root, EXPECTED_SZSL))
    return pd.DataFrame({"key": found.names, **{name: found.values[:, i] for i, name in enumerate(BOX)}})


@dataclass
class _Found:
    """The names of the pictures of a part, their files, and a row of numbers for each."""

    names: list[str]
    files: list[Path]
    values: np.ndarray


def _read(path: Path) -> _Found:
    """GENKI-4K: smile, yaw, pitch and roll of each picture."""
    places = [path, path / "Subsets/GENKI-4K", path / "GENKI-4K", path / "GENKI-R2009a/Subsets/GENKI-4K"]
    for folder in _near(path, places):
        for name in LABEL_FILES:
            file = folder / name
            if file.is_file() and (folder / "files").is_dir():
                values = _numbers(file, ("smile (0 or 1)", *POSE), lambda row: row[0] in (0, 1))
                names = _names(folder / NAME_FILE, len(values))
                return _Found(names, _files(names, [folder / "files"]), values)
    raise UserError(f"{path} is not GENKI-4K; expected {EXPECTED}")


def _read_szsl(path: Path) -> _Found:
    """GENKI-SZSL: x, y and diameter of the face in each picture."""
    places = [path, path / "Subsets/GENKI-SZSL", path / "GENKI-SZSL", path / "GENKI-R2009a/Subsets/GENKI-SZSL"]
    for folder in _near(path, places):
        found = {file.name.lower(): file for file in (visible_in(folder)[1] if folder.is_dir() else [])}
        if SZSL_LABELS in found and SZSL_NAMES in found:
            values = _numbers(found[SZSL_LABELS], BOX, lambda row: row[2] > 0)
            names = _names(found[SZSL_NAMES], len(values))
            return _Found(names, _files(names, [folder / "files", folder.parent.parent / "files"]), values)
    raise UserError(f"{path} has no GENKI-SZSL; expected {EXPECTED_SZSL}")


def _read_whole(path: Path) -> _Found:
    """All pictures of R2009a, which have no labels."""
    for folder in (path / "files", path / "GENKI-R2009a/files"):
        if folder.is_dir():
            files = PictureIndex(folder).files
            return _Found([file.name for file in files], files, np.zeros((len(files), 0)))
    raise UserError(f"{path} is not GENKI-R2009a; expected {EXPECTED_WHOLE}")


def _near(path: Path, places: list[Path]) -> list[Path]:
    return places + (visible_in(path)[0] if path.is_dir() else [path.parent])


def _files(names: list[str], folders: list[Path]) -> list[Path]:
    """The picture that each name means, in the first of the folders that has it."""
    indices = [PictureIndex(folder) for folder in folders if folder.is_dir()]
    found = [next((file for index in indices if (file := index.find(name))), None) for name in names]
    files = [file for file in found if file is not None]
    if len(files) < len(names):
        where = " or ".join(map(str, folders))
        raise UserError(
            f"{len(names) - len(files):,} of the {len(names):,} pictures that have labels are not in {where}, first "
            f"{names[found.index(None)]}; expected all of them, so unpack them again"
        )
    return files


def _numbers(file: Path, columns: tuple[str, ...], is_right: Callable[[list[float]], bool]) -> np.ndarray:
    rows = []
    for number, line in enumerate(_lines(file), 1):
        try:
            row = [float(field) for field in line.split()]
        except ValueError:
            row = []
        if len(row) != len(columns) or not np.isfinite(row).all() or not is_right(row):
            raise UserError(
                f"line {number} of {file} is {line[:60]!r}; expected {', '.join(columns[:-1])} and {columns[-1]}, with "
                "blanks between"
            )
        rows.append(row)
    return np.array(rows)


def _names(file: Path, count: int) -> list[str]:
    """Names as the owners' list has them; without it, pictures are numbered from 1."""
    if not file.is_file():
        return [f"file{number:04}.jpg" for number in range(1, count + 1)]
    names = _lines(file)
    if len(names) != count:
        raise UserError(
            f"{file} has {len(names):,} names for {count:,} labels; expected as many, so download both again"
        )
    if len(set(names)) < count:
        raise UserError(f"{file} names a picture twice; expected every one once, so download it again")
    return names


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise UserError(f"{file} cannot be read ({reason(error)}); copy it again") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise UserError(f"{file} is empty; expected a line a picture, so download it again")
    return lines
