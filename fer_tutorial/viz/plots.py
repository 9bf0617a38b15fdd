"""The plots every chapter shares, and a run's report with them.

Each draws on matplotlib axes; the notebook calls ``plt.show()``.  What is measured over several seeds is drawn as its
mean and its range, from the lowest to the highest: with three to five seeds nothing else would be honest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_tutorial.errors import UserError
from fer_tutorial.viz.colors import INK, OKABE_ITO
from fer_tutorial.viz.svg import show_as_svg

MOST_SHAPES = 300  # points of a cloud that an SVG holds as shapes; more become pixels

STYLE: Any = {  # matplotlib types each key by itself
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.prop_cycle": plt.cycler(color=OKABE_ITO),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.figsize": (6.4, 3.6),
    "font.sans-serif": ["DejaVu Sans", "Verdana"],  # of one width, so that text fits where only the second is there
    "font.size": 10,
    "grid.alpha": 0.3,
    "image.cmap": "gray",
    "image.interpolation": "none",  # an SVG keeps a picture's own pixels, and the page scales them
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read out
    "svg.hashsalt": "fer-tutorial",  # without it every SVG gets new random ids
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def style() -> None:
    """Give matplotlib the book's look; every notebook calls it once, at the top.

    In Jupyter and on Colab plots are shown as SVG from then on: sharp at every size.
    """
    plt.rcParams.update(STYLE)
    show_as_svg()


def plot_curves(
    table: pd.DataFrame, x: str, y: str, by: str | None = None, axes: Axes | None = None, color: str | None = None
) -> Axes:
    """One column over another: the mean of the rows that share ``x`` (the seeds) as a line, their range as a band.

    Args:
        table: a row a measurement.
        x: what runs to the right: an epoch, a weight, a number of faces.
        y: what was measured.
        by: a column; each of its values gets a line of its own, in the order in which they appear.
        color: of the line, where there is one.

    Raises:
        UserError: the table lacks one of the columns, or is empty.

    >>> table = pd.DataFrame({"epoch": [1, 2, 1, 2], "loss": [2.0, 1.0, 4.0, 3.0]})
    >>> plot_curves(table, "epoch", "loss").lines[0].get_ydata().tolist()
    [3.0, 2.0]
    """
    _need_columns(table, x, y, *([by] if by else []))
    axes = plt.figure(layout="constrained").subplots() if axes is None else axes
    few = table[x].nunique() < 20
    sns.lineplot(
        table,
        x=x,
        y=y,
        hue=by,
        palette=_colors(table[by].nunique()) if by else None,
        color=None if by else color or OKABE_ITO[0],
        estimator="mean",
        errorbar=("pi", 100),  # of a sample: from its lowest to its highest
        marker="." if few else None,
        markeredgewidth=0,
        markersize=8,
        ax=axes,
    )
    axes.set_xlabel(_in_words(x))
    axes.set_ylabel(_in_words(y))
    if by:
        axes.legend()  # without the column's name as its title
    return axes


def plot_history(
    history: pd.DataFrame | Mapping[str, Any],
    columns: Sequence[str] = ("loss", "accuracy"),
    figure: Figure | None = None,
) -> np.ndarray:
    """Curves over the epochs, one panel a column; several runs of one name (seeds) as their mean and their range.

    Args:
        history: one run's table (a row an epoch), or tables, or lists of tables, by name.
        columns: which columns to draw.
        figure: what to draw on; a new one of pyplot's if not given.

    Returns:
        The axes, one for each column.

    Raises:
        UserError: a table that lacks one of the columns.

    >>> run = pd.DataFrame({"epoch": [0, 1], "loss": [2.0, 1.0], "accuracy": [0.3, 0.6]})
    >>> [axes.get_ylabel() for axes in plot_history({"DACL": [run, run], "softmax": run})]
    ['loss', 'accuracy']
    """
    named = history if isinstance(history, Mapping) else {"": history}
    tables = [
        run.assign(name=name)
        for name, runs in named.items()
        for run in (runs if isinstance(runs, list | tuple) else [runs])
    ]
    for table in tables:
        _need_columns(table, "epoch", *columns)
    together = pd.concat(tables, ignore_index=True)
    figure = plt.figure(layout="constrained") if figure is None else figure
    figure.set_size_inches(3.6 * len(columns), 3)
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, column in zip(panels, columns, strict=True):
        plot_curves(together, "epoch", column, by="name" if any(named) else None, axes=axes)
        if legend := axes.get_legend():
            legend.remove()  # one for all panels stands above them
        axes.xaxis.get_major_locator().set_params(integer=True)
    if any(named):
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return panels


def plot_variants(
    table: pd.DataFrame, measure: str, by: str = "variant", order: Sequence[str] | None = None, axes: Axes | None = None
) -> Axes:
    """Variants compared: a dot for each run (seed), a stroke at their mean, one row a variant.

    Args:
        table: a row a run.
        measure: the column that was measured.
        by: the column that names the variant.
        order: which variants, from top to bottom; all, in the order in which they appear, if not given.

    Raises:
        UserError: the table lacks a column, or has no run of one of the variants.

    >>> table = pd.DataFrame({"variant": ["softmax", "softmax", "DACL"], "accuracy": [0.5, 0.6, 0.7]})
    >>> [label.get_text() for label in plot_variants(table, "accuracy").get_yticklabels()]
    ['softmax', 'DACL']
    """
    _need_columns(table, by, measure)
    found = list(table[by].unique())
    order = found if order is None else list(order)
    if unknown := [name for name in order if name not in found]:
        raise UserError(f"the table has no run of {unknown[0]!r}; it has {', '.join(map(str, found))}")
    if axes is None:
        axes = plt.figure(figsize=(6.4, 1 + 0.34 * len(order)), layout="constrained").subplots()
    how: dict[str, Any] = {"data": table, "x": measure, "y": by, "order": order, "orient": "h", "ax": axes}
    sns.stripplot(**how, color=OKABE_ITO[0], jitter=False, size=5)
    sns.pointplot(
        **how,
        color=OKABE_ITO[3],
        estimator="mean",
        errorbar=None,
        linestyle="none",
        marker="|",
        markersize=18,
        markeredgewidth=2,
    )
    axes.set_xlabel(_in_words(measure))
    axes.set_ylabel("")
    return axes


# How a verdict is drawn: color and marker, so that neither is needed to read the other.
VERDICT_MARKS = {"better": (OKABE_ITO[0], "^"), "worse": (OKABE_ITO[3], "v"), "no difference": ("0.35", "s")}


def plot_differences(
    table: pd.DataFrame, unit: str = "points", names: Sequence[str] | None = None, axes: Axes | None = None
) -> Axes:
    """Differences with their 95 % intervals, a row each, and a line at zero.

    A triangle points up where the verdict is "better" and down where it is "worse"; a square says that there is no
    difference that matters, and a hollow circle that nothing can be told.

    Args:
        table: the columns ``compared``, ``mean``, ``low``, ``high`` and ``verdict``, as
            :func:`fer_tutorial.records.comparison.comparison_table` makes them; an interval may be unknown (NaN).
        unit: of the differences, for the axis.
        names: of the rows, from top to bottom; what is ``compared`` if not given.

    Raises:
        UserError: the table lacks a column or is empty, or there are not as many names as rows.

    >>> row = {"compared": "DACL against softmax", "mean": 2.0, "low": 1.0, "high": 3.0, "verdict": "better"}
    >>> [label.get_text() for label in plot_differences(pd.DataFrame([row])).get_yticklabels()]
    ['DACL against softmax']
    """
    _need_columns(table, "compared", "mean", "low", "high", "verdict")
    names = list(table["compared"] if names is None else names)
    if len(names) != len(table):
        raise UserError(f"{len(names)} names for {len(table)} rows; expected one name for each row")
    if axes is None:
        axes = plt.figure(figsize=(6.4, 0.9 + 0.32 * len(table)), layout="constrained").subplots()
    axes.axvline(0, color="0.5", linewidth=1)
    numbers = table[["mean", "low", "high"]].to_numpy(float)
    for place, ((mean, low, high), verdict) in enumerate(zip(numbers, table["verdict"], strict=True)):
        known = [mark for words, mark in VERDICT_MARKS.items() if verdict.startswith(words)]
        color, marker = known[0] if known else ("0.45", "o")
        axes.plot([low, high], [place, place], color=color, linewidth=1.6)
        face = color if known else "white"
        axes.plot([mean], [place], marker=marker, color=color, markersize=7, markerfacecolor=face)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel(f"difference, {unit}")
    axes.grid(axis="y", visible=False)
    return axes


def plot_groups(table: pd.DataFrame, axes: Axes | None = None) -> Axes:
    """The accuracy of groups of people with its 95 % interval, a row a group, attribute below attribute.

    Args:
        table: the columns ``attribute``, ``group``, ``people``, ``accuracy``, ``low`` and ``high``, as
            :func:`fer_tutorial.group_metrics.accuracy_by_group` makes them.

    Raises:
        UserError: the table lacks a column or is empty.

    >>> row = {"attribute": "age", "group": "old", "people": 12, "accuracy": 0.5, "low": 0.25, "high": 0.75}
    >>> [label.get_text() for label in plot_groups(pd.DataFrame([row])).get_yticklabels()]
    ['age: old (12)']
    """
    _need_columns(table, "attribute", "group", "people", "accuracy", "low", "high")
    if axes is None:
        axes = plt.figure(figsize=(6.4, 1 + 0.3 * len(table)), layout="constrained").subplots()
    attributes = list(table["attribute"].unique())
    places = np.arange(len(table)) + np.array([attributes.index(name) for name in table["attribute"]])  # gaps between
    for place, (_, row) in zip(places, table.iterrows(), strict=True):
        axes.plot([row["low"], row["high"]], [place, place], color="0.45", linewidth=1.6)
        axes.plot([row["accuracy"]], [place], marker="o", color=OKABE_ITO[0], markersize=7)
    axes.set_yticks(places, [f"{row.attribute}: {row.group} ({row.people})" for row in table.itertuples()])
    axes.set_ylim(places[-1] + 0.7, -0.7)
    axes.set_xlabel("accuracy (number of people in brackets)")
    axes.grid(axis="y", visible=False)
    return axes


def plot_table(
    table: pd.DataFrame, low: float = 0, high: float = 1, decimals: int = 2, axes: Axes | None = None
) -> Axes:
    """A table as colors with its numbers in them: from ``low`` (white) to ``high`` (blue).

    Where ``low`` is below zero, zero is white, and what is below it is orange.

    Args:
        table: numbers; its index and columns are the labels.
        decimals: of the numbers that are written.

    Raises:
        UserError: a table without rows or columns, or limits the wrong way round.

    >>> plot_table(pd.DataFrame([[0.25, 1.0]], index=["a"], columns=["b", "c"])).texts[0].get_text()
    '0.25'
    """
    if table.empty or not low < high:
        raise UserError(
            f"the table has shape {table.shape} and the colors run from {low} to {high}; expected a row, a column and "
            "a low limit below the high one"
        )
    if axes is None:
        size = (2.2 + 0.55 * table.shape[1], 1.2 + 0.42 * table.shape[0])
        axes = plt.figure(figsize=size, layout="constrained").subplots()
    sns.heatmap(
        table,
        vmin=low,
        vmax=high,
        center=0 if low < 0 else None,
        cmap="PuOr" if low < 0 else "Blues",
        annot=True,
        fmt=f".{decimals}f",
        annot_kws={"fontsize": 8},
        cbar=False,
        ax=axes,
    )
    axes.set(xlabel="", ylabel="")
    axes.tick_params(axis="x", rotation=45)
    axes.tick_params(axis="y", rotation=0)
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    axes.grid(False)
    return axes


def plot_confusion(matrix: np.ndarray | torch.Tensor, names: Sequence[str], axes: Axes | None = None) -> Axes:
    """A confusion matrix: true classes down, predicted classes across, each row as shares of the true class.

    Args:
        matrix: (K, K) counts, ``matrix[i, j]`` = samples of class i predicted as j.
        names: K class names.

    Raises:
        UserError: a matrix that has not one row and one column a name.

    >>> plot_confusion(np.array([[3, 1], [0, 4]]), ["neutral", "happiness"]).texts[0].get_text()
    '75'
    """
    counts = np.asarray(matrix, dtype=float)
    if counts.shape != (len(names), len(names)):
        raise UserError(
            f"the matrix has shape {counts.shape} but there are {len(names)} names; expected one row a name"
        )
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if axes is None:
        side = 1.6 + 0.5 * len(names)
        axes = plt.figure(figsize=(side, side), layout="constrained").subplots()
    plot_table(pd.DataFrame(shares, index=list(names), columns=list(names)), high=100, decimals=0, axes=axes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true (row: percent of its class)")
    return axes


def plot_embedding(
    points: np.ndarray | torch.Tensor,
    labels: np.ndarray | torch.Tensor,
    names: Sequence[str],
    centers: np.ndarray | torch.Tensor | None = None,
    axes: Axes | None = None,
) -> Axes:
    """A two-dimensional embedding, colored by class, with the class centers as edged stars.

    Args:
        points: (n, 2) embeddings.
        labels: (n,) classes.
        names: K class names.
        centers: (K, 2) class centers.

    >>> axes = plot_embedding(np.zeros((3, 2)), np.array([0, 1, 1]), ["neutral", "happiness"])
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['neutral', 'happiness']
    """
    points, labels = _array(points), _array(labels)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels):
        raise UserError(f"points have shape {points.shape} for {len(labels)} labels; expected (n, 2), one row a label")
    if axes is None:
        axes = plt.figure(figsize=(5.6, 4), layout="constrained").subplots()
    for k, (color, name) in enumerate(zip(_colors(len(names)), names, strict=True)):
        mine = points[labels == k]
        cloud = axes.scatter(mine[:, 0], mine[:, 1], s=8, color=color, alpha=0.6, linewidths=0, label=name)
        cloud.set_rasterized(len(points) > MOST_SHAPES)
        if centers is not None:
            x, y = _array(centers)[k]
            axes.scatter(x, y, s=140, marker="*", color=color, edgecolors=INK, zorder=3)
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)
    return axes


def _need_columns(table: pd.DataFrame, *columns: str) -> None:
    for column in columns:
        if column not in table:
            raise UserError(f"the table has no column {column!r}; it has {', '.join(map(str, table.columns))}")
    if table.empty:
        raise UserError("the table has no rows; there is nothing to draw")


def _in_words(column: str) -> str:
    return column.replace("_", " ")


def _array(values: np.ndarray | torch.Tensor) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def _colors(count: int) -> list[str]:
    """So many colors; they begin again where they end."""
    return (list(OKABE_ITO) * (count // len(OKABE_ITO) + 1))[:count]
