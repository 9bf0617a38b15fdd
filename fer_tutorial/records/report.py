"""What a run reached, in its folder: the report, learning curves, the confusion matrix, the accuracy by group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_tutorial.records.run_folder import RunFolder

# What the learning curves show beside the loss, where a run has it.
DRAWN = ("accuracy", "mean_class_accuracy", "macro_f1", "icc", "mae", "mse")


def write_confusion(path: Path, matrix: np.ndarray, names: tuple[str, ...]) -> None:
    """The confusion matrix as ``path``.csv (counts) and ``path``.png (percent of each row), truth in rows."""
    from matplotlib.figure import Figure  # imported late: training itself draws nothing

    from fer_tutorial.viz import plot_confusion

    names = names or tuple(map(str, range(len(matrix))))
    pd.DataFrame(matrix, index=pd.Index(names, name="truth"), columns=list(names)).to_csv(path.with_suffix(".csv"))
    side = 1.8 + 0.6 * len(names)
    figure = Figure(figsize=(side, side), layout="constrained")
    plot_confusion(matrix, names, figure.subplots())
    figure.savefig(path.with_suffix(".png"), dpi=120)


def write_groups(path: Path, groups: list[dict[str, Any]]) -> None:
    """The accuracy of every group of people as ``path``.csv and ``path``.png."""
    from matplotlib.figure import Figure

    from fer_tutorial.viz import plot_groups

    table = pd.DataFrame(groups)
    table.to_csv(path.with_suffix(".csv"), index=False)
    figure = Figure(figsize=(6.4, 1 + 0.3 * len(table)), layout="constrained")
    plot_groups(table, figure.subplots())
    figure.savefig(path.with_suffix(".png"), dpi=120)


def write_curves(path: Path, history: pd.DataFrame) -> None:
    """Loss and metrics over the epochs, as a PNG."""
    from matplotlib.figure import Figure

    from fer_tutorial.viz import plot_history

    figure = Figure(layout="constrained")
    plot_history(history, ["loss", *(name for name in DRAWN if name in history)], figure)
    figure.savefig(path, dpi=120)


def write_results(
    folder: Path, history: pd.DataFrame, metrics: dict[str, Any], spec: Any, split: str, samples: int, seconds: float
) -> None:
    """What a run reached, into its folder: report.json, curves, and, if there are any, confusion matrix and groups.

    Args:
        split: which one the metrics are of: test, or valid where there is no test split.
        samples: how many that has.
        seconds: how long the training took.
    """
    report = {"method": spec.name, f"{split}_samples": samples, "seconds": round(seconds, 1), split: metrics}
    RunFolder(folder).write_report(report)
    write_curves(folder / "curves.png", history)
    if "confusion_matrix" in metrics:
        write_confusion(folder / "confusion", metrics["confusion_matrix"], spec.class_names)
    if "groups" in metrics:
        write_groups(folder / "groups", metrics["groups"])
