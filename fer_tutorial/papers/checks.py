"""What every paper asks of its input, and what stands in for several processes where there is one.

A paper is x.py with this file and configs.py: together they need torch alone, so they can be lifted into another
project.  Every check raises a ValueError of one sentence: what was given, what was expected, how to mend it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Gather = Callable[[Tensor], Tensor]


def identity(rows: Tensor) -> Tensor:
    """What ``gather`` is with a single process: ``rows`` themselves."""
    return rows


def require(condition: Tensor, message: str) -> None:
    """Raise ``ValueError(message)`` unless ``condition``, a 0-dim bool tensor, holds.

    Values are looked at on the CPU only: on a GPU the look would make every training step wait for the device.

    >>> require(torch.tensor([1, 2]).min() >= 0, "a number is negative; expected 0 or more")
    """
    if (
        condition.device.type == "cpu"
        and not torch.compiler.is_compiling()
        and not condition.item()
    ):
        raise ValueError(message)


def check_classes(num_classes: int) -> None:
    """Where a class is compared with the others, there have to be others."""
    if num_classes < 2:
        raise ValueError(
            f"there is {num_classes} class; every class is compared with another one, so give 2 or more"
        )


def check_labels(labels: Tensor, num_classes: int) -> None:
    """Labels (m,) run from 0 to K−1.  On a GPU, where a label out of range stops the program by itself, none is read.

    >>> check_labels(torch.tensor([0, 7]), 7)
    Traceback (most recent call last):
    ...
    ValueError: labels run from 0 to 7 but there are 7 classes; expected 0 to 6, ...
    """
    if (
        labels.device.type == "cpu"
        and len(labels)
        and not torch.compiler.is_compiling()
    ):
        smallest, largest = labels.aminmax()
        if smallest < 0 or largest >= num_classes:
            raise ValueError(
                f"labels run from {int(smallest)} to {int(largest)} but there are {num_classes} classes; expected 0 to "
                f"{num_classes - 1}, so check the label file or the number of classes"
            )


def check_scores(scores: Tensor, labels: Tensor, name: str) -> None:
    """``scores`` (m, K), K at least 2, are logits or probabilities for samples with these ``labels`` (m,)."""
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ValueError(
            f"{name} of shape {tuple(scores.shape)} and labels of shape {tuple(labels.shape)} do not fit; "
            "expected (m, K) and (m,)"
        )
    check_classes(scores.shape[1])
    check_labels(labels, scores.shape[1])


def check_embeddings(features: Tensor, labels: Tensor, centers: Tensor) -> None:
    """``features`` (m, d) and ``labels`` int64 (m,) of m ≥ 1 samples belong to ``centers`` (K, d)."""
    if (
        features.ndim != 2
        or centers.ndim != 2
        or features.shape[1] != centers.shape[1]
    ):
        raise ValueError(
            f"features have shape {tuple(features.shape)} and centers {tuple(centers.shape)}; expected (m, d) and "
            "(K, d) with the same d, so pool or flatten feature maps first"
        )
    if labels.shape != features.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(
            f"labels are {labels.dtype} of shape {tuple(labels.shape)}; expected torch.int64 of shape "
            f"({len(features)},), one class a row of features"
        )
    if len(features) == 0:
        raise ValueError(
            "the batch is empty; expected at least one sample, so check the data or drop the last batch"
        )
    check_labels(labels, len(centers))


def check_like_features(values: Tensor, features: Tensor, name: str) -> None:
    """There is one of the ``values`` (m, d) for every dimension of every one of the ``features`` (m, d)."""
    if values.shape != features.shape:
        raise ValueError(
            f"{name} of shape {tuple(values.shape)} and features of shape {tuple(features.shape)} do not fit; expected "
            "the same (m, d), one number for every dimension of every sample"
        )


def check_batch_normalization(layers: nn.Module, rows: Tensor) -> None:
    """The ``rows`` (m, c) that ``layers`` normalize in training are at least two.

    A layer of another class than torch's own may span several processes, and then sees more rows than these.

    >>> check_batch_normalization(nn.Sequential(nn.BatchNorm1d(4)), torch.zeros(1, 4))
    Traceback (most recent call last):
    ...
    ValueError: the batch has a single sample, and batch normalization has nothing to compare it with; ...
    """
    alone = any(type(layer) is nn.BatchNorm1d for layer in layers.modules())
    if layers.training and len(rows) == 1 and alone:
        raise ValueError(
            "the batch has a single sample, and batch normalization has nothing to compare it with; train with a "
            "batch size of 2 or more, on 2 samples or more"
        )
