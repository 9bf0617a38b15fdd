"""Predict and evaluate with a trained method, in one process or in several."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from fer_tutorial.errors import UserError, refusals_of_a_paper
from fer_tutorial.face_data import FaceData
from fer_tutorial.metrics import metrics_of
from fer_tutorial.training.distributed import gather
from fer_tutorial.training.loader import Loader


def predict(method: nn.Module, data: FaceData, batch_size: int = 256) -> np.ndarray:
    """What ``method`` predicts for every sample of ``data``, in order.

    Returns:
        float32 (N, K) logits, or (N, A) action-unit intensities.
    """
    return predict_all(method, Loader(data, method), batch_size).cpu().numpy()


def evaluate(method: nn.Module, data: FaceData, batch_size: int = 256) -> dict[str, Any]:
    """The metrics of ``method`` on ``data``.

    Expressions: accuracy, mean_class_accuracy, macro_f1, class_accuracy (K,), confusion_matrix (K, K); see
    :func:`fer_tutorial.metrics.expression_metrics`.  Action units: icc, mae, mse and each one per unit; see
    :func:`fer_tutorial.metrics.action_unit_metrics`.

    Raises:
        UserError: the data have other classes, another image size, or lack what the method needs.
    """
    check_fit(method, data)
    return metrics_of(method.task, predict_all(method, Loader(data, method), batch_size), data)  # type: ignore[arg-type]


def check_fit(method: Any, data: FaceData) -> None:
    """Raise a UserError if ``method`` was built for other classes, action units or images than those of ``data``."""
    spec = method.spec
    if method.task == "expression" and data.num_classes != spec.num_classes:
        raise UserError(
            f"the network tells {spec.num_classes} classes apart but the data set {data.name!r} has "
            f"{data.num_classes}; load the data with num_classes={spec.num_classes}"
        )
    missing = [name for name in method.needs if getattr(data, name) is None]
    if missing:
        raise UserError(f"{spec.name} needs {' and '.join(missing)}, which the data set {data.name!r} does not have")
    if method.task == "action_units" and tuple(data.action_unit_names) != spec.action_units:
        raise UserError(
            f"the network estimates the action units {spec.action_units} but the data code "
            f"{tuple(data.action_unit_names)}; load the data with those of the network"
        )
    height, width = data.images.shape[-3:-1]
    if (height, width) != (spec.image_size, spec.image_size):
        raise UserError(
            f"the network was built for images of {spec.image_size}×{spec.image_size} pixels but those of "
            f"{data.name!r} have {width}×{height}; load the data with size={spec.image_size}"
        )


@torch.no_grad()
def predict_all(method: Any, loader: Loader, batch_size: int = 256) -> Tensor:
    """Predictions (N, ...) for all of the loader's data, in order, on its device; the same in every process."""
    # Every process takes an equally long stretch of the samples; the last one's is filled up with repetitions.
    distributed = dist.is_available() and dist.is_initialized()
    world, rank = (dist.get_world_size(), dist.get_rank()) if distributed else (1, 0)
    count = len(loader.data)
    share = -(-count // world)
    positions = np.arange(rank * share, (rank + 1) * share).clip(max=count - 1)
    was_training = method.training
    method.eval()
    with refusals_of_a_paper():
        outputs = [method.predict(batch) for batch in loader.in_turn(positions, batch_size)]
    method.train(was_training)
    return gather(torch.cat(outputs).float())[:count]
