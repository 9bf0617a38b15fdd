"""RAF-DB as its owners hand it out, or in the folders that Kaggle has: photographs labeled by about 40 people each.

*Owners'*: ``basic/EmoLabel/list_patition_label.txt`` (so spelled) with lines such as ``train_00001.jpg 5``, pictures in
``basic/Image/aligned/train_00001_aligned.jpg`` and ``basic/Image/original/train_00001.jpg``; ``compound/`` likewise.
*Kaggle's*: ``DATASET/train/5/train_00001_aligned.jpg``, and ``test`` beside it; basic expressions alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from fer_tutorial.datasets.images import Box, check_size, picture_reader, square_around
from fer_tutorial.datasets.picture_files import PictureIndex, files_below, is_image, visible_in
from fer_tutorial.datasets.source import (
    Source,
    check_split,
    existing_root,
    expression_classes,
    logger,
    reason,
    say_left_out,
)
from fer_tutorial.datasets.text_tables import read_rows
from fer_tutorial.errors import UserError

EXPECTED = "RAF-DB's folder, with basic/EmoLabel/list_patition_label.txt and basic/Image/aligned"
LIST_FILES = ("list_patition_label.txt", "list_partition_label.txt")
NAME = re.compile(r"(?P<split>train|test)_(?P<number>\d+)(?:_aligned)?(?P<suffix>\.jpe?g)", re.IGNORECASE)
# The owners' labels, from 1.
BASIC = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
COMPOUND = (
    *("happily surprised", "happily disgusted", "sadly fearful", "sadly angry", "sadly surprised", "sadly disgusted"),
    *("fearfully angry", "fearfully surprised", "angrily surprised", "angrily disgusted", "disgustedly surprised"),
)
CLASSES = {"basic": BASIC, "compound": COMPOUND}
# So many pictures are before the test's, in the owners' order.
TRAINING = {"basic": 12_271, "compound": 3_162}
SPLITS = ("train", "test")
POINTS = ("eye_1", "eye_2", "nose", "mouth_1", "mouth_2")
GENDERS = ("male", "female", "unsure")
RACES = ("Caucasian", "African-American", "Asian")
AGES = ("0-3", "4-19", "20-39", "40-69", "70+")


def open_rafdb(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    classes: str = "basic",
    images: str = "aligned",
    noisy_labels: str | None = None,
) -> Source:
    """The basic expressions of RAF-DB, or its compound ones, in the owners' split into train and test.

    Args:
        root: the folder RAF-DB, one within it, or Kaggle's DATASET.
        split: ``train``, ``test`` or ``all``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: as everywhere; there is no contempt, and the compound expressions are eleven whatever is asked for.
        classes: ``basic``, or ``compound`` for the eleven compound expressions, which have names of their own.
        images: ``aligned`` (100×100 pixels), or ``original``, the photographs, cut to the face where the owners'
            bounding boxes lie in Annotation/boundingbox and otherwise to their central square.
        noisy_labels: a list in the owners' form with changed labels, such as those of SCN's authors; the owners' labels
            of all pictures are then ``clean_labels``.

    ``index`` is the place in the owners' list, from 0, in either form.  ``groups`` say gender, race and age as the
    owners' annotators saw them, where Annotation/manual is there; :func:`rafdb_annotations` has five points as well.

    Raises:
        UserError: no list, labels out of range, pictures that are missing, or a split that there is not.
    """
    check_size(size, channels)
    if split == "valid":
        raise UserError(
            "RAF-DB has no validation split; expected train, test or all, so hold out a share of the training pictures "
            "(--holdout 0.1)"
        )
    check_split("rafdb", split, (*SPLITS, "all"))
    if classes not in CLASSES:
        raise UserError(f"classes is {classes!r}; expected 'basic' or 'compound'")
    if images not in ("aligned", "original"):
        raise UserError(f"images is {images!r}; expected 'aligned' or 'original'")
    path = existing_root("rafdb", root, EXPECTED)
    found = _of_owners(path, classes, images) or _of_kaggle(path, classes, images)
    if found is None:
        raise UserError(f"{path} is not RAF-DB's {classes} part; expected {EXPECTED}{_packed_beside(path)}")
    own_names = CLASSES[classes]
    class_names = expression_classes(num_classes) if classes == "basic" else own_names
    order = np.array([class_names.index(name) for name in own_names])
    clean = order[found.numbers - 1]
    labels = clean
    if noisy_labels is not None:
        labels = order[_noisy(path, noisy_labels, found, len(own_names)) - 1]
    chosen = np.flatnonzero([split in (name.split("_")[0].lower(), "all") for name in found.names])
    if not len(chosen):
        raise UserError(f"{found.where} has no pictures in split {split!r}; expected it whole, so unpack it again")
    say_left_out("rafdb", split, {"pictures that the list does not name": found.unnamed})
    table = {
        "labels": labels[chosen],
        "index": found.index(classes)[chosen],
        "keys": np.array([found.names[row] for row in chosen]),
    }
    if noisy_labels is not None:
        table["clean_labels"] = clean[chosen]
    group_names = ("gender", "race", "age") if _annotation_folder(found.base, "manual") else ()
    if group_names:
        people = rafdb_annotations(path, classes).set_index("key")[list(group_names)]
        table["groups"] = (
            people.reindex([f"{name.rpartition('.')[0]}.jpg" for name in table["keys"]]).fillna("").to_numpy(str)
        )
    boxes = _annotation_folder(found.base, "boundingbox") if images == "original" else None
    if images == "original" and boxes is None:
        logger.info("rafdb: there is no Annotation/boundingbox, so pictures are cut to their central square")

    def box_of(position: int, image: Image.Image) -> Box | None:
        if boxes is None:
            return None
        stem = found.names[chosen[position]].rpartition(".")[0]
        return square_around(_read_box(boxes / f"{stem}_boundingbox.txt"), image)

    return Source(
        "rafdb",
        split,
        class_names,
        table,
        (size, size, channels),
        picture_reader([found.files[row] for row in chosen], size, channels, box_of),
        provenance={
            "root": str(path.resolve()),
            "labels": ", ".join(f"{number}: {name}" for number, name in enumerate(own_names, 1)),
            "list": str(found.where) if noisy_labels is None else str(noisy_labels),
            "form": f"{classes}, {images}, {found.form}",
            "splits": "the owners'",
        },
        group_names=group_names,
    )


def rafdb_annotations(root: str | Path, classes: str = "basic") -> pd.DataFrame:
    """What the owners' annotators say of each picture: a row a picture, in the order of the files' names.

    The columns are ``key`` (as in :class:`FaceData`), ``gender``, ``race``, ``age`` and, in pixels of the *original*
    picture, ``eye_1_x``, ``eye_1_y`` and so on for two eyes, the nose and two corners of the mouth.

    Raises:
        UserError: no folder Annotation/manual, or a file in it that is not in the owners' form.
    """
    if classes not in CLASSES:
        raise UserError(f"classes is {classes!r}; expected 'basic' or 'compound'")
    path = existing_root("rafdb", root, EXPECTED)
    file = _list_file(path, classes)
    folder = None if file is None else _annotation_folder(_base(file), "manual")
    if folder is None:
        raise UserError(
            f"{path} has no {classes}/Annotation/manual; expected the owners' files train_00001_manu_attri.txt in it, "
            "so unpack Annotation/manual.zip"
        )
    files = [file for file in files_below(folder) if file.name.lower().endswith("_manu_attri.txt")]
    if not files:
        raise UserError(f"{folder} is empty; expected files such as train_00001_manu_attri.txt")
    return pd.DataFrame([_read_attributes(file) for file in sorted(files)])


@dataclass
class _Found:
    """The pictures of both splits: their names as in the owners' list, files, and labels as the owners number them."""

    where: Path  # the list, or Kaggle's folder
    base: Path  # the folder that Image and Annotation are in
    names: list[str]
    files: list[Path]
    numbers: np.ndarray
    unnamed: int
    form: str

    def index(self, classes: str) -> np.ndarray:
        """Places in the owners' list, from 0."""
        found = [NAME.fullmatch(name) for name in self.names]
        before = {"train": 0, "test": TRAINING[classes]}
        return np.array([before[name["split"].lower()] + int(name["number"]) - 1 for name in found if name])


