"""Images in folders named after the expressions, with the names people usually give them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.expression_names import NUMBERS, advice_for, expression_of
from fer_tutorial.datasets.images import check_size, picture_reader
from fer_tutorial.datasets.people import DRAWN_BY_PICTURE, drawn_split, people_in, person_numbers, say_drawn
from fer_tutorial.datasets.picture_files import files_below, is_image, visible_in
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
from fer_tutorial.datasets.split_names import splits_named
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

LAYOUT = "sub-folders named after the expressions, such as {0}/happiness/*.png or {0}/train/happiness/*.png"


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
        say_drawn("folder", split, people is not None)
    if found.has_splits and people is not None:
        _say_shared(people, found.splits)

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
        picture_reader([found.files[position] for position in positions], size, channels),
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
            files = sorted(files_below(folder))
            images = [file for file in files if is_image(file)]
            found.files += images
            found.names += [file.relative_to(folder) for file in images]
            found.labels += [label] * len(images)
            found.splits += [split_folders.get(parent, "")] * len(images)
            found.others += [file for file in files if not is_image(file)]
        found.others += [file for file in visible_in(parent)[1] if is_image(file)]
    if not found.files:
        pictures = sum(is_image(file) for file in files_below(path))
        held = f"{pictures} pictures but none in" if pictures else "no images; expected"
        raise UserError(f"{path} holds {held} {LAYOUT.format(path)}")
    return found


def _split_folders(path: Path) -> dict[Path, str]:
    folders = visible_in(path)[0]
    named_as = splits_named(folder.name for folder in folders)
    splits = {folder: named_as[folder.name] for folder in folders if folder.name in named_as}
    for split in SPLITS:
        named = [folder.name for folder, own in splits.items() if own == split]
        if len(named) > 1:
            raise UserError(f"{path} has {' and '.join(named)}, all of them names of the {split} split; keep one")
    return splits


def _refuse_siblings(path: Path, split_folders: dict[Path, str]) -> None:
    for folder in visible_in(path)[0]:
        if folder not in split_folders and _holds_images(folder):
            known = ", ".join(child.name for child in split_folders)
            raise UserError(
                f"{folder} holds pictures but is no split, though it lies beside {known}; expected train, valid and "
                "test alone, so move it away or into one of them"
            )


def _class_folders(parent: Path) -> list[Path]:
    """The folders of ``parent`` that are named after expressions; any other that holds pictures is refused."""
    folders = visible_in(parent)[0]
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
    if _split_folders(folder) or any(expression_of(child.name) for child in visible_in(folder)[0]):
        return f"did you mean root={folder}, which has such folders?"
    return advice_for(folder.name) if has_classes else f"expected {LAYOUT.format(folder.parent)}"


def _holds_images(folder: Path) -> bool:
    return any(is_image(file) for file in files_below(folder))


def _no_split(path: Path, split: str, has: list[str]) -> str:
    advice = {
        "train": "put the pictures to train on into a folder train",
        "valid": "hold out a share of the training pictures (--holdout 0.1), or put some into a folder valid",
        "test": "choose one of these or 'all' (--split), or put pictures into a folder test",
    }
    return f"{path} has no images in split {split!r}; it has {', '.join(has)}, so {advice[split]}"


def _say_shared(people: list[str], splits: list[str]) -> None:
    splits_of = Counter(person for person, _ in set(zip(people, splits, strict=True)))
    shared = sorted(person for person, count in splits_of.items() if count > 1)
    if shared:
        logger.info("folder: %d people are in more than one split folder, first %s", len(shared), shared[0])


def _origin_of_splits(has_splits: bool, subjects: str | None) -> str:
    if has_splits:
        return "from folders"
    return DRAWN_BY_PICTURE if subjects is None else f"drawn by person (subjects={subjects})"
