"""Synthetic faces as a data set, drawn once and then kept in a cache folder.

The cache is ``$FER_TUTORIAL_CACHE``, or ``fer_tutorial`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.  A folder in it is a
pack (:mod:`fer_tutorial.datasets.packed`), named by a checksum of every option and of the source code that draws the
faces, so a change of either draws anew.  The least recently used packs go when the cache grows beyond 2 GB.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
import json
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fer_tutorial.datasets.images import check_size, is_whole
from fer_tutorial.datasets.packed import open_packed, pack
from fer_tutorial.datasets.source import SPLITS, Source, check_split
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData

CACHE_BYTES = 2 * 10**9
# Sample numbers of the three splits start this far apart.  A sample's number decides who is in the picture.
SAMPLES_PER_SPLIT = 1_000_000
DRAWN_AT_ONCE = 512
SAMPLERS = {"synthetic": "sample_faces", "synthetic_sequences": "sample_sequences"}
DEFAULT_N = {
    ("synthetic", True): 2000,
    ("synthetic", False): 500,
    ("synthetic_sequences", True): 500,
    ("synthetic_sequences", False): 100,
}


@dataclass(frozen=True)
class _Faces:
    """Which faces: arguments that have been checked.  Making one draws nothing; :meth:`source` says how they are drawn.

    ``sample`` is the function of :mod:`fer_tutorial.faces` that draws, ``options`` what it takes besides.
    """

    name: str
    sample: Callable[..., Any]
    split: str
    size: int
    channels: int
    num_classes: int
    n: int
    seed: int
    options: dict[str, Any]

    def part(self, start: int, stop: int, draw: bool) -> FaceData:
        """Samples ``start`` to ``stop - 1`` of the split; without ``draw``, everything but their pixels."""
        first = SPLITS.index(self.split) * SAMPLES_PER_SPLIT + start
        faces = self.sample(
            n=stop - start,
            seed=self.seed,
            size=self.size,
            num_classes=self.num_classes,
            first=first,
            draw=draw,
            **self.options,
        )
        return faces.to_face_data()

    def source(self) -> Source:
        """Labels, landmarks and all that costs little are made here; pixels are drawn when they are read."""
        starts = range(0, self.n, DRAWN_AT_ONCE)
        parts = [self.part(start, min(start + DRAWN_AT_ONCE, self.n), draw=False) for start in starts]
        tables = [part.arrays() for part in parts]
        shape = tables[0]["images"].shape[1:-1]
        return Source(
            self.name,
            self.split,
            parts[0].class_names,
            {key: np.concatenate([table[key] for table in tables]) for key in tables[0] if key != "images"},
            (*shape, self.channels),
            self._reader(),
            action_unit_names=parts[0].action_unit_names,
            group_names=parts[0].group_names,
            provenance={
                "options": json.dumps({"seed": self.seed, **self.options}, sort_keys=True, default=str),
                "code": _faces_code(),
            },
        )

    def _reader(self) -> Callable[[int, int], np.ndarray]:
        # Blocks of a fixed size, the last one kept: reading in order draws every face once, however it is read.
        kept: dict[int, np.ndarray] = {}

        def block(start: int) -> np.ndarray:
            if start not in kept:
                kept.clear()
                images = self.part(start, min(start + DRAWN_AT_ONCE, self.n), draw=True).images
                kept[start] = _gray(images) if self.channels == 1 else images
            return kept[start]

        def read(start: int, stop: int) -> np.ndarray:
            first = start - start % DRAWN_AT_ONCE
            pieces = [block(at)[max(start - at, 0) : stop - at] for at in range(first, stop, DRAWN_AT_ONCE)]
            return np.concatenate(pieces)

        return read

    def key(self) -> str:
        """A checksum of everything the pixels depend on."""
        arguments = [self.split, self.size, self.channels, self.num_classes, self.n, self.seed, self.options]
        text = json.dumps([self.name, arguments, _faces_code()], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def open_synthetic(
    root: None = None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    n: int | None = None,
    seed: int = 0,
    **options: Any,
) -> Source:
    """``n`` synthetic faces (2,000 for train and 500 for valid or test, where ``n`` is not given).

    ``options`` are those of :func:`fer_tutorial.faces.sample_faces`: ``label_noise``, ``imbalance``, ``annotators``,
    ``nuisance``, ``intensity`` ...  The splits never share a person.  With ``subjects=(first, end)``, train draws from
    these numbers, valid from the next ``end - first``, and test from those after.  ``label_noise`` goes into train
    alone, so that scores are measured on clean labels.

    Labels, landmarks and whatever else is known are made here; the pixels are drawn when they are asked for.

    Raises:
        UserError: a root, an unknown option, or one out of its range.

    >>> source = open_synthetic(n=1000, size=16)
    >>> len(source), source.read(990, 1000).shape
    (1000, (10, 16, 16, 3))
    """
    return _faces("synthetic", root, split, size, channels, num_classes, n, seed, options).source()


def open_synthetic_sequences(
    root: None = None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    n: int | None = None,
    seed: int = 0,
    **options: Any,
) -> Source:
    """``n`` synthetic sequences (500 for train and 100 for valid or test, where ``n`` is not given).

    ``options`` are those of :func:`fer_tutorial.faces.sample_sequences`, such as ``frames``; splits and ``subjects`` as
    in :func:`open_synthetic`.
    """
    return _faces("synthetic_sequences", root, split, size, channels, num_classes, n, seed, options).source()


def load_synthetic(
    name: str,
    root: str | Path | None,
    split: str,
    size: int,
    channels: int,
    num_classes: int,
    n: int | None = None,
    seed: int = 0,
    cache: bool = True,
    **options: Any,
) -> FaceData:
    """The faces of ``name`` from the cache, where they are drawn first if they are not there yet.

    With ``cache=False``, or where the cache folder cannot be written, they are drawn into memory.  The arguments are
    checked before the cache is asked.
    """
    faces = _faces(name, root, split, size, channels, num_classes, n, seed, options)
    if not isinstance(cache, bool):
        raise UserError(f"cache is {cache!r}; expected True or False")
    if not cache:
        return faces.source().load()
    folder = cache_folder() / faces.key()
    try:
        return _touched(folder)
    except UserError:
        shutil.rmtree(folder, ignore_errors=True)  # not there yet, or damaged
    source = faces.source()
    try:
        pack(source, folder, progress=False)
        data = _touched(folder)
        _prune(folder.parent, keep=folder)
        return data
    except (OSError, UserError) as error:
        warnings.warn(f"synthetic faces are not cached: {error}", stacklevel=3)
        return source.load()


def cache_folder() -> Path:
    """Where drawn faces are kept."""
    if "FER_TUTORIAL_CACHE" in os.environ:
        return Path(os.environ["FER_TUTORIAL_CACHE"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fer_tutorial"


def _faces(
    name: str,
    root: Any,
    split: str,
    size: int,
    channels: int,
    num_classes: int,
    n: int | None,
    seed: int,
    options: dict[str, Any],
) -> _Faces:
    """The arguments, checked; ``label_noise`` is taken from all but the train split."""
    if root is not None:
        raise UserError(
            f"{name} faces are drawn, not read; expected no root (--data-root), got {root}, so name the data set that "
            "lies there, such as folder (--data folder)"
        )
    check_size(size, channels)
    check_split(name, split)
    n = DEFAULT_N[name, split == "train"] if n is None else n
    for option, value in (("n", n), ("seed", seed)):
        if not is_whole(value):
            raise UserError(f"{option} is {value!r}; expected a whole number, such as {option}=500")
    if not 1 <= n <= SAMPLES_PER_SPLIT:
        raise UserError(f"n is {n}; expected 1 to {SAMPLES_PER_SPLIT:,} samples a split")
    if not 0 <= seed < 2**31:
        raise UserError(f"seed is {seed}; expected 0 to {2**31 - 1}")
    sample = getattr(importlib.import_module("fer_tutorial.faces"), SAMPLERS[name])  # here, because it imports torch
    known = [key for key in inspect.signature(sample).parameters if key not in ("size", "num_classes", "first", "draw")]
    for option in options:
        if option not in known:
            raise UserError(f"{name} has no option {option!r}; expected {', '.join(known)}")
    faces = _Faces(name, sample, split, size, channels, num_classes, int(n), int(seed), options)
    try:
        faces.part(0, 1, draw=False)  # the values of the options are checked by the function that takes them
    except UserError:
        raise
    except (TypeError, ValueError, RuntimeError, AssertionError, OverflowError) as error:
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        raise UserError(f"{name} faces cannot be drawn with {given} ({error}); expected {', '.join(known)}") from None
    return replace(faces, options=_options_of(split, options))


def _options_of(split: str, options: dict[str, Any]) -> dict[str, Any]:
    """What of the options holds in a split: no label noise outside train, and people of its own."""
    kept = {option: value for option, value in options.items() if option != "label_noise" or split == "train"}
    if kept.get("subjects") is not None:
        low, high = kept["subjects"]
        shift = SPLITS.index(split) * (high - low)
        kept["subjects"] = (low + shift, high + shift)
    return kept


def _gray(images: np.ndarray) -> np.ndarray:
    # The weights of ITU-R BT.601, which Pillow's conversion to gray uses.
    return np.round(images @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]  # (..., 3) -> (..., 1)


def _faces_code() -> str:
    """A checksum of the source of ``fer_tutorial.faces``, and of this file, which decides who is in which split."""
    digest = hashlib.sha256()
    for file in [*sorted((Path(__file__).parents[1] / "faces").rglob("*.py")), Path(__file__)]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:24]


def _touched(folder: Path) -> FaceData:
    data = open_packed(folder)
    with contextlib.suppress(OSError):  # a cache that somebody else filled may be read-only
        os.utime(folder)
    return data


def _prune(cache: Path, keep: Path) -> None:
    packs = sorted((path for path in cache.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for path in packs}
    for path in packs:
        if sum(sizes.values()) <= CACHE_BYTES or path == keep:
            return
        shutil.rmtree(path, ignore_errors=True)
        del sizes[path]
