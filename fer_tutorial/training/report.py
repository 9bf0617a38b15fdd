"""What people see of a run: a progress bar, a line of metrics an epoch, logs, and the report at the end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from fer_tutorial.records.run_folder import RunFolder

if TYPE_CHECKING:
    from fer_tutorial.training.folds import CrossValidation

# Columns of the printed table, in this order, where a run has them; the log files have all.
PRINTED = ("epoch", "loss", "train_accuracy", "accuracy", "mean_class_accuracy", "macro_f1", "icc", "mae", "mse")
WIDTH = 12


class Reporter:
    """Shows and logs the progress of a run; silent in all processes but the first.

    Args:
        total: steps of the whole run.
        done: steps of it that an earlier part has made.
        visible: show a progress bar and the table.
        files: where to log; None for nowhere.
        tensorboard: write TensorBoard's files too.
    """

    def __init__(self, total: int, done: int, visible: bool, files: RunFolder | None, tensorboard: bool) -> None:
        self.bar = tqdm(
            total=total, initial=done, disable=None if visible else True, unit="batch", file=sys.stderr, leave=False
        )
        self.visible, self.files = visible, files
        self.header_shown = False
        self.writer = None
        if files is not None and tensorboard:
            from torch.utils.tensorboard import SummaryWriter  # imported late: it takes a second

            self.writer = SummaryWriter(str(files.path / "tensorboard"))

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.close()
        if self.writer is not None:
            self.writer.close()

    def step(self) -> None:
        """One batch is done."""
        self.bar.update()

    def epoch(self, history: list[dict[str, Any]]) -> None:
        """One epoch is done; ``history`` has a row for each so far."""
        row = history[-1]
        if self.visible:
            names = [name for name in PRINTED if name in row]
            if not self.header_shown:
                self.bar.write(
                    "".join(f"{name.replace('mean_class_accuracy', 'mean class'):>{WIDTH + 3}}" for name in names)
                )
                self.header_shown = True
            self.bar.write("".join(f"{_short(row[name]):>{WIDTH + 3}}" for name in names))
        if self.files is not None:
            self.files.write_metrics(pd.DataFrame(history))
        if self.writer is not None:
            for name, value in row.items():
                if name != "epoch":
                    self.writer.add_scalar(name, value, row["epoch"])
            self.writer.flush()


def _short(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4f}"


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
    for name in PRINTED[2:]:
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


def write_folds(folder: Path, result: CrossValidation, names: tuple[str, ...]) -> None:
    """What the folds of a cross-validation came to: folds.csv, report.json and the confusion matrix."""
    folder.mkdir(parents=True, exist_ok=True)
    result.folds.to_csv(folder / "folds.csv", index=False)
    RunFolder(folder).write_report({"mean": result.mean, "std": result.std, "folds": len(result.folds)})
    if result.confusion_matrix is not None:
        write_confusion(folder / "confusion", result.confusion_matrix, names)
