"""FERPlus: FER2013's 48×48 gray faces with ten annotators' votes.

It comes in two layouts.  *Folders*: ``FER2013Train/*.png`` with a ``label.csv`` each, plain or zipped.  *CSV*:
``fer2013.csv`` with the pixels as text and, beside it, ``fer2013new.csv`` with the votes.

What to know before counting anything, checked on the published files:

* The number in ``fer0032220.png`` is not a row number: 173 rows (all voted "not a face" ten times) have no name at all.
* Four names occur twice in ``fer2013new.csv``.  The first row is kept, as in ``label.csv``.
* The script that makes the folders writes the later picture under a repeated name.  One of them, ``fer0033120.png`` of
  the test split, is therefore a warning sign that carries the votes of a face in the folders; from CSV it is the face.
* ``label.csv`` and ``fer2013new.csv`` give different votes for 1,601 names.  All are pictures that occur more than once
  to the pixel: ``fer2013new.csv`` repeats the votes of the first, ``label.csv`` has votes of its own for each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from fer_tutorial.datasets.fer2013_csv import (
    FACE_SIZE,
    PIXEL_FILES,
    USAGES,
    VOTE_COLUMNS,
    PixelRows,
    named_rows,
    nearby,
    read_label_csv,
    read_vote_table,
)
from fer_tutorial.datasets.images import UnreadableImage, check_size, open_image, stack_pixels, to_pixels
from fer_tutorial.datasets.places import Listing, Place, opened, visible
from fer_tutorial.datasets.source import (
    CONTEMPT_LEFT_OUT,
    Source,
    check_split,
    existing_root,
    expression_classes,
    say_left_out,
)
from fer_tutorial.errors import UserError

FOLDERS: dict[str, str] = {"train": "FER2013Train", "valid": "FER2013Valid", "test": "FER2013Test"}
VOTE_FILE = "fer2013new.csv"
UNKNOWN = VOTE_COLUMNS.index("unknown")

EXPECTED = (
    "a folder or a zip file with FER2013Train/, FER2013Valid/, FER2013Test/ (each with its label.csv), "
    "or fer2013.csv together with fer2013new.csv"
)

# Names and votes of a split's pictures, how to get one of them, and which layout that was.
Layout = tuple[np.ndarray, np.ndarray, Callable[[int], Image.Image], str]


def majority_vote(votes: np.ndarray) -> np.ndarray:
    """The class of each row of (N, 10) votes by Barsoum et al.'s majority rule, -1 where there is none.

    A class with a single vote is an outlier and loses it.  Of what is left, the leading class must have more than half;
    without such a class, or where "unknown" or "not a face" leads, the picture is left out (Barsoum et al. 2016, and
    the ``majority`` mode of the code they published).

    >>> majority_vote(np.array([[6, 1, 3, 0, 0, 0, 0, 0, 0, 0], [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]]))
    array([ 0, -1])
    """
    votes = np.where(votes > 1, votes, 0)
    winner = votes.argmax(axis=1)
    valid = (2 * votes.max(axis=1) > votes.sum(axis=1)) & (winner < UNKNOWN)
    return np.where(valid, winner, -1)


def plurality_vote(votes: np.ndarray) -> np.ndarray:
    """The class of each row of (N, 10) votes that has the most, -1 where that is "unknown" or "not a face".

    Between equals the first in FERPlus's column order wins.  This is the rule SCN's author describes for SCN.

    >>> plurality_vote(np.array([[4, 1, 5, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 9, 0]]))
    array([ 2, -1])
    """
    winner = votes.argmax(axis=1)
    return np.where(winner < UNKNOWN, winner, -1)


def vote_distribution(votes: np.ndarray) -> np.ndarray:
    """The probability of each expression, (N, 8), by Barsoum et al.'s probability rule; a row of zeros is left out.

    Single votes are dropped.  Then the leading classes are taken, equals together, until they hold three quarters of
    the votes or there are three of them; "unknown" or "not a face" ends the taking, and is itself left out unless it
    came first.  The picture is left out where more than three classes were taken, where they hold half of the votes or
    less, or where "unknown" or "not a face" came first.  What was taken is divided by its sum (the ``probability`` and
    ``crossentropy`` modes of the code of Barsoum et al. 2016, which draw a label from it, or use it as a soft label).

    >>> vote_distribution(np.array([[6, 1, 3, 0, 0, 0, 0, 0, 0, 0]]))[0, :3].round(3).tolist()
    [0.667, 0.0, 0.333]
    """
    remaining = np.where(votes > 1, votes, 0).astype(np.float64)
    total = remaining.sum(axis=1)
    taken = np.zeros_like(remaining)
    count = np.zeros(len(votes), np.int64)
    stopped = total == 0
    while True:
        active = ~stopped & (taken.sum(axis=1) < 0.75 * total) & (count < 3)
        if not active.any():
            break
        leading = active[:, None] & (remaining == remaining.max(axis=1, keepdims=True))
        expressions = leading.copy()
        expressions[:, UNKNOWN:] = False
        taken[expressions] = remaining[expressions]
        remaining[leading] = 0
        count += expressions.sum(axis=1)
        stopped |= leading[:, UNKNOWN:].any(axis=1)
    kept = (2 * taken.sum(axis=1) > total) & (count <= 3)
    taken = np.where(kept[:, None], taken, 0)[:, :UNKNOWN]
    return taken / np.maximum(taken.sum(axis=1, keepdims=True), 1)


def open_ferplus(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    labels: str = "majority",
) -> Source:
    """FERPlus: FER2013's faces with the votes of ten annotators.

    ``labels`` chooses how votes become one label: ``"majority"`` (:func:`majority_vote`), ``"vote"``
    (:func:`plurality_vote`) or ``"probability"`` (the leading class of :func:`vote_distribution`).  Pictures without a
    label by that rule are left out, and with ``num_classes=7`` those labeled contempt as well.  ``votes`` are the raw
    counts for the classes kept; with ``"probability"`` they are the distribution, each row summing to 1.
    ``index`` is the number in the image name, the same in both layouts.

    Raises:
        UserError: files missing or damaged, columns missing, votes that do not belong to the pictures, odd sizes.
    """
    check_size(size, channels)
    check_split("ferplus", split, tuple(USAGES))
    class_names = expression_classes(num_classes)
    if labels not in ("majority", "vote", "probability"):
        raise UserError(f"labels is {labels!r}; expected 'majority', 'vote' or 'probability'")
    path = existing_root("ferplus", root, EXPECTED)
    names, votes, read_face, origin = _read_layout(path, split)

    if labels == "probability":
        distribution = vote_distribution(votes)[:, :UNKNOWN]
        winner = np.where(distribution.any(axis=1), distribution.argmax(axis=1), -1)
        kept_votes = distribution[:, :num_classes]
        kept_votes = kept_votes / np.maximum(kept_votes.sum(axis=1, keepdims=True), 1e-9)
    else:
        winner = (majority_vote if labels == "majority" else plurality_vote)(votes)
        kept_votes = votes[:, :num_classes]
    chosen = np.flatnonzero((winner >= 0) & (winner < num_classes))
    unlabeled = f"pictures without a label by the rule {labels!r}"
    say_left_out(
        "ferplus",
        split,
        {unlabeled: int((winner < 0).sum()), CONTEMPT_LEFT_OUT: int((winner >= num_classes).sum())},
    )

    def read(start: int, stop: int) -> np.ndarray:
        def picture(row: int) -> np.ndarray:
            return to_pixels(read_face(int(chosen[row])), size, channels)

        return stack_pixels(picture, start, stop, (size, size, channels))

    return Source(
        "ferplus",
        split,
        class_names,
        {
            "labels": winner[chosen].astype(np.int64),
            "index": np.array([int(name[3:10]) for name in names[chosen]], np.int64),
            "votes": kept_votes[chosen].astype(np.float32),
            "keys": names[chosen].astype(str),
        },
        (size, size, channels),
        read,
        provenance={"root": str(path.resolve()), "layout": origin, "labels": labels},
    )


def _read_layout(root: Path, split: str) -> Layout:
    """The folders if there are pictures in them, otherwise the CSV files if both are there."""
    listing = Listing(root, FOLDERS.values())
    folder = listing.folder(FOLDERS[split])
    pixel_file, vote_file = listing.file(*PIXEL_FILES), listing.file(VOTE_FILE)
    if folder is not None and any(child.name.endswith(".png") for child in visible(folder)):
        return _from_folder(folder, vote_file, split)
    if pixel_file is not None and vote_file is not None:
        return _from_csv(pixel_file, vote_file, split)
    if folder is not None:
        raise UserError(
            f"{folder} holds no pictures; expected those that FERPlus's generate_training_data.py writes there, or "
            "fer2013.csv and fer2013new.csv side by side"
        )
    missing = f", but no {VOTE_FILE}" if pixel_file else f", but no {PIXEL_FILES[0]}" if vote_file else ""
    found = ", ".join(sorted(listing.names)[:8]) or "nothing"
    raise UserError(f"{root} is not FERPlus: expected {EXPECTED}; found {found}{missing}{nearby(listing.names)}")


def _from_folder(folder: Place, vote_file: Place | None, split: str) -> Layout:
    label_file = folder / "label.csv"
    if label_file.is_file():
        names, votes = read_label_csv(label_file)
    elif vote_file is not None:
        names, votes, _ = named_rows(read_vote_table(vote_file), split)
    else:
        raise UserError(f"{folder} has no label.csv, and there is no fer2013new.csv beside it; expected one of them")
    present = {child.name for child in visible(folder)}
    missing = [name for name in names if name not in present]
    if missing:
        raise UserError(
            f"{len(missing)} of the {len(names)} pictures that belong into {folder} are not there, first {missing[0]}; "
            "unpack the images again"
        )

    def read_face(position: int) -> Image.Image:
        place = folder / names[position]
        with opened(place) as file:
            image = open_image(file, place)
        if image.size != (FACE_SIZE, FACE_SIZE):
            raise UnreadableImage(place, f"is {image.width}×{image.height} pixels; expected {FACE_SIZE}×{FACE_SIZE}")
        return image

    return names, votes, read_face, "folders"


def _from_csv(pixel_file: Place, vote_file: Place, split: str) -> Layout:
    rows = PixelRows(pixel_file)
    table = read_vote_table(vote_file)
    if len(table) != len(rows.usage) or (table["Usage"].to_numpy(str) != rows.usage).any():
        raise UserError(
            f"{pixel_file} ({len(rows.usage)} rows) and {vote_file} ({len(table)} rows) do not belong together: "
            "expected the same number of rows with the same Usage; download both again"
        )
    names, votes, positions = named_rows(table, split)
    return names, votes, lambda position: rows.face(int(positions[position])), "csv"