def _of_owners(path: Path, classes: str, images: str) -> _Found | None:
    file = _list_file(path, classes)
    if file is None:
        return None
    listed = _read_list(file, len(CLASSES[classes]))
    base = _base(file)
    places = [base / "Image" / images, base / "image" / images, base / images]
    folder = next((place for place in places if place.is_dir()), base)
    index = PictureIndex(folder)
    wanted = {name: _aligned(name) if images == "aligned" else name for name in listed}
    files = [index.find(name) for name in wanted.values()]
    missing = [name for name, picture in zip(wanted.values(), files, strict=True) if picture is None]
    if missing:
        raise UserError(
            f"{len(missing):,} of the {len(listed):,} {images} pictures that {file.name} names are not below {folder}, "
            f"first {missing[0]}; expected all of them in Image/{images}{_packed_beside(base, base / 'Image')}"
        )
    pictures = [picture for picture in files if picture is not None]
    numbers = np.array(list(listed.values()))
    unnamed = len(index) - len(set(pictures)) if folder is not base else 0
    return _Found(file, base, list(listed), pictures, numbers, unnamed, "the owners'")


def _list_file(path: Path, classes: str) -> Path | None:
    """The owners' list for these classes, at ``path`` or up to three folders deeper.

    The lists of both parts have one name; the compound one has labels above 7.
    """
    lists = [path] if path.is_file() else [file for file in _near(path, depth=3) if file.name.lower() in LIST_FILES]
    for file in lists:
        compound = any(number > len(BASIC) for number in _read_list(file, len(COMPOUND)).values())
        if compound == (classes == "compound"):
            return file
    return None


