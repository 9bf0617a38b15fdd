"""Images as pictures: one of any form, many as one, and many with titles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from fer_tutorial.errors import UserError


def as_picture(image: np.ndarray | torch.Tensor) -> np.ndarray:
    """One image of any common form as (H, W, 3) float32 from 0 to 1.

    Accepts (H, W), (H, W, C) and (C, H, W) with C = 1 or 3; uint8 from 0 to 255 or floats from 0 to 1 (clipped).

    >>> as_picture(np.full((1, 2, 2), 255, np.uint8))[0, 0].tolist()
    [1.0, 1.0, 1.0]
    """
    array = image.detach().cpu().numpy() if isinstance(image, torch.Tensor) else np.asarray(image)
    if array.ndim == 3 and array.shape[-1] not in (1, 3) and array.shape[0] in (1, 3):
        array = np.moveaxis(array, 0, -1)  # (C, H, W) -> (H, W, C)
    if array.ndim == 2:
        array = array[..., None]  # (H, W) -> (H, W, 1)
    if array.ndim != 3 or array.shape[-1] not in (1, 3):
        raise UserError(f"an image has shape {array.shape}; expected (H, W), (H, W, C) or (C, H, W) with C = 1 or 3")
    array = array.astype(np.float32) / 255 if array.dtype == np.uint8 else array.astype(np.float32)
    return np.broadcast_to(np.clip(array, 0, 1), (*array.shape[:2], 3))


def contact_sheet(images: Sequence[Any] | np.ndarray | torch.Tensor, columns: int = 10, gap: int = 1) -> np.ndarray:
    """Many images of one size as one picture, row by row, with ``gap`` white pixels between them.

    Returns:
        (rows * (H + gap) - gap, columns * (W + gap) - gap, 3) float32 from 0 to 1.

    >>> contact_sheet(np.zeros((5, 8, 8, 1), np.uint8), columns=3).shape
    (17, 26, 3)
    """
    pictures = [as_picture(image) for image in images]
    if not pictures or columns < 1:
        raise UserError(f"{len(pictures)} images in {columns} columns; expected at least one of each")
    if len({picture.shape for picture in pictures}) > 1:
        raise UserError("the images differ in size; a contact sheet needs one size, so resize them first")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height, width = pictures[0].shape[:2]
    sheet = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), np.float32)
    for i, picture in enumerate(pictures):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def show_faces(
    images: Sequence[Any] | np.ndarray | torch.Tensor,
    titles: Sequence[object] | None = None,
    columns: int = 8,
    size: float = 1.2,
) -> Figure:
    """Images in a grid, each with its title.

    Args:
        images: m images, each of a form that :func:`as_picture` takes.
        titles: m titles, converted by ``str``.
        columns: images in a row.
        size: inches an image.

    >>> len(show_faces(np.zeros((3, 8, 8, 1), np.uint8), titles=["a", "b", "c"]).axes)
    3
    """
    if not len(images) or columns < 1:
        raise UserError(f"{len(images)} images in {columns} columns; expected at least one of each")
    if titles is not None and len(titles) != len(images):
        raise UserError(f"{len(titles)} titles for {len(images)} images; give one title an image")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = size * (1.25 if titles is not None else 1)
    figure = plt.figure(figsize=(columns * size, rows * height), layout="constrained")
    for i, image in enumerate(images):
        axes = figure.add_subplot(rows, columns, i + 1)
        axes.imshow(as_picture(image))
        axes.set_axis_off()
        if titles is not None:
            axes.set_title(str(titles[i]), fontsize=8)
    return figure
