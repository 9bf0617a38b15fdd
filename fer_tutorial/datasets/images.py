"""From an image file, or from an array of floats, to uint8 pixels of the size asked for."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fer_tutorial.errors import UserError

IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".bmp", ".gif"),
    *(".webp", ".tif", ".tiff", ".pgm", ".ppm"),
)
MAX_SIZE = 4096
NAMED_AT_MOST = 3
# A box may be so many times as large as its picture; a larger one is a fault of the list.
MOST_BEYOND = 4


class UnreadableImage(UserError):
    """A picture that cannot be used; ``where`` names it."""

    def __init__(self, where: object, why: str):
        super().__init__(f"{where} {why}")
        self.where = where


def check_size(size: int, channels: int) -> None:
    """Refuse a size or a number of channels no reader can deliver."""
    if not is_whole(size) or not 8 <= size <= MAX_SIZE:
        raise UserError(f"size is {size!r} pixels; expected 8 or more (a whole number, at most {MAX_SIZE})")
    if not is_whole(channels) or channels not in (1, 3):
        raise UserError(f"channels is {channels!r}; expected 1 (gray) or 3 (RGB)")


def is_whole(value: object) -> bool:
    """Whether ``value`` is a whole number, of Python's or of NumPy's.

    >>> is_whole(3), is_whole(np.int64(3)), is_whole(3.0), is_whole(True)
    (True, True, False, False)
    """
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def open_image_file(path: Path) -> Image.Image:
    """:func:`open_image` of a file on disk."""
    try:
        with path.open("rb") as file:
            return open_image(file, path)
    except OSError as error:
        raise UnreadableImage(path, f"cannot be opened ({error.strerror or error}); mend or remove it") from None


def open_image(file: IO[bytes], where: object) -> Image.Image:
    """Decode an 8-bit image the way it is meant to be seen; ``where`` names it in errors.

    EXIF's orientation is applied.  Transparent pixels show white behind them, as on a page, and not the color that
    happens to be stored under them.  Of an animation, the first frame is taken.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures, and of files that are odd but readable, without naming the file.
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(file)
            image.load()
    except UnidentifiedImageError:
        raise UnreadableImage(
            where, f"is not an image that can be read; expected {', '.join(IMAGE_SUFFIXES)}"
        ) from None
    except Image.DecompressionBombError:
        raise UnreadableImage(
            where,
            f"has more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels; expected a photograph, so make it smaller",
        ) from None
    except Exception as error:  # whatever a decoder stumbles over, it is the file that is damaged
        raise UnreadableImage(where, f"is truncated or damaged ({error}); copy or unpack it again") from None
    if image.mode.startswith(("I", "F")):
        raise UnreadableImage(
            where, f"has {image.mode} pixels; expected an image of 8 bits a channel, so convert it first"
        )
    with contextlib.suppress(Exception):  # EXIF that cannot be read says nothing of the orientation
        image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    return image


def stack_pixels(read: Callable[[int], np.ndarray], start: int, stop: int, shape: tuple[int, ...]) -> np.ndarray:
    """``read(position)`` for ``start`` to ``stop - 1``, uint8 (stop - start, *shape).

    Where several of these pictures cannot be read, the error counts them and names the first few.
    """
    pixels = np.empty((stop - start, *shape), np.uint8)
    unreadable: list[UnreadableImage] = []
    for position in range(start, stop):
        try:
            pixels[position - start] = read(position)
        except UnreadableImage as error:
            unreadable.append(error)
    if len(unreadable) == 1:
        raise unreadable[0]
    if unreadable:
        names = [str(error.where) for error in unreadable[1:NAMED_AT_MOST]]
        more = ", and so on" if len(unreadable) > NAMED_AT_MOST else ""
        raise UserError(
            f"{len(unreadable)} of {stop - start} pictures cannot be read: {unreadable[0]}; likewise "
            f"{', '.join(names)}{more}"
        )
    return pixels


Box = tuple[float, float, float, float]  # left, top, right, bottom


def picture_reader(
    files: Sequence[Path], size: int, channels: int, box_of: Callable[[int, Image.Image], Box | None] | None = None
) -> Callable[[int, int], np.ndarray]:
    """What a ``Source`` reads: ``files[start:stop]`` as uint8 (stop - start, size, size, channels).

    ``box_of(position, picture)`` is the square to be cut from a picture, None for the largest central one.
    """

    def read(start: int, stop: int) -> np.ndarray:
        def picture(position: int) -> np.ndarray:
            image = open_image_file(files[position])
            box = box_of(position, image) if box_of is not None else None
            if box is not None:
                _check_box(box, image, files[position])
            return to_pixels(image, size, channels, box)

        return stack_pixels(picture, start, stop, (size, size, channels))

    return read


def _check_box(box: Box, image: Image.Image, file: Path) -> None:
    left, top, right, bottom = box
    if right <= 0 or bottom <= 0 or left >= image.width or top >= image.height:
        raise UnreadableImage(file, f"is {image.width}×{image.height} pixels, but the face is said to be outside of it")
    if max(right - left, bottom - top) > MOST_BEYOND * max(image.size):
        raise UnreadableImage(file, f"is {image.width}×{image.height} pixels, but the face is said to be far larger")


def square_around(box: Box, image: Image.Image) -> Box:
    """The smallest square around the center of ``box`` that holds it, moved and made smaller to lie in the picture.

    >>> square_around((10, 0, 20, 40), Image.new("L", (100, 50)))
    (0.0, 0.0, 40.0, 40.0)
    """
    left, top, right, bottom = box
    side = float(min(max(right - left, bottom - top), *image.size))
    x = min(max((left + right - side) / 2, 0.0), image.width - side)
    y = min(max((top + bottom - side) / 2, 0.0), image.height - side)
    return x, y, x + side, y + side


def to_pixels(image: Image.Image, size: int, channels: int, box: Box | None = None) -> np.ndarray:
    """The square ``box`` (left, top, right, bottom; without one, the largest central square) as uint8 (size, size, C).

    Where the box reaches beyond the picture there is black.

    Shrinking averages over the pixels that fall together (Pillow's bilinear filter), so that no aliasing appears.
    """
    if box is None:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
    image = image.convert("L" if channels == 1 else "RGB")
    if box[0] < 0 or box[1] < 0 or box[2] > image.width or box[3] > image.height:
        image, box = _with_margin(image, box)
    if (size, size) != image.size or box != (0, 0, size, size):
        image = image.resize((size, size), Image.Resampling.BILINEAR, box=box)
    return np.asarray(image).reshape(size, size, channels)  # (H, W) or (H, W, 3) -> (H, W, C)


def _with_margin(image: Image.Image, box: Box) -> tuple[Image.Image, Box]:
    """The pixels that ``box`` reaches, black beyond the picture, and the box within them."""
    left, top = math.floor(box[0]), math.floor(box[1])
    reached = image.crop((left, top, math.ceil(box[2]), math.ceil(box[3])))
    return reached, (box[0] - left, box[1] - top, box[2] - left, box[3] - top)


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
