import io
import warnings

import numpy as np
import pytest
from PIL import Image

from fer_tutorial.datasets.images import (
    UnreadableImage,
    as_uint8,
    check_size,
    open_image,
    picture_reader,
    square_around,
    stack_pixels,
    to_pixels,
)
from fer_tutorial.errors import UserError
from tests.helpers.refusals import refused


def test_floats_are_scaled_and_rounded():
    np.testing.assert_array_equal(as_uint8(np.array([0, 0.2, 1], np.float32)), np.array([0, 51, 255], np.uint8))


def test_uint8_stays_as_it_is():
    pixels = np.array([1, 2], np.uint8)
    assert as_uint8(pixels) is pixels


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.array([0.5, np.nan, np.inf]), "2 NaN or infinite values"),
        (np.array([0.0, 255.0]), "run from 0 to 255; expected floats in"),
        (np.array([-0.5, 0.5]), "run from -0.5 to 0.5"),
        (np.array([1, 2]), "are int64; expected uint8"),
    ],
)
def test_what_is_refused(images, says):
    with pytest.raises(UserError, match=says):
        as_uint8(images)


def encoded(image, **options):
    stream = io.BytesIO()
    image.save(stream, **options)
    stream.seek(0)
    return stream


def test_exif_that_cannot_be_read_does_not_refuse_the_picture():
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + bytes(7)
    picture = open_image(encoded(Image.new("RGB", (8, 8), (9, 9, 9)), format="JPEG", exif=exif), "a.jpg")
    assert picture.size == (8, 8)


def test_pillow_warns_of_nothing_without_a_name():
    palette = Image.new("P", (8, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        to_pixels(open_image(encoded(palette, format="PNG", transparency=bytes(256)), "a.png"), 8, 3)


def test_colors_of_print_and_sixteen_bits():
    cmyk = open_image(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), format="JPEG", quality=100), "a.jpg")
    red = to_pixels(cmyk, 8, 3)[0, 0].astype(int)
    assert red[0] > 240
    assert red[1:].max() < 15
    with refused("a.png has I;16 pixels; expected an image of 8 bits a channel"):
        open_image(encoded(Image.fromarray(np.full((8, 8), 40000, np.uint16)), format="PNG"), "a.png")


def test_an_opaque_alpha_channel_changes_no_pixel():
    rgb = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    rgba = np.dstack([rgb, np.full((16, 16), 255, np.uint8)])
    for channels in (1, 3):
        plain, alpha = (
            to_pixels(open_image(encoded(Image.fromarray(pixels), format="PNG"), "a.png"), 16, channels)
            for pixels in (rgb, rgba)
        )
        np.testing.assert_array_equal(plain, alpha)


def test_half_transparent_pixels_are_mixed_with_white():
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    pixels = to_pixels(open_image(encoded(half, format="PNG"), "a.png"), 8, 1)
    assert (pixels == 127).all()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_unreadable_pictures_are_counted_and_the_first_named(count):
    def read(position):
        if position < count:
            raise UnreadableImage(f"{position}.png", "is damaged; copy it again")
        return np.zeros((4, 4, 1), np.uint8)

    says = {
        1: ("0.png is damaged; copy it again",),
        2: ("2 of 6 pictures cannot be read: 0.png is damaged; copy it again; likewise 1.png",),
        5: ("5 of 6 pictures cannot be read: 0.png", "likewise 1.png, 2.png, and so on"),
    }
    with refused(*says[count]):
        stack_pixels(read, 0, 6, (4, 4, 1))


def test_pixels_are_stacked_in_order():
    pixels = stack_pixels(lambda position: np.full((2, 2, 1), position, np.uint8), 3, 6, (2, 2, 1))
    assert pixels[:, 0, 0, 0].tolist() == [3, 4, 5]


@pytest.mark.parametrize(
    ("size", "channels", "says"),
    [
        (7, 3, "size is 7"),
        (5000, 3, "size is 5000"),
        (None, 3, "size is None"),
        (8, 2, "channels is 2"),
        (8, 3.0, "is 3.0"),
    ],
)
def test_sizes_that_no_reader_delivers(size, channels, says):
    with refused(says):
        check_size(size, channels)


def test_files_are_read_with_a_square_each(tmp_path):
    files = []
    for value in (50, 200):
        picture = np.zeros((20, 40, 3), np.uint8)
        picture[:10, 33:] = value
        files.append(tmp_path / f"{value}.png")
        Image.fromarray(picture).save(files[-1])
    read = picture_reader(
        files, 10, 1, lambda position, image: square_around((31, -1, 45, 9), image) if position else None
    )
    first, second = read(0, 2)
    assert first.max() == 0
    assert (first.shape, second.max()) == ((10, 10, 1), 200)


def test_a_square_lies_in_the_picture():
    image = Image.new("L", (40, 20))
    assert square_around((35, -5, 45, 5), image) == (30, 0, 40, 10)
    assert square_around((0, 0, 400, 2), image) == (20, 0, 40, 20)
