"""What a reader hands over: everything about the samples except their pixels, and a way to get the pixels.

A reader builds a :class:`Source`, which costs little memory however many images there are.  ``load()`` then reads the
pixels into one array, and :func:`fer_tutorial.datasets.pack` streams them to disk instead.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.vocabulary import EXPRESSIONS

logger = logging.getLogger(__name__)

SPLITS: tuple[str, ...] = ("train", "valid", "test")

# What FaceData has of every sample besides its pixels.
TABLE_COLUMNS: tuple[str, ...] = tuple(
    f.name
    for f in fields(FaceData)
    if f.name not in ("name", "split", "images", "class_names", "action_unit_names", "group_names")
)

CONTEMPT_LEFT_OUT = "pictures of contempt (8 classes, --classes 8, keep them)"

# How many bytes of pixels are in memory at once while they are streamed.
CHUNK_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Source:
    """N samples whose pixels are read when asked for.

    ``table`` holds the per-sample arrays of :class:`FaceData` except ``images``; ``labels`` and ``index`` are required.
    ``read(start, stop)`` returns the pixels of samples ``start`` to ``stop - 1`` as uint8 of shape
    ``(stop - start, *image_shape)``; it is called with increasing ``start``.  ``provenance`` says, in strings, where
    the samples came from and how they were processed.

    Raises:
        UserError: the table breaks a rule of :class:`FaceData`, or there are no samples.

    >>> source = Source("toy", "train", ("neutral", "happiness"), {"labels": np.array([0, 1]), "index": np.arange(2)},
    ...                 (8, 8, 1), lambda start, stop: np.zeros((stop - start, 8, 8, 1), np.uint8))
    >>> len(source), source.load().images.shape
    (2, (2, 8, 8, 1))
    """

    name: str
    split: str
    class_names: tuple[str, ...]
    table: dict[str, np.ndarray]
    image_shape: tuple[int, ...]
    read: Callable[[int, int], np.ndarray]
    action_unit_names: tuple[int, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)
    group_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_table()
        if not len(self):
            raise UserError(f"the {self.split} split of {self.name} has no samples; check the folder and the options")
        # One zero seen N times stands for the pixels: the table is checked by FaceData's rules without reading any.
        self.with_images(np.broadcast_to(np.uint8(0), (len(self), *self.image_shape)))

    def _check_table(self) -> None:
        for name in ("labels", "index"):
            if name not in self.table:
                raise UserError(f"the table of {self.name} has no {name}; expected at least labels and index")
        for name, value in self.table.items():
            if name not in TABLE_COLUMNS:
                raise UserError(
                    f"the table of {self.name} has a column {name!r}; expected some of {', '.join(TABLE_COLUMNS)}"
                )
            if not isinstance(value, np.ndarray) or value.ndim == 0:
                raise UserError(
                    f"{name} in the table of {self.name} is {type(value).__name__}; expected an array, one row a sample"
                )
        if not all(isinstance(side, (int, np.integer)) and side > 0 for side in self.image_shape):
            raise UserError(f"the images of {self.name} have shape {self.image_shape}; expected whole numbers above 0")

    def __len__(self) -> int:
        return len(self.table["labels"])

    def with_images(self, images: np.ndarray) -> FaceData:
        """The samples together with their pixels, (N, H, W, C) or (N, T, H, W, C)."""
        return FaceData(
            self.name,
            self.split,
            images,
            class_names=self.class_names,
            action_unit_names=self.action_unit_names,
            group_names=self.group_names,
            **self.table,
        )

    def chunks(self, start: int = 0) -> Iterator[tuple[int, np.ndarray]]:
        """The pixels from sample ``start`` on, as (position of the first, uint8 (m, ...)), a few MB at a time."""
        step = max(1, CHUNK_BYTES // int(np.prod(self.image_shape)))
        for first in range(start, len(self), step):
            last = min(first + step, len(self))
            pixels = self.read(first, last)
            expected = (last - first, *self.image_shape)
            if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape != expected:
                found = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
                raise UserError(f"{self.name} delivered {found} as pixels; expected uint8 {expected}")
            yield first, pixels

    def load(self) -> FaceData:
        """All samples with their pixels in memory."""
        images = np.empty((len(self), *self.image_shape), np.uint8)
        for first, pixels in self.chunks():
            images[first : first + len(pixels)] = pixels
        return self.with_images(images)


def expression_classes(num_classes: int) -> tuple[str, ...]:
    """The first 7 or all 8 expressions.

    >>> expression_classes(8)[-1]
    'contempt'
    """
    if isinstance(num_classes, float) or num_classes not in (7, 8):
        raise UserError(
            f"num_classes is {num_classes!r}; expected 7 (the basic expressions and neutral) or 8 (with contempt)"
        )
    return EXPRESSIONS[:num_classes]


def check_split(name: str, split: str, splits: tuple[str, ...] = SPLITS) -> None:
    """Refuse a split the data set does not have."""
    if split not in splits:
        raise UserError(f"{name} has no split {split!r}; expected one of {', '.join(splits)}")


def chosen_among(option: str, value: object, known: Sequence[str], example: str) -> tuple[str, ...]:
    """The items of ``value`` (a text with commas, or what the command line makes of one) as ``known`` writes them.

    Capitals and zeros before a number do not matter.

    >>> chosen_among("cameras", (45, 90), ("000", "045", "090"), "cameras=090")
    ('045', '090')
    """
    items = value if isinstance(value, (tuple, list)) else str(value).split(",")
    plain = {_plain(name): name for name in known}
    wanted = [plain.get(_plain(str(item))) for item in items]
    if None in wanted or not wanted:
        raise UserError(f"{option} is {value!r}; expected some of {','.join(known)}, such as {example}")
    return tuple(dict.fromkeys(name for name in wanted if name is not None))


def one_of(option: str, value: object, known: Sequence[str]) -> str:
    """The item of ``known`` that ``value`` is, capitals aside.

    >>> one_of("camera", "vl", ("VL", "NI"))
    'VL'
    """
    plain = {_plain(name): name for name in known}
    wanted = plain.get(_plain(str(value)))
    if wanted is None:
        raise UserError(f"{option} is {value!r}; expected one of {', '.join(known)}")
    return wanted


def _plain(item: str) -> str:
    return item.strip().upper().lstrip("0") or "0" * ("0" in item)


def existing_root(name: str, root: str | Path | None, what: str) -> Path:
    """``root`` as a path that exists; ``what`` tells, in an error, what the path should hold."""
    if root is None or root == "":
        raise UserError(f"{name} is read from files of yours: pass root (--data-root), {what}")
    if not isinstance(root, (str, os.PathLike)):
        raise UserError(f"root is {root!r}; expected a path: {what}")
    try:
        path = Path(root).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        link = f"{path} is a link to a place that is not there" if path.is_symlink() else f"there is nothing at {path}"
        raise UserError(f"{link}; expected {what}") from None
    except (OSError, ValueError, RuntimeError) as error:
        short = str(root)[:80]
        raise UserError(f"root is {short!r}, which is no path that can be opened ({error}); expected {what}") from None
    return path


def say_left_out(name: str, split: str, counts: Mapping[str, int]) -> None:
    """Log what of a split is not used, as ``{"pictures of contempt (--classes 8 keeps them)": 54}``."""
    parts = [f"{count:,} {what}" for what, count in counts.items() if count]
    if parts:
        logger.info("%s, %s split: left out are %s", name, split, " and ".join(parts))


def reason(error: BaseException) -> str:
    """The first sentence of somebody else's error, without its full stop, to be put into a sentence of ours.

    >>> reason(ValueError("No data. Try again."))
    'No data'
    """
    return " ".join(str(error).split()).split(". ")[0].rstrip(".")
