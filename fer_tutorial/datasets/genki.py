"""GENKI-4K: photographs from the web, smiling or not, with the pose of the head.

Three layouts are read: ``files/file0001.jpg`` and on, beside ``labels.txt``; the same beside ``GENKI-4K_Images.txt``
and ``GENKI-4K_Labels.txt``, which have the same order; and the second within ``GENKI-R2009a/Subsets/GENKI-4K``.  A line
of the labels is ``smile yaw pitch roll``, with 0 or 1 and three angles in radians.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fer_tutorial.datasets.images import check_size, picture_reader
from fer_tutorial.datasets.people import DRAWN_BY_PICTURE, drawn_split, say_drawn
from fer_tutorial.datasets.picture_files import PictureIndex, visible_in
from fer_tutorial.datasets.source import SPLITS, Source, check_split, existing_root, reason
from fer_tutorial.errors import UserError

EXPECTED = "GENKI-4K's folder, with files/file0001.jpg and on, and labels.txt or GENKI-4K_Labels.txt"
CLASSES = ("no smile", "smile")
LABEL_FILES = ("GENKI-4K_Labels.txt", "labels.txt")
NAME_FILE = "GENKI-4K_Images.txt"
POSE = ("yaw", "pitch", "roll")


def open_genki(
    root: str | Path | None, split: str = "train", size: int = 48, channels: int = 3, num_classes: int = 7
) -> Source:
    """GENKI-4K with two classes, ``no smile`` and ``smile``, whatever number is asked for.

    They are no expressions of the package: who does not smile may be sad as well as neutral.  There is no split of the
    owners', so 80, 10 and 10 % are drawn by a checksum of the names, or ``all`` is read.  Nobody says who is pictured.
    ``index`` is the number of the line in the labels, from 0.  The pose is in :func:`genki_pose`.

    Raises:
        UserError: files that are missing, or lines that are not ``smile yaw pitch roll``.
    """
    check_size(size, channels)
    check_split("genki", split, (*SPLITS, "all"))
    path = existing_root("genki", root, EXPECTED)
    folder, names, values = _read(path)
    index = PictureIndex(folder / "files")
    found = [index.find(name) for name in names]
    files = [file for file in found if file is not None]
    if len(files) < len(names):
        first = names[found.index(None)]
        raise UserError(
            f"{len(names) - len(files):,} of the {len(names):,} pictures that have labels are not in "
            f"{folder / 'files'}, first {first}; expected all of them, so unpack them again"
        )
    chosen = np.flatnonzero([split in (drawn_split(name), "all") for name in names])
    if split != "all":
        say_drawn("genki", split, by_person=False, advice="")
    return Source(
        "genki",
        split,
        CLASSES,
        {
            "labels": values[chosen, 0].astype(np.int64),
            "index": chosen,
            "keys": np.array(names)[chosen],
        },
        (size, size, channels),
        picture_reader([files[row] for row in chosen], size, channels),
        provenance={"root": str(path.resolve()), "labels": "0: no smile, 1: smile", "splits": DRAWN_BY_PICTURE},
    )


def genki_pose(root: str | Path) -> pd.DataFrame:
    """Yaw, pitch and roll of every head in radians: a row a picture, with ``key`` as in :class:`FaceData` before them.

    Raises:
        UserError: as :func:`open_genki`.
    """
    _, names, values = _read(existing_root("genki", root, EXPECTED))
    return pd.DataFrame({"key": names, **{name: values[:, 1 + i] for i, name in enumerate(POSE)}})


def _read(path: Path) -> tuple[Path, list[str], np.ndarray]:
    """The folder of GENKI-4K, the names of its pictures, and smile, yaw, pitch and roll of each."""
    places = [path, path / "Subsets/GENKI-4K", path / "GENKI-4K", path / "GENKI-R2009a/Subsets/GENKI-4K"]
    places += visible_in(path)[0] if path.is_dir() else [path.parent]
    for folder in places:
        for name in LABEL_FILES:
            file = folder / name
            if file.is_file() and (folder / "files").is_dir():
                values = _labels(file)
                return folder, _names(folder, len(values)), values
    raise UserError(f"{path} is not GENKI-4K; expected {EXPECTED}")


def _labels(file: Path) -> np.ndarray:
    rows = []
    for number, line in enumerate(_lines(file), 1):
        try:
            row = [float(field) for field in line.split()]
        except ValueError:
            row = []
        if len(row) != 1 + len(POSE) or row[0] not in (0, 1) or not np.isfinite(row).all():
            raise UserError(
                f"line {number} of {file} is {line[:60]!r}; expected smile (0 or 1), yaw, pitch and roll, with blanks "
                "between"
            )
        rows.append(row)
    return np.array(rows)


def _names(folder: Path, count: int) -> list[str]:
    """Names as the owners' list has them; without it, pictures are numbered from 1."""
    file = folder / NAME_FILE
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
