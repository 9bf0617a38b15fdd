import numpy as np
import pytest

from fer_tutorial.datasets.images import as_uint8
from fer_tutorial.errors import UserError


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
