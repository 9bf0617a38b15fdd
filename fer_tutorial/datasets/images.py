"""From an image file, or from an array of floats, to uint8 pixels of the size asked for."""

from __future__ import annotations

from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fer_tutorial.errors import UserError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm")


def check_size(size: int, channels: int) -> None:
    """Refuse a size or a number of channels no reader can deliver."""
    if size < 8:
        raise UserError(f"size is {size} pixels; expected 8 or more")
    if channels not in (1, 3):
        raise UserError(f"channels is {channels}; expected 1 (grey) or 3 (RGB)")


def open_image(file: IO[bytes], where: object) -> Image.Image:
    """Decode an 8-bit image the way it is meant to be seen (EXIF orientation applied); ``where`` names it in errors."""
    try:
        image = Image.open(file)
        image.load()
    except UnidentifiedImageError:
        raise UserError(f"{where} is not an image that can be read; expected {', '.join(IMAGE_SUFFIXES)}") from None
    except (OSError, SyntaxError, EOFError) as error:
        raise UserError(f"{where} is truncated or damaged ({error}); copy or unpack it again") from None
    if image.mode.startswith(("I", "F")):
        raise UserError(f"{where} has {image.mode} pixels; expected an image of 8 bits a channel, so convert it first")
    return ImageOps.exif_transpose(image)


def to_pixels(
    image: Image.Image, size: int, channels: int, box: tuple[float, float, float, float] | None = None
) -> np.ndarray:
    """The square ``box`` (left, top, right, bottom; without one, the largest central square) as uint8 (size, size, C).

    Shrinking averages over the pixels that fall together (Pillow's bilinear filter), so that no aliasing appears.
    """
    if box is None:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
    image = image.convert("L" if channels == 1 else "RGB")
    if (size, size) != image.size or box != (0, 0, size, size):
        image = image.resize((size, size), Image.Resampling.BILINEAR, box=box)
    return np.asarray(image).reshape(size, size, channels)  # (H, W) or (H, W, 3) -> (H, W, C)


def as_uint8(images: np.ndarray, where: str = "images") -> np.ndarray:
    """Pixels as uint8: floats in [0, 1] are scaled to 0..255 and rounded, uint8 stays as it is.

    Raises:
        UserError: NaN or infinite values, values outside [0, 1], or another dtype.

    >>> as_uint8(np.array([0.0, 0.5, 1.0]))
    array([  0, 128, 255], dtype=uint8)
    """
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise UserError(f"{where} are {images.dtype}; expected uint8 in 0..255 or floats in [0, 1]")
    broken = np.count_nonzero(~np.isfinite(images))
    if broken:
        raise UserError(f"{where} hold {broken} NaN or infinite values; expected floats in [0, 1], so clean them first")
    if images.size and (images.min() < 0 or images.max() > 1):
        raise UserError(
            f"{where} run from {images.min():g} to {images.max():g}; expected floats in [0, 1], so rescale them first"
        )
    return np.round(images * 255).astype(np.uint8)
