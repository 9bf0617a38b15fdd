"""Faces that are arrays already, in whatever way they came to be."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_tutorial.datasets.images import as_uint8
from fer_tutorial.datasets.source import reason
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.vocabulary import EXPRESSIONS


def data_from_arrays(
    images: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str] = EXPRESSIONS[:7],
    name: str = "arrays",
    split: str = "train",
    index: np.ndarray | None = None,
    **fields: Any,
) -> FaceData:
    """Make :class:`FaceData` of images in memory.

    Args:
        images: uint8, or floats in [0, 1], which are scaled to 0..255 and rounded.  Shape (N, H, W) for gray images,
            (N, H, W, C) with C = 1 or 3, or (N, T, H, W, C) for sequences.
        labels: whole numbers (N,), positions in ``class_names``.
        index: what tells the samples apart, (N,); 0 to N - 1 unless given.
        **fields: any further field of ``FaceData``, such as ``votes`` or ``landmarks``.

    Raises:
        UserError: rows of different lengths, channels that are not last, NaN or infinite pixels, floats outside [0, 1],
            or anything ``FaceData`` refuses.

    >>> data = data_from_arrays(np.zeros((2, 8, 8)), np.array([0, 1]))
    >>> data.images.dtype, data.images.shape
    (dtype('uint8'), (2, 8, 8, 1))
    """
    known = [f.name for f in dataclasses.fields(FaceData)]
    for field in fields:
        if field not in known:
            raise UserError(f"there is no field {field!r}; expected some of {', '.join(known)}")
    pixels = as_uint8(_array(images, "images"))
    if pixels.ndim == 3:
        pixels = pixels[..., None]  # (N, H, W) -> (N, H, W, 1)
    if pixels.ndim == 4 and pixels.shape[1] in (1, 3) and pixels.shape[-1] not in (1, 3):
        raise UserError(f"images have shape {pixels.shape}; expected channels last, so use np.moveaxis(images, 1, -1)")
    if pixels.ndim < 4:
        raise UserError(f"images have shape {pixels.shape}; expected (N, H, W) or (N, H, W, C), for one image as well")
    if isinstance(class_names, str):
        raise UserError(f"class_names is {class_names!r}; expected a list of names, such as ['neutral', 'happiness']")
    return FaceData(
        name,
        split,
        pixels,
        _array(labels, "labels"),
        tuple(class_names),
        np.arange(len(pixels)) if index is None else _array(index, "index"),
        **{field: _field(value, field) for field, value in fields.items()},
    )


def _field(value: Any, name: str) -> Any:
    if value is None or name in ("action_unit_names", "group_names"):
        return value if value is None else tuple(value)
    return _array(value, name)


def _array(value: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # rows of different lengths; a tensor on a GPU
        raise UserError(
            f"{name} cannot be made an array ({reason(error)}); expected numbers in rows of one length"
        ) from None
