"""Images in folders named after the expressions, with the names people usually give them."""

from __future__ import annotations

import difflib
import re
import zlib
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.images import IMAGE_SUFFIXES, check_size, open_image, to_pixels
from fer_tutorial.datasets.source import SPLITS, Source, check_split, existing_root, expression_classes
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

SYNONYMS: dict[str, tuple[str, ...]] = {
    "neutral": ("neutral", "neutrality", "calm", "ne"),
    "happiness": ("happiness", "happy", "joy", "joyful", "smile", "smiling", "ha"),
    "surprise": ("surprise", "surprised", "astonished", "su"),
    "sadness": ("sadness", "sad", "sorrow", "sa"),
    "anger": ("anger", "angry", "an"),
    "disgust": ("disgust", "disgusted", "di"),
    "fear": ("fear", "afraid", "fearful", "scared", "fe"),
    "contempt": ("contempt", "contemptuous", "co"),
}
SPLIT_FOLDERS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test", "testing"),
}
# Hundredths of the images that go to train, and to train or valid, where the folder itself has no splits.
TRAIN_PERCENT, VALID_PERCENT = 80, 90


def expression_of(folder_name: str) -> str | None:
    """The expression a folder name stands for; capitals, and a number before the name, do not matter.

    >>> expression_of("Happy"), expression_of("04_afraid"), expression_of("cats")
    ('happiness', 'fear', None)
    """
    bare = re.sub(r"^\d+[\s._-]*", "", folder_name.strip().lower())
    return next((expression for expression, names in SYNONYMS.items() if bare in names), None)


def open_folder(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
) -> Source:
    """Read ``root/[train|valid|test/]CLASS/*.png`` (or .jpg, .bmp ...); CLASS may be any name in ``SYNONYMS``.

    Where there are no split folders, 80 % of the images are train, 10 % valid and 10 % test, drawn by a checksum of
    their names: the draw never changes, but it knows nothing of who is pictured, so one person may be in two splits.
    Split ``"all"`` is every image.  Pictures that are not square lose what is outside their central square.
    ``index`` is the position in the sorted list of all images of all splits and classes.

    Raises:
        UserError: no such folder, no images, a sub-folder that is no expression, a missing split, a damaged image.
    """
    check_size(size, channels)
    class_names = expression_classes(num_classes)
    check_split("a folder", split, (*SPLITS, "all"))
    path = existing_root("a folder of images", root, "a folder with one sub-folder for each expression")
    if not path.is_dir():
        raise UserError(f"{path} is a file; expected a folder with one sub-folder for each expression")

    split_folders = _split_folders(path)
    files: list[Path] = []
    labels: list[int] = []
    splits: list[str] = []
    for parent in sorted(split_folders) or [path]:
        for folder in _folders(parent):
            label = EXPRESSIONS.index(_expression_or_error(folder))
            images = [file for file in sorted(folder.rglob("*")) if file.suffix.lower() in IMAGE_SUFFIXES]
            files += images
            labels += [label] * len(images)
            splits += [split_folders.get(parent) or _drawn_split(file.relative_to(path)) for file in images]
    if not files:
        raise UserError(
            f"{path} holds no images; expected {path}/happiness/*.png, or {path}/train/happiness/*.png, and so on"
        )
    chosen = np.array(
        [(split in (own, "all")) and label < num_classes for own, label in zip(splits, labels, strict=True)]
    )
    if not chosen.any():
        raise UserError(
            f"{path} has no images in split {split!r}; it has {', '.join(sorted(set(splits)))}, "
            "so choose one of these or 'all'"
        )
    positions = np.flatnonzero(chosen)

    def read(start: int, stop: int) -> np.ndarray:
        pixels = np.empty((stop - start, size, size, channels), np.uint8)
        for row, position in enumerate(positions[start:stop]):
            with files[position].open("rb") as file:
                pixels[row] = to_pixels(open_image(file, files[position]), size, channels)
        return pixels

    return Source(
        "folder",
        split,
        class_names,
        {
            "labels": np.array(labels, np.int64)[positions],
            "index": positions.astype(np.int64),
            "keys": np.array([files[position].relative_to(path).as_posix() for position in positions]),
        },
        (size, size, channels),
        read,
        provenance={"root": str(path.resolve()), "splits": "from folders" if split_folders else "drawn by name"},
    )


def folder_splits(root: str | Path) -> tuple[str, ...]:
    """The splits a folder has: those it has folders for, or all three where it has none and they are drawn."""
    found = set(_split_folders(Path(root).expanduser()).values())
    return tuple(split for split in SPLITS if split in found) or SPLITS


def _split_folders(path: Path) -> dict[Path, str]:
    return {
        child: name
        for child in _folders(path)
        for name, aliases in SPLIT_FOLDERS.items()
        if child.name.lower() in aliases
    }


def _folders(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith((".", "__")))


def _expression_or_error(folder: Path) -> str:
    expression = expression_of(folder.name)
    if expression is None:
        known = [name for names in SYNONYMS.values() for name in names if len(name) > 2]
        close = difflib.get_close_matches(folder.name.lower(), known, n=1)
        advice = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(EXPRESSIONS)}"
        raise UserError(f"the folder {folder} is named after no expression; {advice}")
    return expression


def _drawn_split(name: Path) -> str:
    percent = zlib.crc32(name.as_posix().encode()) % 100
    return "train" if percent < TRAIN_PERCENT else "valid" if percent < VALID_PERCENT else "test"
