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
    """

    folds: pd.DataFrame
    mean: dict[str, float]
    std: dict[str, float]
    confusion_matrix: np.ndarray | None


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


def cross_validate(
    make_method: Callable[[FaceData], nn.Module], data: FaceData, k: int, config: TrainConfig, seed: int = 0
) -> CrossValidation:
    """Train k times, each time leaving one part of the people out, and evaluate on those left out.

    The last epoch is what counts: choosing an epoch by the test fold's metrics would be peeking.

    Args:
        make_method: builds an untrained method for the data it is given.
        data: needs ``subjects``.
        k: number of folds.
        config: how to train each time; its ``restore_best`` is ignored.
        seed: of the split into folds.

    Raises:
        UserError: data without subjects, or fewer people than folds.
    """
    if data.subjects is None:
        raise UserError(
            f"the data set {data.name!r} does not say who is in each picture, so folds cannot be kept apart; "
            "for a folder, the option subjects=PATTERN says it (see fer-tutorial datasets folder)"
        )
    config = replace(config, restore_best=False, patience=None)
    rows: list[dict[str, Any]] = []
    confusion = None
    for number, test in enumerate(subject_folds(data.subjects, k, seed)):
        training = data.subset(np.setdiff1d(np.arange(len(data)), test))
        method = make_method(training)
        train(method, training, config=config)
        metrics = evaluate(method, data.subset(test))
        if "confusion_matrix" in metrics:
            confusion = metrics["confusion_matrix"] + (0 if confusion is None else confusion)
        numbers = {name: value for name, value in metrics.items() if isinstance(value, float)}
        rows.append({"fold": number, "train_samples": len(training), "test_samples": len(test), **numbers})
    folds = pd.DataFrame(rows)
    names = [name for name in folds if name not in ("fold", "train_samples", "test_samples")]
    mean = {str(name): float(folds[name].mean()) for name in names}
    std = {str(name): float(folds[name].std()) for name in names}
    return CrossValidation(folds, mean, std, confusion)


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


def write_folds(folder: Path, result: CrossValidation, names: tuple[str, ...]) -> None:
    """What the folds of a cross-validation came to: folds.csv, report.json and the confusion matrix."""
    folder.mkdir(parents=True, exist_ok=True)
    result.folds.to_csv(folder / "folds.csv", index=False)
    RunFolder(folder).write_report({"mean": result.mean, "std": result.std, "folds": len(result.folds)})
    if result.confusion_matrix is not None:
        write_confusion(folder / "confusion", result.confusion_matrix, names)
