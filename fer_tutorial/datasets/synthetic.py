"""Synthetic faces as a data set, rendered once and then kept in a cache folder.

The cache is ``$FER_TUTORIAL_CACHE``, or ``fer_tutorial`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.  A folder in it is a
pack (:mod:`fer_tutorial.datasets.packed`), named by a checksum of every option and of the source code that draws the
faces, so a change of either draws anew.  The least recently used packs go when the cache grows beyond 2 GB.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fer_tutorial.faces
from fer_tutorial.datasets.base import FaceData
from fer_tutorial.datasets.images import check_size
from fer_tutorial.datasets.packed import open_packed, pack
from fer_tutorial.datasets.source import Source, check_split, expression_classes
from fer_tutorial.errors import UserError

CACHE_BYTES = 2 * 10**9


def open_synthetic(
    root: None = None, split: str = "train", size: int = 48, channels: int = 3, num_classes: int = 7, **options: Any
) -> Source:
    """``n`` synthetic faces.  ``options`` are those of :func:`fer_tutorial.faces.sample_faces`."""
    return _open("synthetic", "sample_faces", root, split, size, channels, num_classes, options)


def open_synthetic_sequences(
    root: None = None, split: str = "train", size: int = 48, channels: int = 3, num_classes: int = 7, **options: Any
) -> Source:
    """``n`` synthetic sequences.  ``options`` are those of :func:`fer_tutorial.faces.sample_sequences`."""
    return _open("synthetic_sequences", "sample_sequences", root, split, size, channels, num_classes, options)


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
        pass  # not there yet, or damaged
    source = reader(root, **arguments)
    try:
        shutil.rmtree(folder, ignore_errors=True)
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
    options: dict[str, Any],
) -> Source:
    check_size(size, channels)
    check_split(name, split)
    class_names = expression_classes(num_classes)
    if root is not None:
        raise UserError(f"{name} faces are drawn, not read; expected no root (--data-root), got {root}")
    sample = getattr(fer_tutorial.faces, function)
    data = sample(size=size, num_classes=num_classes, split=split, **options).to_face_data()
    arrays = data.arrays()
    images = arrays.pop("images")
    if channels == 1:
        # The luma weights of ITU-R BT.601, as Pillow's conversion to grey uses them.
        images = np.round(images @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]
    return Source(
        name,
        split,
        class_names,
        arrays,
        images.shape[1:],
        lambda start, stop: images[start:stop],
        action_unit_names=data.action_unit_names,
        provenance={"options": json.dumps(options, sort_keys=True, default=str), "code": _faces_code()},
    )


def _key(reader: str, arguments: dict[str, Any]) -> str:
    text = json.dumps([reader, arguments, _faces_code()], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _faces_code() -> str:
    """A checksum of the source of ``fer_tutorial.faces``."""
    digest = hashlib.sha256()
    for file in sorted(Path(fer_tutorial.faces.__file__).parent.glob("*.py")):
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
