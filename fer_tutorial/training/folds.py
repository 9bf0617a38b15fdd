"""Cross-validation over folds that share no person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from fer_tutorial.config import TrainConfig
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.records.report import write_confusion
from fer_tutorial.records.run_folder import RunFolder
from fer_tutorial.training.distributed import is_first_process
from fer_tutorial.training.engine import train
from fer_tutorial.training.evaluate import evaluate


@dataclass(frozen=True)
class CrossValidation:
    """What k folds came to.

    Attributes:
        folds: a row a fold: fold, training and test samples, metrics on the fold.
        mean: mean of each metric over the folds.
        std: standard deviation of each metric over the folds (k − 1 in the denominator).
        confusion_matrix: the folds' confusion matrices added up, int64 (K, K); None for intensities.
        class_names: of its rows and columns.
    """

    folds: pd.DataFrame
    mean: dict[str, float]
    std: dict[str, float]
    confusion_matrix: np.ndarray | None
    class_names: tuple[str, ...]


def subject_folds(subjects: np.ndarray, k: int, seed: int = 0) -> list[np.ndarray]:
    """Split samples into k parts of about equal size so that no person is in two of them.

    People are shuffled, then those with the most samples are dealt first, each to the part that is smallest so far.

    Args:
        subjects: who is in each sample, (N,).
        k: number of parts, at least 2.
        seed: of the shuffle.

    Returns:
        k arrays of positions, ascending; each is the test part of one fold.

    Raises:
        UserError: fewer people than folds, or fewer than two folds.

    >>> [part.tolist() for part in subject_folds(np.array([7, 7, 8, 9]), k=2)]
    [[0, 1], [2, 3]]
    """
    people, counts = np.unique(subjects, return_counts=True)
    if not 2 <= k <= len(people):
        raise UserError(f"{len(people)} people cannot be split into {k} folds; use 2 to {len(people)} folds")
    shuffled = np.random.default_rng(seed).permutation(len(people))
    sizes = np.zeros(k, dtype=np.int64)
    fold_of = np.empty(len(people), dtype=np.int64)
    for person in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
        fold_of[person] = sizes.argmin()
        sizes[fold_of[person]] += counts[person]
    fold_of_sample = fold_of[np.searchsorted(people, subjects)]
    return [np.flatnonzero(fold_of_sample == fold) for fold in range(k)]


def fold_folder(folder: str | Path, number: int) -> Path:
    """Where the run of one fold lies in the folder of a cross-validation."""
    return Path(folder) / f"fold-{number}"


def check_fold_count(data: FaceData, k: int) -> None:
    """Raise a UserError unless the people in ``data`` are known and can be split into k parts."""
    if data.subjects is None:
        raise UserError(
            f"the data set {data.name!r} does not say who is in each picture, so folds cannot be kept apart; use data "
            "that do, or for a folder say how file names tell (--data-options subjects=PATTERN)"
        )
    people = len(np.unique(data.subjects))
    if not 2 <= k <= people:
        raise UserError(f"{people} people cannot be split into {k} folds; use 2 to {people} folds")


def cross_validate(
    make_method: Callable[[FaceData], nn.Module],
    data: FaceData,
    k: int,
    config: TrainConfig,
    seed: int = 0,
    folder: str | Path | None = None,
    resume: bool = False,
    notes: dict[str, Any] | None = None,
) -> CrossValidation:
    """Train k times, each time leaving one part of the people out, and evaluate on those left out.

    The last epoch is what counts: choosing an epoch by the test fold's metrics would be peeking.

    Args:
        make_method: builds an untrained method for the data it is given.
        data: needs ``subjects``.
        k: number of folds.
        config: how to train each time; its ``restore_best`` and ``patience`` are ignored.
        seed: of the split into folds.
        folder: where to write a run for each fold, see :func:`fold_folder`; None for nowhere.
        resume: read the folds in ``folder`` that are finished, and continue the one that is not.
        notes: further facts for each run's config.json.

    Raises:
        UserError: data without subjects, fewer people than folds, or folds in ``folder`` that are not these.
    """
    check_fold_count(data, k)
    config = replace(config, restore_best=False, patience=None)
    rows: list[dict[str, Any]] = []
    confusion = None
    for number, test in enumerate(subject_folds(data.subjects, k, seed)):  # type: ignore[arg-type]
        training = data.subset(np.setdiff1d(np.arange(len(data)), test))
        path = None if folder is None else fold_folder(folder, number)
        begun = path is not None and resume and (path / "config.json").is_file()
        report = _finished(path, make_method, training, config) if path is not None and begun else None
        if report is None:
            method = make_method(training)
            train(method, training, None, config, path, begun, notes)
            metrics = evaluate(method, data.subset(test))
            report = {"fold": number, "train_samples": len(training), "test_samples": len(test), "test": metrics}
            if path is not None and is_first_process():
                RunFolder(path).write_report(report)
        metrics = report["test"]
        if "confusion_matrix" in metrics:
            confusion = np.asarray(metrics["confusion_matrix"]) + (0 if confusion is None else confusion)
        numbers = {name: value for name, value in metrics.items() if isinstance(value, float)}
        rows.append({name: report[name] for name in ("fold", "train_samples", "test_samples")} | numbers)
    folds = pd.DataFrame(rows)
    names = [name for name in folds if name not in ("fold", "train_samples", "test_samples")]
    mean = {str(name): float(folds[name].mean()) for name in names}
    std = {str(name): float(folds[name].std()) for name in names}
    return CrossValidation(folds, mean, std, confusion, data.class_names)


def _finished(
    path: Path, make_method: Callable[[FaceData], nn.Module], training: FaceData, config: TrainConfig
) -> dict[str, Any] | None:
    """The report of a fold that is finished; None if it is not."""
    report = RunFolder(path).read_report()
    if report is not None:
        RunFolder(path).check_same(make_method(training), training, config)
        test = {name: float("nan") if value is None else value for name, value in report["test"].items()}
        report = report | {"test": test}
    return report


def hold_out(data: FaceData, share: float, seed: int = 0) -> tuple[FaceData, FaceData]:
    """Split ``data`` into training and validation data; by person where it is known who is in each picture.

    Args:
        share: share of the samples to hold out, strictly between 0 and 1.

    Raises:
        UserError: a share that leaves nothing on one side.
    """
    people = data.subjects if data.subjects is not None else np.arange(len(data))
    names = np.random.default_rng(seed).permutation(np.unique(people))
    held = np.isin(people, names[: round(share * len(names))])
    if not 0 < share < 1 or held.all() or not held.any():
        raise UserError(f"holdout is {share}; expected a share between 0 and 1 that leaves samples on both sides")
    return data.subset(~held), data.subset(held)


def write_folds(folder: Path, result: CrossValidation) -> None:
    """What the folds of a cross-validation came to: folds.csv, report.json and the confusion matrix."""
    result.folds.to_csv(folder / "folds.csv", index=False)
    RunFolder(folder).write_report({"mean": result.mean, "std": result.std, "folds": len(result.folds)})
    if result.confusion_matrix is not None:
        write_confusion(folder / "confusion", result.confusion_matrix, result.class_names)
