"""Images of every form become the same picture, and many become one."""

import numpy as np
import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.viz import contact_sheet, show_faces
from fer_tutorial.viz.pictures import as_picture


@pytest.mark.parametrize(
    "image",
    [
        np.full((4, 6), 128, np.uint8),
        np.full((4, 6, 1), 128, np.uint8),
        np.full((3, 4, 6), 128, np.uint8),
        torch.full((1, 4, 6), 128 / 255),
        np.full((4, 6, 3), 128 / 255),
    ],
    ids=["HW", "HW1", "3HW", "tensor", "HW3"],
)
def test_every_form_of_an_image_becomes_the_same_picture(image):
    picture = as_picture(image)
    assert picture.shape == (4, 6, 3)
    np.testing.assert_allclose(picture, 128 / 255, atol=1e-6)


@pytest.mark.parametrize("shape", [(3,), (4, 6, 2), (1, 4, 6, 3)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(UserError, match="expected"):
        as_picture(np.zeros(shape))


def test_contact_sheet_places_every_image():
    images = np.stack([np.full((2, 2), value, np.uint8) for value in (10, 20, 30)])
    sheet = contact_sheet(images, columns=2, gap=1)
    assert sheet.shape == (5, 5, 3)
    np.testing.assert_allclose(sheet[::3, ::3, 0] * 255, [[10, 20], [30, 255]], atol=1e-4)


def test_contact_sheet_refuses_mixed_sizes_and_nothing():
    with pytest.raises(UserError, match="differ in size"):
        contact_sheet([np.zeros((2, 2)), np.zeros((3, 3))])
    with pytest.raises(UserError, match="at least one"):
        contact_sheet([])


def test_show_faces_titles_each_image():
    figure = show_faces(np.zeros((3, 4, 4), np.uint8), titles=["a", 2, "c"], columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["a", "2", "c"]
    with pytest.raises(UserError, match="2 titles for 3 images"):
        show_faces(np.zeros((3, 4, 4), np.uint8), titles=["a", "b"])
