"""The splits of the data set that a run was asked for: what is in them is known before any pixel is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fer_tutorial.config import DataConfig
from fer_tutorial.datasets.load import check_options, load_data, open_source, reader_of
from fer_tutorial.face_data import FaceData


class Split(NamedTuple):
    """One split, its pixels perhaps still to be read.

    Attributes:
        known: the samples with everything but their pixels, which are black.
        load: reads the pixels and returns the samples.
    """

    known: FaceData
    load: Callable[[], FaceData]


def check_data_set(data: DataConfig) -> None:
    """Raise a UserError if there is no such data set, or it has no such option; nothing is read."""
    if data.name != "packed":
        check_options(data.name, reader_of(data.name), data.options)


def open_split(data: DataConfig, split: str) -> Split:
    """One split of the data set.

    Raises:
        UserError: an unknown data set or option, or files that are not what the reader expects.
    """
    if data.name == "packed":
        packed = load_split(data, split)
        return Split(packed, lambda: packed)
    drawn = data.name.startswith("synthetic")
    # Whether drawn faces are kept is no option of the faces.
    options = {name: value for name, value in data.options.items() if not (drawn and name == "cache")}
    source = open_source(data.name, data.root, split, **_shape(data), **options)
    known = source.with_images(np.broadcast_to(np.uint8(0), (len(source), *source.image_shape)))
    if drawn:
        return Split(known, lambda: load_split(data, split))
    return Split(known, source.load)


def load_split(data: DataConfig, split: str, any_classes: bool = False) -> FaceData:
    """One split of the data set with its pixels; with ``any_classes`` a packed one may have other classes."""
    shape = _shape(data) | ({"num_classes": None} if any_classes and data.name == "packed" else {})
    return load_data(data.name, data.root, split, **shape, **data.options)


def _shape(data: DataConfig) -> dict[str, Any]:
    channels = data.channels if data.name == "packed" else data.channels or 3
    return {"size": data.size, "num_classes": data.classes, "channels": channels}
