"""Synthetic faces as a data set, rendered once and then kept in a cache folder.

The cache is ``$FER_TUTORIAL_CACHE``, or ``fer_tutorial`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.  A folder in it is a
pack (:mod:`fer_tutorial.datasets.packed`), named by a checksum of every option and of the source code that draws the
faces, so a change of either draws anew.  The least recently used packs go when the cache grows beyond 2 GB.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fer_tutorial.datasets.images import check_size
from fer_tutorial.datasets.packed import open_packed, pack
from fer_tutorial.datasets.source import SPLITS, Source, check_split
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData

CACHE_BYTES = 2 * 10**9
# Sample numbers of the three splits start this far apart.  A sample's number decides who is in the picture.
SAMPLES_PER_SPLIT = 1_000_000
RENDERED_AT_ONCE = 512
DEFAULT_N = {
    ("synthetic", True): 2000,
    ("synthetic", False): 500,
    ("synthetic_sequences", True): 500,
    ("synthetic_sequences", False): 100,
}


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

    The pixels are rendered here, before they are asked for: memory grows with ``n``, 7 MB for a thousand faces of
    48 × 48 pixels.

    Raises:
        UserError: an unknown option or one out of its range.
    """
    if split != "train":
        options.pop("label_noise", None)
    return _open("synthetic", "sample_faces", root, split, size, channels, num_classes, n, seed, options)


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
    return _open("synthetic_sequences", "sample_sequences", root, split, size, channels, num_classes, n, seed, options)


def load_synthetic(
    reader: Callable[..., Source],
    root: str | Path | None,
    split: str,
    size: int,
    channels: int,
    num_classes: int,
    cache: bool = True,
    **options: Any,
) -> FaceData:
    """The faces of ``reader`` from the cache, where they are rendered first if they are not there yet.

    With ``cache=False``, or where the cache folder cannot be written, they are rendered into memory.
    """
    arguments = {"split": split, "size": size, "channels": channels, "num_classes": num_classes, **options}
    if not cache:
        return reader(root, **arguments).load()
    folder = cache_folder() / _key(reader.__name__, arguments)
    try:
        return _touched(folder)
    except UserError:
        shutil.rmtree(folder, ignore_errors=True)  # not there yet, or damaged
    source = reader(root, **arguments)
    try:
        pack(source, folder, progress=False)
        data = _touched(folder)
        _prune(folder.parent, keep=folder)
        return data
    except (OSError, UserError) as error:
        warnings.warn(f"synthetic faces are not cached: {error}", stacklevel=3)
        return source.load()


def cache_folder() -> Path:
    """Where rendered faces are kept."""
    if "FER_TUTORIAL_CACHE" in os.environ:
        return Path(os.environ["FER_TUTORIAL_CACHE"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fer_tutorial"


def _open(
    name: str,
    function: str,
    root: None,
    split: str,
    size: int,
    channels: int,
    num_classes: int,
    n: int | None,
    seed: int,
    options: dict[str, Any],
) -> Source:
    check_size(size, channels)
    check_split(name, split)
    if root is not None:
        raise UserError(f"{name} faces are drawn, not read; expected no root (--data-root), got {root}")
    sample = getattr(importlib.import_module("fer_tutorial.faces"), function)  # here, because it imports torch
    known = [key for key in inspect.signature(sample).parameters if key not in ("size", "num_classes", "first")]
    for option in options:
        if option not in known:
            raise UserError(f"{name} has no option {option!r}; expected {', '.join(known)}")
    n = DEFAULT_N[name, split == "train"] if n is None else n
    if not 1 <= n <= SAMPLES_PER_SPLIT:
        raise UserError(f"n is {n}; expected 1 to {SAMPLES_PER_SPLIT:,} samples a split")
    number = SPLITS.index(split)
    if options.get("subjects") is not None:
        low, high = options["subjects"]
        options = {**options, "subjects": (low + number * (high - low), high + number * (high - low))}

    images: list[np.ndarray] = []
    tables: list[dict[str, np.ndarray]] = []
    for start in range(0, n, RENDERED_AT_ONCE):
        data = sample(
            n=min(RENDERED_AT_ONCE, n - start),
            seed=seed,
            size=size,
            num_classes=num_classes,
            first=number * SAMPLES_PER_SPLIT + start,
            **options,
        ).to_face_data()
        table = data.arrays()
        images.append(_grey(table.pop("images")) if channels == 1 else table.pop("images"))
        tables.append(table)
    pixels = np.concatenate(images)
    return Source(
        name,
        split,
        data.class_names,
        {key: np.concatenate([table[key] for table in tables]) for key in tables[0]},
        pixels.shape[1:],
        lambda start, stop: pixels[start:stop],
        action_unit_names=data.action_unit_names,
        provenance={"options": json.dumps({"seed": seed, **options}, sort_keys=True), "code": _faces_code()},
    )


def _grey(images: np.ndarray) -> np.ndarray:
    # The weights of ITU-R BT.601, which Pillow's conversion to grey uses.
    return np.round(images @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]  # (..., 3) -> (..., 1)


def _key(reader: str, arguments: dict[str, Any]) -> str:
    text = json.dumps([reader, arguments, _faces_code()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _faces_code() -> str:
    """A checksum of the source of ``fer_tutorial.faces``, and of this file, which decides who is in which split."""
    digest = hashlib.sha256()
    for file in [*sorted((Path(__file__).parents[1] / "faces").glob("*.py")), Path(__file__)]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:24]


def _touched(folder: Path) -> FaceData:
    data = open_packed(folder)
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
