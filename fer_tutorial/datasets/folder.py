"""Images in folders named after the expressions, with the names people usually give them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.expression_names import NUMBERS, advice_for, expression_of
from fer_tutorial.datasets.images import IMAGE_SUFFIXES, check_size, open_image_file, stack_pixels, to_pixels
from fer_tutorial.datasets.people import drawn_split, people_in, person_numbers
from fer_tutorial.datasets.source import (
    CONTEMPT_LEFT_OUT,
    SPLITS,
    Source,
    check_split,
    existing_root,
    expression_classes,
    logger,
    say_left_out,
)
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

# Names of split folders, without signs, blanks and "set": "Train", "train_set" and "TRAINSET" are one name here.
SPLIT_FOLDERS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev", "publictest"),
    "test": ("test", "testing", "privatetest"),
}
# Validation, or the test where there are other validation pictures.
EVALUATION = ("eval", "evaluation")
LAYOUT = "sub-folders named after the expressions, such as {0}/happiness/*.png or {0}/train/happiness/*.png"
LEFT_BEHIND = ("Thumbs.db", "desktop.ini")
DRAWN = {"train": "80 %", "valid": "10 %", "test": "10 %"}
NOBODY_KNOWN = "nothing is known of who is pictured, so one person may be in several splits"


def open_folder(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    subjects: str | None = None,
) -> Source:
    r"""Read ``root/[train|valid|test/]CLASS/*.png`` (or .jpg, .gif ...); CLASS may be any name in ``SYNONYMS``.

    The split folders may be called Training, PublicTest and PrivateTest, val, eval and so on.  Where there are none,
    80 % of the images are train, 10 % valid and 10 % test, drawn by a checksum of their names: the draw never changes,
    but it knows nothing of who is pictured, so one person may be in two splits.  Split ``"all"`` is every image.

    ``subjects`` is a regular expression whose one group says who is pictured, searched in the file's path below its
    class folder: ``subjects=r"^(S\d+)_"`` reads S010 from ``S010_004_00000017.png``.  People are then kept together
    where splits are drawn, and ``FaceData.subjects`` keeps them apart in folds.

    Files and folders that begin with ``.`` or ``@``, and folders that begin with ``__``, are skipped everywhere.  How
    many other files are no images, and how many pictures are of a class not asked for, is logged.  Pictures that are
    not square lose what is outside their central square.  ``index`` is the position in the sorted list of all images of
    all splits and classes.

    Raises:
        UserError: no such folder, no images, pictures in a folder that is no expression or no split, a missing split,
            a file name without a person, a damaged image.
    """
    check_size(size, channels)
    class_names = expression_classes(num_classes)
    check_split("a folder", split, (*SPLITS, "all"))
    path = existing_root("a folder of images", root, "a folder with one sub-folder for each expression")
    if not path.is_dir():
        raise UserError(f"{path} is a file; expected a folder with one sub-folder for each expression")

    found = _scan(path)
    people = None if subjects is None else people_in(found.names, subjects)
    if not found.has_splits:
        found.splits = [drawn_split(name) for name in people or found.keys(path)]
    in_split = np.array([split in (own, "all") for own in found.splits])
    if not in_split.any():
        raise UserError(_no_split(path, split, sorted(set(found.splits), key=SPLITS.index)))
    labels = np.array(found.labels, np.int64)
    positions = np.flatnonzero(in_split & (labels < num_classes))
    if not len(positions):
        raise UserError(f"{path} holds nothing but contempt in split {split!r}; expected num_classes=8 (--classes 8)")
    say_left_out("folder", split, {CONTEMPT_LEFT_OUT: int(in_split.sum()) - len(positions), **found.left_out()})
    if not found.has_splits and split != "all":
        _say_drawn(split, subjects)
    if found.has_splits and people is not None:
        _say_shared(people, found.splits)

    def read(start: int, stop: int) -> np.ndarray:
        def picture(row: int) -> np.ndarray:
            return to_pixels(open_image_file(found.files[positions[row]]), size, channels)

        return stack_pixels(picture, start, stop, (size, size, channels))

    table = {
        "labels": labels[positions],
        "index": positions.astype(np.int64),
        "keys": np.array(found.keys(path))[positions],
    }
    if people is not None:
        table["subjects"] = person_numbers(people)[positions]
    return Source(
        "folder",
        split,
        class_names,
        table,
        (size, size, channels),
        read,
        provenance={"root": str(path.resolve()), "splits": _origin_of_splits(found.has_splits, subjects)},
    )


def folder_splits(path: Path) -> tuple[str, ...]:
    """The splits a folder has: those it has folders for, or all three where it has none and they are drawn."""
    found = set(_split_folders(path).values())
    return tuple(split for split in SPLITS if split in found) or SPLITS


@dataclass
class _Found:
    """The pictures of all splits and classes, in order."""

    has_splits: bool
    files: list[Path] = field(default_factory=list)
    names: list[Path] = field(default_factory=list)  # the files' paths below their class folders
    labels: list[int] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)  # files that are no images, and images in no class folder

    def keys(self, root: Path) -> list[str]:
        return [file.relative_to(root).as_posix() for file in self.files]

    def left_out(self) -> dict[str, int]:
        kinds = Counter(file.suffix.lower() or "without a suffix" for file in self.others)
        named = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        return {f"files that are no images in class folders ({named})": len(self.others)}


def _scan(path: Path) -> _Found:
    split_folders = _split_folders(path)
    if split_folders:
        _refuse_siblings(path, split_folders)
    found = _Found(bool(split_folders))
    for parent in sorted(split_folders) or [path]:
        for folder in _class_folders(parent):
            label = EXPRESSIONS.index(expression_of(folder.name) or "")
            files = sorted(_files(folder))
            images = [file for file in files if _is_image(file)]
            found.files += images
            found.names += [file.relative_to(folder) for file in images]
            found.labels += [label] * len(images)
            found.splits += [split_folders.get(parent, "")] * len(images)
            found.others += [file for file in files if not _is_image(file)]
        found.others += [file for file in _visible(parent)[1] if _is_image(file)]
    if not found.files:
        pictures = sum(_is_image(file) for file in _files(path))
        held = f"{pictures} pictures but none in" if pictures else "no images; expected"
        raise UserError(f"{path} holds {held} {LAYOUT.format(path)}")
    return found


def _split_folders(path: Path) -> dict[Path, str]:
    bare_names = {folder: re.sub(r"[\W_]|set$", "", folder.name.lower()) for folder in _visible(path)[0]}
    splits = {
        folder: split for folder, bare in bare_names.items() for split, names in SPLIT_FOLDERS.items() if bare in names
    }
    evaluation = "test" if "valid" in splits.values() else "valid"
    splits |= {folder: evaluation for folder, bare in bare_names.items() if bare in EVALUATION}
    for split in SPLITS:
        named = [folder.name for folder, own in splits.items() if own == split]
        if len(named) > 1:
            raise UserError(f"{path} has {' and '.join(named)}, all of them names of the {split} split; keep one")
    return splits


def _refuse_siblings(path: Path, split_folders: dict[Path, str]) -> None:
    for folder in _visible(path)[0]:
        if folder not in split_folders and _holds_images(folder):
            known = ", ".join(child.name for child in split_folders)
            raise UserError(
                f"{folder} holds pictures but is no split, though it lies beside {known}; expected train, valid and "
                "test alone, so move it away or into one of them"
            )


def _class_folders(parent: Path) -> list[Path]:
    """The folders of ``parent`` that are named after expressions; any other that holds pictures is refused."""
    folders = _visible(parent)[0]
    classes = [folder for folder in folders if expression_of(folder.name)]
    unknown = [folder for folder in folders if folder not in classes and _holds_images(folder)]
    if not unknown:
        return classes
    if all(folder.name.isdecimal() for folder in unknown):
        names = ", ".join(folder.name for folder in unknown)
        raise UserError(f"the folders {names} in {parent} are named after no expressions; {NUMBERS}")
    first = unknown[0]
    raise UserError(f"the folder {first} is named after no expression; {_advice(first, bool(classes))}")


def _advice(folder: Path, has_classes: bool) -> str:
    if _split_folders(folder) or any(expression_of(child.name) for child in _visible(folder)[0]):
        return f"did you mean root={folder}, which has such folders?"
    return advice_for(folder.name) if has_classes else f"expected {LAYOUT.format(folder.parent)}"


def _files(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """The visible files below ``folder``, links followed."""
    real = folder.resolve()
    if real in above:
        raise UserError(f"{folder} leads back, by a link, to a folder that contains it; remove the link")
    folders, files = _visible(folder)
    for child in folders:
        if _is_image(child):
            raise UserError(f"{child} is a folder although it is named like an image; rename or remove it")
        yield from _files(child, (*above, real))
    for child in files:
        if _is_image(child) and not child.is_file():
            what = "a link to a place that is not there" if child.is_symlink() else "no ordinary file"
            raise UserError(f"{child} is {what}; expected an image, so mend or remove it")
    yield from files


def _visible(folder: Path) -> tuple[list[Path], list[Path]]:
    """Folders and other things in ``folder``, sorted, without what systems leave behind.

    That is ``._x.png`` (macOS), ``@eaDir`` (Synology), ``.ipynb_checkpoints``, ``__MACOSX``, ``Thumbs.db``.
    """
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"{folder} cannot be opened ({error.strerror}); expected a folder that may be read") from None
    entries = [entry for entry in entries if not entry.name.startswith((".", "@")) and entry.name not in LEFT_BEHIND]
    # os.path.isdir is no error for a link to itself; where there is no link, the scan knows without asking the disk.
    is_folder = [os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir() for entry in entries]
    paired = list(zip(entries, is_folder, strict=True))
    folders = [Path(entry.path) for entry, folder in paired if folder and not entry.name.startswith("__")]
    return folders, [Path(entry.path) for entry, folder in paired if not folder]


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in IMAGE_SUFFIXES


def _holds_images(folder: Path) -> bool:
    return any(_is_image(file) for file in _files(folder))


def _no_split(path: Path, split: str, has: list[str]) -> str:
    advice = {
        "train": "put the pictures to train on into a folder train",
        "valid": "hold out a share of the training pictures (--holdout 0.1), or put some into a folder valid",
        "test": "choose one of these or 'all' (--split), or put pictures into a folder test",
    }
    return f"{path} has no images in split {split!r}; it has {', '.join(has)}, so {advice[split]}"


def _say_drawn(split: str, subjects: str | None) -> None:
    of = "pictures" if subjects is None else "people"
    warning = f"; {NOBODY_KNOWN} (the option subjects=PATTERN tells)" if subjects is None else ""
    logger.info("folder, %s split: %s of the %s, drawn by name%s", split, DRAWN[split], of, warning)


def _say_shared(people: list[str], splits: list[str]) -> None:
    splits_of = Counter(person for person, _ in set(zip(people, splits, strict=True)))
    shared = sorted(person for person, count in splits_of.items() if count > 1)
    if shared:
        logger.info("folder: %d people are in more than one split folder, first %s", len(shared), shared[0])


def _origin_of_splits(has_splits: bool, subjects: str | None) -> str:
    if has_splits:
        return "from folders"
    return f"drawn by picture: {NOBODY_KNOWN}" if subjects is None else f"drawn by person (subjects={subjects})"