def _near(folder: Path, depth: int) -> Iterable[Path]:
    folders, files = visible_in(folder)
    yield from files
    for child in folders if depth else ():
        if child.name.lower() not in ("image", "aligned", "original", "annotation"):  # thousands of files each
            yield from _near(child, depth - 1)


def _base(file: Path) -> Path:
    return file.parent.parent if file.parent.name.lower() == "emolabel" else file.parent


def _read_list(file: Path, count: int) -> dict[str, int]:
    """Labels, from 1, by names without ``_aligned``."""
    listed: dict[str, int] = {}
    for row in read_rows(file):
        name = NAME.fullmatch(row[0])
        if name is None or not row[1].isdecimal() or not 1 <= int(row[1]) <= count:
            raise UserError(
                f"{file} has the line {' '.join(row)[:60]!r}; expected a name and a label from 1 to {count}, such as "
                "train_00001.jpg 5"
            )
        plain = f"{name['split'].lower()}_{name['number']}{name['suffix']}"
        if listed.setdefault(plain, int(row[1])) != int(row[1]):
            raise UserError(f"{file} gives {plain} the labels {listed[plain]} and {row[1]}; expected one, so mend it")
    return listed


def _aligned(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}_aligned{dot}{suffix}"


def _of_kaggle(path: Path, classes: str, images: str) -> _Found | None:
    """Folders train/1 to train/7 and test/1 to test/7 of aligned pictures."""
    if classes != "basic" or not path.is_dir():
        return None
    for place in (path, *visible_in(path)[0]):
        folders = [place / split / str(number) for split in SPLITS for number in range(1, 8)]
        if all(folder.is_dir() for folder in folders):
            break
    else:
        return None
    if images == "original":
        raise UserError(f"{place} has aligned pictures alone; expected images=aligned, or the owners' own folder")
    listed: dict[str, tuple[Path, int]] = {}
    unnamed = 0
    for folder in folders:
        for file in files_below(folder):
            name = NAME.fullmatch(file.name)
            if name is None or name["split"].lower() != folder.parent.name:
                unnamed += is_image(file)
                continue
            plain = f"{name['split'].lower()}_{name['number']}{name['suffix']}"
            if plain in listed:
                raise UserError(f"{file} and {listed[plain][0]} are one picture; expected it in one folder")
            listed[plain] = (file, int(folder.name))
    if not listed:
        raise UserError(f"{place} has no pictures named as RAF-DB's; expected names such as train_00001_aligned.jpg")
    _check_kaggle_tables(place, {name: number for name, (_, number) in listed.items()})
    files = [file for file, _ in listed.values()]
    numbers = np.array([number for _, number in listed.values()])
    return _Found(place, place, list(listed), files, numbers, unnamed, "Kaggle's folders")


