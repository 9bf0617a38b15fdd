"""Plots draw what they are given: the tests read the numbers back from the axes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from fer_tutorial.errors import UserError
from fer_tutorial.viz import (
    OKABE_ITO,
    plot_confusion,
    plot_curves,
    plot_differences,
    plot_embedding,
    plot_groups,
    plot_history,
    plot_table,
    plot_variants,
    style,
)


def test_style_sets_the_palette():
    style()
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(OKABE_ITO)


SEEDS = pd.DataFrame(
    {
        "epoch": [0, 1, 0, 1, 0, 1],
        "macro_f1": [0.2, 0.1, 0.4, 0.3, 0.9, 0.8],
        "method": ["a"] * 4 + ["b"] * 2,
        "seed": [0, 0, 1, 1, 0, 0],
    }
)


def band(axes, number=0):
    heights = axes.collections[number].get_paths()[0].vertices[:, 1]
    return heights.min(), heights.max()


def test_curves_are_the_mean_and_the_range_of_the_seeds():
    axes = plot_curves(SEEDS[SEEDS["method"] == "a"], "epoch", "macro_f1")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.3, 0.2])
    np.testing.assert_allclose(band(axes), (0.1, 0.4))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "macro f1")
    assert to_hex(axes.lines[0].get_color()) == OKABE_ITO[0].lower()


def test_curves_of_several_methods_have_the_palette_in_their_order():
    axes = plot_curves(SEEDS, "epoch", "macro_f1", by="method")
    drawn = [line for line in axes.lines if len(line.get_xdata())]
    assert [to_hex(line.get_color()) for line in drawn] == [color.lower() for color in OKABE_ITO[:2]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert axes.get_legend().get_title().get_text() == ""
    np.testing.assert_allclose(drawn[1].get_ydata(), [0.9, 0.8])


def test_more_than_the_palette_has_begins_again():
    many = pd.DataFrame({"epoch": [0] * 9, "loss": range(9), "method": list("abcdefghi")})
    drawn = [line for line in plot_curves(many, "epoch", "loss", by="method").lines if len(line.get_xdata())]
    assert to_hex(drawn[8].get_color()) == to_hex(drawn[0].get_color())


def test_history_draws_mean_and_range_of_the_seeds():
    runs = [pd.DataFrame({"epoch": [0, 1], "loss": values}) for values in ([2.0, 1.0], [4.0, 3.0])]
    (axes,) = plot_history({"method": runs}, columns=["loss"])
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [3, 2])
    assert band(axes) == (1, 4)
    assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == ["method"]


def test_history_of_one_run_has_no_legend_and_names_a_missing_column():
    run = pd.DataFrame({"epoch": [0], "loss": [1.0]})
    panels = plot_history(run, columns=["loss"])
    assert len(panels) == 1
    assert panels[0].figure.legends == []
    with pytest.raises(UserError, match="no column 'accuracy'; it has epoch, loss"):
        plot_history(run)


def test_history_can_be_drawn_on_a_figure_of_ones_own():
    figure = Figure(layout="constrained")
    plot_history(pd.DataFrame({"epoch": [0, 1], "loss": [2.0, 1.0]}), ["loss"], figure)
    assert len(figure.axes) == 1
    assert plt.get_fignums() == []


def test_variants_are_dots_and_their_mean():
    table = SEEDS.rename(columns={"method": "variant"})
    axes = plot_variants(table[table["epoch"] == 0], "macro_f1", order=["b", "a"])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a"]
    dots = np.concatenate([group.get_offsets() for group in axes.collections])
    np.testing.assert_allclose(dots[dots[:, 1].round() == 1][:, 0], [0.2, 0.4])
    strokes = {
        round(float(y)): float(x)
        for line in axes.lines
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    np.testing.assert_allclose([strokes[0], strokes[1]], [0.9, 0.3])
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first is on top


def test_variants_that_are_not_there_are_named():
    with pytest.raises(UserError, match="no run of 'c'; it has a, b"):
        plot_variants(SEEDS, "macro_f1", by="method", order=["a", "c"])


DIFFERENCES = pd.DataFrame(
    {
        "compared": ["a against b", "c against b", "d against b", "e against b"],
        "mean": [2.0, -2.0, 0.1, 1.0],
        "low": [1.0, -3.0, -0.2, np.nan],
        "high": [3.0, -1.0, 0.4, np.nan],
        "verdict": ["better", "worse", "no difference of more than 0.40 points", "cannot be told by 1 seed"],
    }
)


def test_differences_are_intervals_whose_marks_say_the_verdict():
    axes = plot_differences(DIFFERENCES, unit="ICC")
    zero, *lines = axes.lines
    assert zero.get_xdata() == [0, 0]
    intervals, means = lines[::2], lines[1::2]
    np.testing.assert_allclose([line.get_xdata() for line in intervals], DIFFERENCES[["low", "high"]])
    assert [line.get_xdata()[0] for line in means] == DIFFERENCES["mean"].tolist()
    assert [line.get_marker() for line in means] == ["^", "v", "s", "o"]
    assert len({line.get_color() for line in means}) == 4
    assert means[3].get_markerfacecolor() == "white"
    assert [label.get_text() for label in axes.get_yticklabels()] == DIFFERENCES["compared"].tolist()
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first is on top
    assert axes.get_xlabel() == "difference, ICC"


def test_differences_that_cannot_be_drawn():
    with pytest.raises(UserError, match="no column 'verdict'"):
        plot_differences(DIFFERENCES.drop(columns="verdict"))
    with pytest.raises(UserError, match="1 names for 4 rows"):
        plot_differences(DIFFERENCES, names=["a"])
    with pytest.raises(UserError, match="no rows"):
        plot_differences(DIFFERENCES[:0])


GROUPS = pd.DataFrame(
    {
        "attribute": ["sex", "sex", "age"],
        "group": ["female", "male", "old"],
        "people": [5, 4, 9],
        "accuracy": [0.5, 0.75, 0.6],
        "low": [0.2, 0.3, 0.4],
        "high": [0.8, 0.95, 0.8],
    }
)


def test_groups_are_intervals_with_a_gap_between_attributes():
    axes = plot_groups(GROUPS)
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "sex: female (5)",
        "sex: male (4)",
        "age: old (9)",
    ]
    assert list(axes.get_yticks()) == [0, 1, 3]
    strokes = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert [list(line.get_xdata()) for line in strokes] == [[0.2, 0.8], [0.3, 0.95], [0.4, 0.8]]
    dots = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in dots] == [(0.5, 0), (0.75, 1), (0.6, 3)]
    with pytest.raises(UserError, match="no column 'low'"):
        plot_groups(GROUPS.drop(columns="low"))


def test_a_table_is_colored_and_its_numbers_are_written():
    table = pd.DataFrame([[0.25, 1.0], [0.5, 0.0]], index=["x", "y"], columns=["b", "c"])
    axes = plot_table(table)
    assert [text.get_text() for text in axes.texts] == ["0.25", "1.00", "0.50", "0.00"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y"]
    assert to_hex(axes.collections[0].get_facecolors()[3]) == to_hex(colormaps["Blues"](0.0))
    assert axes.texts[1].get_color() != axes.texts[3].get_color()  # white on dark, dark on white


def test_around_zero_a_table_has_two_colors():
    faces = plot_table(pd.DataFrame([[-1.0, 0.0, 1.0]]), low=-1).collections[0].get_facecolors()
    less, nothing, more = faces[:, :3]
    assert less[0] > less[2]  # orange
    assert more[2] > more[1]  # violet
    assert nothing.min() > 0.9


@pytest.mark.parametrize(("table", "limits"), [(pd.DataFrame(), {}), (pd.DataFrame([[1.0]]), {"low": 1, "high": 1})])
def test_a_table_needs_entries_and_limits(table, limits):
    with pytest.raises(UserError, match="expected a row, a column and a low limit below the high one"):
        plot_table(table, **limits)


@pytest.mark.parametrize("plot", [plot_curves, plot_variants], ids=["curves", "variants"])
@pytest.mark.parametrize(("table", "message"), [(SEEDS[:0], "no rows"), (SEEDS[["epoch"]], "no column 'macro_f1'; it")])
def test_nothing_to_draw_is_said(plot, table, message):
    with pytest.raises(UserError, match=message):
        plot(table, "epoch", "macro_f1") if plot is plot_curves else plot(table, "macro_f1", by="epoch")


def test_confusion_shows_shares_of_the_true_class():
    axes = plot_confusion(torch.tensor([[1, 3], [0, 0]]), ["neutral", "happiness"])
    assert [text.get_text() for text in axes.texts] == ["25", "75", "0", "0"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true (row: percent of its class)")
    with pytest.raises(UserError, match="expected one row a name"):
        plot_confusion(np.zeros((2, 3)), ["a", "b"])


def test_embedding_draws_each_class_in_its_color_with_its_center():
    points, labels = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), torch.tensor([1, 0, 1])
    axes = plot_embedding(points, labels, ["a", "b"], centers=torch.tensor([[9.0, 9.0], [8.0, 8.0]]))
    class_a, center_a, class_b, center_b = axes.collections
    np.testing.assert_allclose(class_a.get_offsets(), [[2, 3]])
    np.testing.assert_allclose(class_b.get_offsets(), [[0, 1], [4, 5]])
    np.testing.assert_allclose([center_a.get_offsets()[0], center_b.get_offsets()[0]], [[9, 9], [8, 8]])
    assert to_hex(class_b.get_facecolor()[0]) == OKABE_ITO[1].lower()
    with pytest.raises(UserError, match="one row a label"):
        plot_embedding(points, labels[:2], ["a", "b"])
