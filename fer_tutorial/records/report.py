"""What a run reached, in its folder: the report, the learning curves and the confusion matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_tutorial.records.run_folder import RunFolder

# What the learning curves show beside the loss, where a run has it.
DRAWN = ("accuracy", "mean_class_accuracy", "macro_f1", "icc", "mae", "mse")


def write_confusion(path: Path, matrix: np.ndarray, names: tuple[str, ...]) -> None:
    """The confusion matrix as ``path``.csv and ``path``.png, truth in rows, shares of each row in color."""
    from matplotlib.figure import Figure  # imported late: training itself draws nothing

    names = names or tuple(map(str, range(len(matrix))))
    pd.DataFrame(matrix, index=pd.Index(names, name="truth"), columns=list(names)).to_csv(path.with_suffix(".csv"))
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure = Figure(figsize=(1.8 + 0.6 * len(names), 1.4 + 0.6 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("truth")
    for (row, column), count in np.ndenumerate(matrix):
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=8)
    figure.savefig(path.with_suffix(".png"), dpi=120)


def write_curves(path: Path, history: pd.DataFrame) -> None:
    """Loss and metrics over the epochs, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(history["epoch"], history["loss"], marker=".")
    left.set_ylabel("training loss")
    for name in DRAWN:
        if name in history:
            right.plot(history["epoch"], history[name], marker=".", label=name.replace("_", " "))
    right.legend(fontsize=8)
    for axes in (left, right):
        axes.set_xlabel("epoch")
    figure.savefig(path, dpi=120)


def write_results(
    folder: Path, history: pd.DataFrame, metrics: dict[str, Any], spec: Any, samples: int, seconds: float
) -> None:
    """What a run reached, into its folder: report.json, learning curves, and the confusion matrix if there is one."""
    report = {"method": spec.name, "test_samples": samples, "seconds": round(seconds, 1), "test": metrics}
    RunFolder(folder).write_report(report)
    write_curves(folder / "curves.png", history)
    if "confusion_matrix" in metrics:
        write_confusion(folder / "confusion", metrics["confusion_matrix"], spec.class_names)
