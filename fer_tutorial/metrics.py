"""What is reported about predictions: torchmetrics for classes, the intraclass correlation ICC(3,1) for intensities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix, multiclass_f1_score

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData

# The metrics that can say which epoch is the best, for each task; the first one does unless another is named.
MONITORS = {"expression": ("accuracy", "mean_class_accuracy", "macro_f1"), "action_units": ("icc", "mae", "mse")}
LOWER_IS_BETTER = ("mae", "mse")


def expression_metrics(logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """Accuracy, mean class accuracy, macro F1 and confusion matrix of logits (n, K) against labels (n,).

    * ``accuracy``: share of samples whose largest logit is their label's.
    * ``mean_class_accuracy``: mean, over the classes that occur among the labels, of each one's accuracy (its recall).
    * ``macro_f1``: mean F1 over the classes that occur among labels or predictions.
    * ``class_accuracy``: the recalls, (K,), NaN for a class without samples.
    * ``confusion_matrix``: int64 (K, K), truth in rows, prediction in columns.

    Raises:
        UserError: a logit is NaN.

    >>> metrics = expression_metrics(torch.eye(3), torch.tensor([0, 1, 1]))
    >>> round(metrics["accuracy"], 3), metrics["mean_class_accuracy"]
    (0.667, 0.75)
    """
    _check_numbers(logits)
    classes = logits.shape[1]
    predictions = logits.argmax(1)
    confusion = multiclass_confusion_matrix(predictions, labels, classes)  # (K, K)
    recall = confusion.diagonal() / confusion.sum(1)  # 0/0 is NaN where a class has no samples
    return {
        "accuracy": (confusion.diagonal().sum() / confusion.sum()).item(),
        "mean_class_accuracy": recall.nanmean().item(),
        "macro_f1": multiclass_f1_score(predictions, labels, classes, average="macro").item(),
        "class_accuracy": recall.cpu().numpy(),
        "confusion_matrix": confusion.cpu().numpy(),
    }


def icc_3_1(predictions: Tensor, targets: Tensor) -> Tensor:
    r"""Intraclass correlation ICC(3,1) of predicted and coded intensities, for every action unit.

    .. math:: ICC = \frac{BMS - EMS}{BMS + (k - 1) EMS}, \qquad k = 2

    where, with the two values of sample i (prediction and code) as two raters' judgments of it,

    * :math:`BMS` is the mean square between samples, :math:`k/(n-1) \sum_i (\bar{x}_i - \bar{x})^2`,
    * :math:`EMS` is the residual mean square, what is left after samples and raters,
      :math:`1/((n-1)(k-1)) \sum_{ir} (x_{ir} - \bar{x}_i - \bar{x}_r + \bar{x})^2`.

    A constant offset between the raters does not lower it; unequal scales do.

    Args:
        predictions: float (n, A).
        targets: float (n, A); NaN where an action unit was not coded, which is left out.

    Returns:
        float64 (A,); NaN where fewer than two samples are coded or nothing varies.

    Source: Shrout and Fleiss (1979), ICC(3,1).

    >>> icc_3_1(torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[1.0], [2.0], [3.0]]))
    tensor([1.], dtype=torch.float64)
    """
    coded = ~targets.isnan()
    n = coded.sum(0)  # (A,)
    ratings = torch.stack((predictions, targets)).double()  # (k, n, A)
    ratings = torch.where(coded, ratings, 0.0)
    sample_mean = ratings.mean(0)  # (n, A)
    rater_mean = ratings.sum(1) / n  # (k, A)
    grand_mean = rater_mean.mean(0)  # (A,)
    between = torch.where(coded, sample_mean - grand_mean, 0.0)
    residual = torch.where(coded, ratings - sample_mean - rater_mean[:, None] + grand_mean, 0.0)
    bms = 2 * between.square().sum(0) / (n - 1)
    ems = residual.square().sum((0, 1)) / (n - 1)
    return (bms - ems) / (bms + ems)  # k - 1 = 1


def action_unit_metrics(predictions: Tensor, targets: Tensor, units: Sequence[int]) -> dict[str, Any]:
    """ICC(3,1), mean absolute and mean squared error of intensities (n, A), on average and per action unit.

    Values of ``targets`` that are NaN (not coded) are left out; the averages are over the action units that have a
    value.  ``icc_per_unit``, ``mae_per_unit`` and ``mse_per_unit`` map an action unit's number to its value.

    Raises:
        UserError: a prediction is NaN.
    """
    _check_numbers(predictions)
    difference = predictions.double() - targets.double()
    per_unit = {
        "icc": icc_3_1(predictions, targets),
        "mae": difference.abs().nanmean(0),
        "mse": difference.square().nanmean(0),
    }
    metrics: dict[str, Any] = {name: values.nanmean().item() for name, values in per_unit.items()}
    for name, values in per_unit.items():
        metrics[f"{name}_per_unit"] = dict(zip(map(int, units), values.tolist(), strict=True))
    return metrics


def _check_numbers(predictions: Tensor) -> None:
    """A prediction that is no number has no largest class and no error, and must not be given a score."""
    broken = int(predictions.isnan().any(1).sum())
    if broken:
        raise UserError(
            f"{broken} of {len(predictions)} predictions are not numbers (NaN); train with a smaller lr, clip_norm=1, "
            "or fp32, and check the weights and the images"
        )


def metrics_of(task: str, outputs: Tensor, data: FaceData) -> dict[str, Any]:
    """The metrics of a task, from what a method predicted for all of ``data``, in order."""
    if task == "action_units":
        targets = torch.as_tensor(data.action_units, device=outputs.device)
        return action_unit_metrics(outputs, targets, data.action_unit_names)
    return expression_metrics(outputs, torch.as_tensor(data.labels, device=outputs.device))


def better(value: float, than: float | None, monitor: str) -> bool:
    """Whether ``value`` of the metric ``monitor`` is an improvement."""
    if than is None:
        return True
    return value < than if monitor in LOWER_IS_BETTER else value > than
