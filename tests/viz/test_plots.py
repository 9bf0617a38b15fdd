"""Plots draw what they are given: the tests read the numbers back from the axes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex

from fer_tutorial.errors import UserError
from fer_tutorial.viz import OKABE_ITO, contact_sheet, plot_confusion, plot_embedding, plot_history, show_faces, style
from fer_tutorial.viz.plots import as_picture


@pytest.fixture(autouse=True)
def _own_settings():
    with plt.rc_context():
        yield
    plt.close("all")


def test_style_sets_the_palette():
    style()
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(OKABE_ITO)


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


def test_history_draws_mean_and_range_of_the_seeds():
    runs = [pd.DataFrame({"epoch": [0, 1], "loss": values}) for values in ([2.0, 1.0], [4.0, 3.0])]
    (axes,) = plot_history({"method": runs}, columns=["loss"])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [3, 2])
    band = axes.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 4)


def test_history_of_one_run_names_a_missing_column():
    run = pd.DataFrame({"epoch": [0], "loss": [1.0]})
    assert len(plot_history(run, columns=["loss"])) == 1
    with pytest.raises(UserError, match="no column 'accuracy'; it has epoch, loss"):
        plot_history(run)


def test_confusion_shows_shares_of_the_true_class():
    axes = plot_confusion(torch.tensor([[1, 3], [0, 0]]), ["neutral", "happiness"])
    assert [text.get_text() for text in axes.texts] == ["25", "75", "0", "0"]
    with pytest.raises(UserError, match="expected one row a name"):
        plot_confusion(np.zeros((2, 3)), ["a", "b"])


def test_embedding_draws_each_class_in_its_colour_with_its_center():
    points, labels = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), torch.tensor([1, 0, 1])
    axes = plot_embedding(points, labels, ["a", "b"], centers=torch.tensor([[9.0, 9.0], [8.0, 8.0]]))
    class_a, center_a, class_b, center_b = axes.collections
    np.testing.assert_allclose(class_a.get_offsets(), [[2, 3]])
    np.testing.assert_allclose(class_b.get_offsets(), [[0, 1], [4, 5]])
    np.testing.assert_allclose([center_a.get_offsets()[0], center_b.get_offsets()[0]], [[9, 9], [8, 8]])
    assert to_hex(class_b.get_facecolor()[0]) == OKABE_ITO[1].lower()
    with pytest.raises(UserError, match="one row a label"):
        plot_embedding(points, labels[:2], ["a", "b"])
