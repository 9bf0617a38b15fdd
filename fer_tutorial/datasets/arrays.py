"""Faces that are arrays already, in whatever way they came to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_tutorial.datasets.images import as_uint8
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
        images: uint8, or floats in [0, 1], which are scaled to 0..255 and rounded.  Shape (N, H, W) for grey images,
            (N, H, W, C) with C = 1 or 3, or (N, T, H, W, C) for sequences.
        labels: whole numbers (N,), positions in ``class_names``.
        index: what tells the samples apart, (N,); 0 to N - 1 unless given.
        **fields: any further field of ``FaceData``, such as ``votes`` or ``landmarks``.

    Raises:
        UserError: NaN or infinite pixels, floats outside [0, 1], or anything ``FaceData`` refuses.

    >>> data = data_from_arrays(np.zeros((2, 8, 8)), np.array([0, 1]))
    >>> data.images.dtype, data.images.shape
    (dtype('uint8'), (2, 8, 8, 1))
    """
    pixels = as_uint8(np.asarray(images))
    if pixels.ndim == 3:
        pixels = pixels[..., None]  # (N, H, W) -> (N, H, W, 1)
    index = np.arange(len(pixels)) if index is None else np.asarray(index)
    return FaceData(name, split, pixels, np.asarray(labels), tuple(class_names), index, **fields)
