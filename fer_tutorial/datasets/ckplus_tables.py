"""CK+ in two tables that go around, with pictures of 48×48 pixels and without a word of who is pictured.

``ckextended.csv`` has FER2013's columns and a random split, so that people of its test are in its training; a picture a
recording, and neutral ones.  ``CK_data.h5`` has the last three frames of each labeled recording, in no split.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from fer_tutorial.datasets.fer2013_csv import FACE_SIZE, USAGES, PixelRows
from fer_tutorial.datasets.images import stack_pixels, to_pixels
from fer_tutorial.datasets.optional import optional_module
from fer_tutorial.datasets.people import DRAWN_BY_PICTURE, drawn_split, say_drawn
from fer_tutorial.datasets.picture_files import visible_in
from fer_tutorial.datasets.source import (
    CONTEMPT_LEFT_OUT,
    SPLITS,
    Source,
    check_split,
    expression_classes,
    logger,
    reason,
    say_left_out,
)
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

TABLE_SPLITS = SPLITS
CSV, HDF5 = "ckextended.csv", "ck_data.h5"
CSV_CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt")
HDF5_CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "contempt")
MOST_ROWS = 100_000  # the file says how many there are, and need not be right
NOBODY = "nothing is known of who is pictured, and people of the training are in the test"


def table_in(path: Path) -> Path | None:
    """One of the two tables, at ``path`` or in it."""
    files = [path] if path.is_file() else visible_in(path)[1]
    return next((file for name in (CSV, HDF5) for file in files if file.name.lower() == name), None)


def open_table(path: Path, table: Path, split: str, size: int, channels: int, num_classes: int) -> Source:
    """What one of the two tables holds; ``index`` is the number of the row, from 0."""
    check_split("ckplus", split, (*SPLITS, "all"))
    if table.name.lower() == CSV:
        rows = PixelRows(table, len(CSV_CLASSES))
        names = np.array(CSV_CLASSES)[rows.emotion]
        in_split = (rows.usage == USAGES[split]) if split != "all" else np.full(len(names), True)
        logger.warning("ckplus: %s: %s", table.name, NOBODY)
        splits, face = "the table's, drawn by picture", rows.face
    else:
        pixels, numbers = _read_hdf5(table)
        names = np.array(HDF5_CLASSES)[numbers]
        in_split = np.array([split in (drawn_split(f"row {row}"), "all") for row in range(len(names))])
        if split != "all":
            say_drawn("ckplus", split, by_person=False, advice="")
        splits = DRAWN_BY_PICTURE

        def face(row: int) -> Image.Image:
            return Image.fromarray(pixels[row])

    class_names = expression_classes(num_classes)
    known = np.isin(names, class_names)
    chosen = np.flatnonzero(in_split & known).tolist()
    if not chosen:
        raise UserError(f"{table} has nothing in split {split!r}; expected the whole table, so download it again")
    say_left_out("ckplus", split, {CONTEMPT_LEFT_OUT: int((in_split & ~known).sum())})

    def read(start: int, stop: int) -> np.ndarray:
        def picture(row: int) -> np.ndarray:
            return to_pixels(face(chosen[row]), size, channels)

        return stack_pixels(picture, start, stop, (size, size, channels))

    return Source(
        "ckplus",
        split,
        class_names,
        {
            "labels": np.array([EXPRESSIONS.index(names[row]) for row in chosen]),
            "index": np.array(chosen),
            "keys": np.array([f"data row {row + 1}" for row in chosen]),
        },
        (size, size, channels),
        read,
        provenance={"root": str(path.resolve()), "form": table.name, "splits": splits},
    )


def _read_hdf5(table: Path) -> tuple[np.ndarray, np.ndarray]:
    h5py = optional_module("h5py", table)
    try:
        with h5py.File(table, "r") as file:
            shape, count = file["data_pixel"].shape, len(file["data_label"])
            if shape != (count, FACE_SIZE, FACE_SIZE) or count > MOST_ROWS:
                raise UserError(f"{table} has pixels {shape} for {count} labels; expected (n, 48, 48)")
            pixels, numbers = np.asarray(file["data_pixel"]), np.asarray(file["data_label"])
    except (OSError, KeyError, TypeError) as error:
        raise UserError(
            f"{table} cannot be read ({reason(error)}); expected data_pixel and data_label in it, so copy it again"
        ) from None
    if pixels.min() < 0 or pixels.max() > 255:
        raise UserError(f"{table} has pixels from {pixels.min()} to {pixels.max()}; expected 0 to 255")
    if numbers.ndim != 1 or not np.isin(numbers, np.arange(len(HDF5_CLASSES))).all():
        raise UserError(f"{table} has labels beyond 0 to {len(HDF5_CLASSES) - 1}; expected those of CK_data.h5")
    return pixels.astype(np.uint8), numbers.astype(np.int64)
