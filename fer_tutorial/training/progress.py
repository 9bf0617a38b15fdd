"""What people see of a run while it goes on: a progress bar, a line of metrics an epoch, and the logs."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd
from tqdm import tqdm

from fer_tutorial.records.run_folder import RunFolder

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