def _check_kaggle_tables(place: Path, listed: dict[str, int]) -> None:
    """The tables beside the folders say the labels again: refuse what contradicts itself."""
    for file in (place / "train_labels.csv", place / "test_labels.csv"):
        if not file.is_file():
            continue
        said = {row[0].replace("_aligned", ""): row[1] for row in read_rows(file)}
        torn = [name for name, number in listed.items() if said.get(name, str(number)) != str(number)]
        if torn:
            raise UserError(
                f"{file} gives {len(torn):,} pictures another label than the folder that they lie in, first {torn[0]}; "
                "expected the same, so download the set again"
            )


def _noisy(path: Path, noisy_labels: str, found: _Found, count: int) -> np.ndarray:
    """The owners' numbers with those of the list in the place of theirs."""
    file = Path(noisy_labels).expanduser()
    file = file if file.is_file() else (path if path.is_dir() else path.parent) / noisy_labels
    noisy = _read_list(file, count)
    strange = sorted(set(noisy) - set(found.names))
    if strange:
        raise UserError(f"{file} names {len(strange):,} pictures that are not in {found.where}, first {strange[0]}")
    return np.array([noisy.get(name, number) for name, number in zip(found.names, found.numbers, strict=True)])


def _annotation_folder(base: Path, name: str) -> Path | None:
    places = (base / "Annotation" / name, base / "annotation" / name, base / name)
    return next((place for place in places if place.is_dir()), None)


def _read_numbers(file: Path) -> list[list[float]]:
    try:
        lines = file.read_text(errors="replace").splitlines()
        return [[float(field) for field in line.split()] for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read ({reason(error)}); expected numbers, so unpack it again") from None


def _read_box(file: Path) -> Box:
    lines = _read_numbers(file)
    if len(lines) != 1 or len(lines[0]) != 4 or not np.isfinite(lines[0]).all():
        raise UserError(f"{file} is no bounding box; expected one line with left, top, right and bottom")
    left, top, right, bottom = lines[0]
    if not (left < right and top < bottom):
        raise UserError(f"{file} has a box without an area; expected left, top, right and bottom in pixels")
    return left, top, right, bottom


def _read_attributes(file: Path) -> dict[str, object]:
    """Five points, then gender, race and age in numbers."""
    lines = _read_numbers(file)
    if [len(line) for line in lines] != [2] * len(POINTS) + [1] * 3:
        raise UserError(f"{file} is not as the owners'; expected five lines x y, then gender, race and age")
    row: dict[str, object] = {"key": file.name[: -len("_manu_attri.txt")] + ".jpg"}
    for (number,), column, words in zip(
        lines[len(POINTS) :], ("gender", "race", "age"), (GENDERS, RACES, AGES), strict=True
    ):
        if number not in range(len(words)):
            raise UserError(f"{file} has {number:g} as {column}; expected 0 to {len(words) - 1} ({', '.join(words)})")
        row[column] = words[int(number)]
    for point, (x, y) in zip(POINTS, lines, strict=False):
        row |= {f"{point}_x": x, f"{point}_y": y}
    return row


def _packed_beside(*folders: Path) -> str:
    """What is still packed there."""
    archives = [
        file.name
        for folder in folders
        if folder.is_dir()
        for file in visible_in(folder)[1]
        if os.path.splitext(file.name)[1].lower() in (".zip", ".rar", ".7z", ".tar", ".gz")
    ]
    return f"; unpack {archives[0]} first" if archives else ""
