"""Predict and evaluate with a trained method, in one process or in several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from fer_tutorial.errors import refusals_of_a_paper
from fer_tutorial.face_data import FaceData
from fer_tutorial.group_metrics import accuracy_by_group
from fer_tutorial.metrics import expression_metrics, metrics_of
from fer_tutorial.training.distributed import gather
from fer_tutorial.training.fit import check_fit, check_inputs, match_classes
from fer_tutorial.training.loader import Loader


def predict(method: nn.Module, data: FaceData, batch_size: int = 256) -> np.ndarray:
    """What ``method`` predicts for every sample of ``data``, in order.

    Returns:
        float32 (N, K) logits, or (N, A) action-unit intensities.
    """
    return predict_all(method, Loader(data, method), batch_size).cpu().numpy()


def evaluate(method: nn.Module, data: FaceData, batch_size: int = 256, crossed: Sequence[str] = ()) -> dict[str, Any]:
    """The metrics of ``method`` on ``data``.

    Expressions: accuracy, mean_class_accuracy, macro_f1, class_accuracy (K,), confusion_matrix (K, K); see
    :func:`fer_tutorial.metrics.expression_metrics`.  Action units: icc, mae, mse and each one per unit; see
    :func:`fer_tutorial.metrics.action_unit_metrics`.

    Classes are matched by name, see :func:`fer_tutorial.training.fit.match_classes`; all metrics are in the network's
    order.  ``left_out`` says, where there are any, how many samples are of an expression that the network does not
    know.  Where the data have some of the network's classes only, ``restricted`` holds the same metrics of an
    evaluation in which these alone compete, and their names in ``class_names``.

    Where the data say who the people are, ``groups`` is a list with the accuracy of each group, with the classes of the
    data alone competing; with names of attributes in ``crossed``, of each combination of theirs.  See
    :func:`fer_tutorial.group_metrics.accuracy_by_group`.

    Raises:
        UserError: the data have classes that the network cannot know, another image size, or lack what the method
            needs; or a prediction is no number.
    """
    check_inputs(method, data)
    spec: Any = method.spec
    if method.task != "expression" or not spec.class_names:
        check_fit(method, data)
        return metrics_of(method.task, predict_all(method, Loader(data, method), batch_size), data)  # type: ignore[arg-type]
    matched = match_classes(spec.class_names, data)
    logits = predict_all(method, Loader(matched.data, method), batch_size)
    metrics = metrics_of("expression", logits, matched.data)
    if matched.left_out:
        metrics["left_out"] = matched.left_out
    present, competing = matched.present, logits
    if len(present) < len(spec.class_names):
        competing = torch.full_like(logits, -torch.inf)
        competing[:, list(present)] = logits[:, list(present)]
        labels = torch.tensor(np.searchsorted(present, matched.data.labels), device=logits.device)
        metrics["restricted"] = {
            "class_names": tuple(spec.class_names[number] for number in present),
            **expression_metrics(logits[:, list(present)], labels),
        }
    if matched.data.groups is not None or crossed:
        table = accuracy_by_group(competing.argmax(1).cpu().numpy(), matched.data, crossed)
        metrics["groups"] = table.to_dict("records")
    return metrics


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
    try:
        with refusals_of_a_paper():
            outputs = [method.predict(batch) for batch in loader.in_turn(positions, batch_size)]
    finally:
        method.train(was_training)
    return gather(torch.cat(outputs).float())[:count]
