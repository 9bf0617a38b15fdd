"""The plots every chapter shares.  Each draws on matplotlib axes; the notebook calls ``plt.show()``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_tutorial.errors import UserError
from fer_tutorial.viz.colors import OKABE_ITO

if TYPE_CHECKING:
    import pandas as pd

STYLE: Any = {  # matplotlib types each key by itself
    "axes.grid": True,
    "axes.prop_cycle": plt.cycler(color=OKABE_ITO),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.figsize": (6.4, 3.6),
    "font.size": 10,
    "grid.alpha": 0.3,
    "image.cmap": "gray",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "fer-tutorial",  # without it every SVG gets new random ids
}


def style() -> None:
    """Give matplotlib the book's look; every notebook calls it once, at the top."""
    plt.rcParams.update(STYLE)


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
        axes.imshow(as_picture(image), interpolation="nearest")
        axes.set_axis_off()
        if titles is not None:
            axes.set_title(str(titles[i]), fontsize=8)
    return figure


def plot_history(
    history: pd.DataFrame | Mapping[str, Any],
    columns: Sequence[str] = ("loss", "accuracy"),
) -> np.ndarray:
    """Curves over the epochs, one panel a column; several runs of one name (seeds) as their mean and their range.

    Args:
        history: one run's table (a row an epoch), or tables, or lists of tables, by name.
        columns: which columns to draw.

    Returns:
        The axes, one for each column.

    >>> import pandas as pd
    >>> run = pd.DataFrame({"epoch": [0, 1], "loss": [2.0, 1.0], "accuracy": [0.3, 0.6]})
    >>> [axes.get_ylabel() for axes in plot_history({"DACL": [run, run], "softmax": run})]
    ['loss', 'accuracy']
    """
    named = history if isinstance(history, Mapping) else {"": history}
    figure, panels = plt.subplots(1, len(columns), figsize=(3.6 * len(columns), 3), squeeze=False)
    for axes, column in zip(panels[0], columns, strict=True):
        for color, (name, tables) in zip(_repeat(OKABE_ITO), named.items(), strict=False):
            runs: list[pd.DataFrame] = list(tables) if isinstance(tables, list | tuple) else [tables]
            for run in runs:
                if column not in run:
                    raise UserError(f"the history has no column {column!r}; it has {', '.join(run.columns)}")
            epochs = runs[0]["epoch"]
            values = np.stack([run[column].to_numpy(dtype=float) for run in runs])  # (runs, epochs)
            axes.plot(epochs, values.mean(axis=0), color=color, label=name, marker="." if len(epochs) < 20 else None)
            if len(runs) > 1:
                axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=color, alpha=0.2, linewidth=0)
        axes.set_xlabel("epoch")
        axes.set_ylabel(column.replace("_", " "))
        axes.xaxis.get_major_locator().set_params(integer=True)
    if any(named):
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return panels[0]


def plot_confusion(matrix: np.ndarray | torch.Tensor, names: Sequence[str], axes: Axes | None = None) -> Axes:
    """A confusion matrix: true classes down, predicted classes across, each row as shares of the true class.

    Args:
        matrix: (K, K) counts, ``matrix[i, j]`` = samples of class i predicted as j.
        names: K class names.

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
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for i, j in np.ndindex(shares.shape):
        color = "white" if shares[i, j] > 60 else "black"
        axes.text(j, i, f"{shares[i, j]:.0f}", ha="center", va="center", color=color, fontsize=8)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true (row: percent of its class)")
    axes.grid(False)
    return axes


def plot_embedding(
    points: np.ndarray | torch.Tensor,
    labels: np.ndarray | torch.Tensor,
    names: Sequence[str],
    centers: np.ndarray | torch.Tensor | None = None,
    axes: Axes | None = None,
) -> Axes:
    """A two-dimensional embedding, coloured by class, with the class centers as black-edged stars.

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
    for k, (color, name) in enumerate(zip(_repeat(OKABE_ITO), names, strict=False)):
        mine = points[labels == k]
        axes.scatter(mine[:, 0], mine[:, 1], s=8, color=color, alpha=0.6, linewidths=0, label=name)
        if centers is not None:
            x, y = _array(centers)[k]
            axes.scatter(x, y, s=140, marker="*", color=color, edgecolors="black", zorder=3)
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)
    return axes


def _array(values: np.ndarray | torch.Tensor) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def _repeat(colors: Sequence[str]) -> list[str]:
    return list(colors) * 4
