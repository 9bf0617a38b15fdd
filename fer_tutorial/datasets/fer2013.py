"""FER2013 with its own single label for each picture, which is often wrong.

*CSV*: ``fer2013.csv``, or ``icml_face_data.csv`` with its columns in another order; the contest's ``train.csv``, which
has the training split alone (its ``test.csv`` has no labels).  *Folders*, as Kaggle has them:
``train/angry/Training_3908.jpg`` and ``test/angry/PublicTest_39.jpg``, ``PrivateTest_88.jpg``; names tell the split.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.expression_names import expression_of
from fer_tutorial.datasets.fer2013_csv import FER2013_CLASSES, PIXEL_FILES, USAGES, PixelRows, nearby
from fer_tutorial.datasets.ferplus import FOLDERS
from fer_tutorial.datasets.images import check_size, stack_pixels, to_pixels
from fer_tutorial.datasets.picture_files import files_below, is_image, visible_in
from fer_tutorial.datasets.places import Listing
from fer_tutorial.datasets.source import Source, check_split, existing_root, expression_classes
from fer_tutorial.datasets.stills import stills_source
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

EXPECTED = "fer2013.csv or a folder with it"
TRAIN_FILE, TEST_FILE = "train.csv", "test.csv"
NAME = re.compile(r"(?P<usage>Training|PublicTest|PrivateTest)_(?P<number>\d{1,9})", re.IGNORECASE)


def open_fer2013(
    root: str | Path | None, split: str = "train", size: int = 48, channels: int = 3, num_classes: int = 7
) -> Source:
    """FER2013 from ``fer2013.csv``, from the contest's ``train.csv``, or from Kaggle's folders.

    Every row is kept, pictures that are no faces included.  ``index`` is the row number, from 0; in folders, whose
    names have numbers of their own, it is that number (for PublicTest 1 and for PrivateTest 2 thousand million more).

    Raises:
        UserError: no such file, columns missing, labels out of range, pictures that are not 48×48, or folders whose
            names do not tell the split.
    """
    check_size(size, channels)
    check_split("fer2013", split, tuple(USAGES))
    path = existing_root("fer2013", root, EXPECTED)
    listing = Listing(path, FOLDERS.values())
    file, usage = listing.file(*PIXEL_FILES), None
    if file is None and (folders := kaggle_folders(path)):
        return _of_folders(path, folders, split, size, channels, num_classes)
    if file is None and (file := listing.file(TRAIN_FILE)) is not None:
        usage = USAGES["train"]
        if split != "train":
            beside = f", and {TEST_FILE} has no labels" if listing.file(TEST_FILE) else ""
            raise UserError(
                f"{file} is the training split alone{beside}; expected fer2013.csv for the others, or hold out a share "
                "of the training pictures (--holdout 0.1)"
            )
    if file is None:
        raise UserError(_what_lies_there(path, listing))
    rows = PixelRows(file, usage=usage)
    chosen = np.flatnonzero(rows.usage == USAGES[split])
    order = np.array([EXPRESSIONS.index(name) for name in FER2013_CLASSES])

    def read(start: int, stop: int) -> np.ndarray:
        def picture(row: int) -> np.ndarray:
            return to_pixels(rows.face(int(chosen[row])), size, channels)

        return stack_pixels(picture, start, stop, (size, size, channels))

    return Source(
        "fer2013",
        split,
        expression_classes(num_classes),
        {
            "labels": order[rows.emotion[chosen]],
            "index": chosen,
            "keys": np.array([f"data row {row + 1}" for row in chosen]),
        },
        (size, size, channels),
        read,
        provenance={"root": str(path.resolve()), "form": file.name},
    )


def fer2013_splits(root: Path) -> tuple[str, ...]:
    """All three, or train alone where ``train.csv`` lies there and nothing better."""
    listing = Listing(root, FOLDERS.values())
    whole = listing.file(*PIXEL_FILES) is not None or kaggle_folders(root) or listing.file(TRAIN_FILE) is None
    return tuple(USAGES) if whole else ("train",)


def kaggle_folders(path: Path) -> dict[Path, str]:
    """Class folders and the expression of each, in ``train`` and ``test`` at ``path`` or one folder deeper."""
    if not path.is_dir():
        return {}
    for place in (path, *visible_in(path)[0]):
        parts = {folder.name.lower(): folder for folder in visible_in(place)[0]}
        if not {"train", "test"} <= set(parts):
            continue
        inside = [folder for part in ("train", "test") for folder in visible_in(parts[part])[0]]
        named = {folder: expression for folder in inside if (expression := expression_of(folder.name))}
        if named:
            return named
    return {}


def _of_folders(path: Path, folders: dict[Path, str], split: str, size: int, channels: int, num_classes: int) -> Source:
    files: dict[tuple[int, int], Path] = {}
    expressions: dict[tuple[int, int], str] = {}
    strange: list[Path] = []
    usages = [usage.lower() for usage in USAGES.values()]
    for folder, expression in folders.items():
        for file in files_below(folder):
            name = NAME.fullmatch(file.stem)
            if name is None:
                strange += [file] if is_image(file) else []
                continue
            usage = usages.index(name["usage"].lower())
            if (usage == 0) != (folder.parent.name.lower() == "train"):
                raise UserError(
                    f"{file} lies in {folder.parent.name} but is called {name['usage']}; expected the two to agree, so "
                    "unpack the set again"
                )
            key = (usage, int(name["number"]))
            if key in files:
                raise UserError(f"{file} and {files[key]} are one picture; expected it in one folder")
            files[key], expressions[key] = file, expression
    if not files:
        raise UserError(
            f"the pictures below {path} are not called Training_..., PublicTest_... and PrivateTest_..., first "
            f"{strange[0].name if strange else 'none'}; expected such names, which tell FER2013's own splits, or read "
            "the folders as 'folder', with splits of their own"
        )
    chosen = sorted(key for key in files if key[0] == list(USAGES).index(split))
    return stills_source(
        "fer2013",
        split,
        size,
        channels,
        num_classes,
        [files[key] for key in chosen],
        [expressions[key] for key in chosen],
        {
            "index": np.array([usage * 10**9 + number for usage, number in chosen], np.int64),
            "keys": np.array([files[key].relative_to(path).as_posix() for key in chosen], str),
        },
        {"root": str(path.resolve()), "form": "Kaggle's folders"},
        {"pictures whose names tell no split": len(strange)},
    )


def _what_lies_there(path: Path, listing: Listing) -> str:
    if any(listing.folder(folder) is not None for folder in FOLDERS.values()):
        return (
            f"{path} holds FERPlus's folders, which have FERPlus's votes but not FER2013's own labels; read it as "
            "ferplus, or add fer2013.csv"
        )
    if listing.file(TEST_FILE) is not None:
        return f"{path} has {TEST_FILE}, which has no labels; expected fer2013.csv, with columns emotion, pixels, Usage"
    return (
        f"there is no fer2013.csv in {path}; expected it there, with columns emotion, pixels and "
        f"Usage{nearby(listing.names)}"
    )
