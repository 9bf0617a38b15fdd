"""From :class:`FaceData` to the batches that a network takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import NORMALIZATIONS
from fer_tutorial.training.augment import Augment, Step
from fer_tutorial.training.batches import FaceBatches, Selection


class Loader:
    """Serves a data set's samples as batches that a method takes.

    A batch is a dict of tensors on the device: ``images``, float32 (m, 3, H, W) or sequences (m, T, 3, H, W),
    normalized as the method was built for; ``labels`` and ``index`` (m,); and what else the data have of ``landmarks``,
    ``lengths``, ``action_units``, ``votes`` and ``clean_labels``.

    Args:
        data: the samples.
        method: what :func:`fer_tutorial.training.build_method` returned.
        device: where batches are wanted; None for where the method is.
        augment: how the images of an :meth:`epoch` are varied; None for not at all.
        batch_size: samples of a training step, over all processes.
        steps: training steps of an epoch; None for as many as the data fill.
        rows: which rows of each step's batch this process takes; None for all.
        seed: of the order and of the augmentation.
        balanced: draw every class equally often, with replacement.
        draw_labels: in an :meth:`epoch`, draw each label anew from the sample's votes.
        cache_gb: data that fit into so much GPU memory are moved there once.
        channels_last: leave images in the memory layout in which convolutions are fastest.

    >>> from fer_tutorial.datasets import data_from_arrays
    >>> from fer_tutorial.training import build_method
    >>> data = data_from_arrays(np.zeros((5, 16, 16), np.uint8), np.arange(5))
    >>> loader = Loader(data, build_method("softmax", data), batch_size=2)
    >>> loader.take([3, 1])["labels"].tolist(), loader.take()["images"].shape
    ([3, 1], torch.Size([5, 3, 16, 16]))
    >>> [len(batch["labels"]) for batch in loader.epoch(0)]
    [2, 2]
    """

    def __init__(
        self,
        data: FaceData,
        method: Any,
        device: torch.device | None = None,
        augment: Augment | None = None,
        *,
        batch_size: int = 64,
        steps: int | None = None,
        rows: slice | None = None,
        seed: int = 0,
        balanced: bool = False,
        draw_labels: bool = False,
        cache_gb: float = 4.0,
        channels_last: bool = True,
    ) -> None:
        self.device = device or next(method.parameters()).device
        self.data, self.augment, self.seed, self.channels_last = data, augment, seed, channels_last
        self.batch_size, self.steps = batch_size, len(data) // batch_size if steps is None else steps
        self.rows = rows or slice(0, batch_size)
        self.balanced_labels = data.labels if balanced else None
        self.draw_labels = draw_labels
        self.mean, self.std = normalization_tensors(method.spec.normalization, self.device)
        self._batches = FaceBatches(data, self.device, cache_gb)

    def epoch(self, epoch: int, first: int = 0) -> Iterator[dict[str, Tensor]]:
        """This process's share of each training batch of an epoch, from step ``first`` on, shuffled and augmented."""
        order = epoch_order(len(self.data), self.seed, epoch, self.balanced_labels)
        steps = [Step(self.seed, epoch, n, self.rows, self.batch_size) for n in range(first, self.steps)]
        selections = (
            Selection(
                order[step.number * step.size : (step.number + 1) * step.size][step.rows],
                step.draws() if self.augment is not None else None,
            )
            for step in steps
        )
        for step, batch in zip(steps, self._batches(selections), strict=True):
            yield self._prepared(batch, step)

    def in_turn(self, rows: np.ndarray, batch_size: int = 256) -> Iterator[dict[str, Tensor]]:
        """The samples at the positions ``rows``, in that order, ``batch_size`` at a time, not augmented."""
        starts = range(0, len(rows), batch_size)
        for batch in self._batches(Selection(rows[start : start + batch_size]) for start in starts):
            yield self._prepared(batch)

    def take(self, rows: Sequence[int] | np.ndarray | slice = slice(None)) -> dict[str, Tensor]:
        """One batch of the samples at ``rows`` (positions, or a boolean mask), in that order; all unless given."""
        positions = np.arange(len(self.data))[rows]
        return next(self.in_turn(positions, max(len(positions), 1)))

    def _prepared(self, batch: dict[str, Tensor], step: Step | None = None) -> dict[str, Tensor]:
        """A batch of bytes as the network takes it."""
        images = batch["images"].movedim(-1, -3).float() / 255  # (m, [T,] H, W, C) -> (m, [T,] C, H, W)
        images = images.expand(*images.shape[:-3], 3, *images.shape[-2:])
        if self.augment is not None and step is not None:
            images, landmarks = self.augment(images, batch.get("landmarks"), batch.pop("draws"), step)
            batch |= {} if landmarks is None else {"landmarks": landmarks}
        if self.draw_labels and step is not None:
            batch["labels"] = drawn_labels(batch["votes"], step.label_draws().to(self.device, non_blocking=True))
        images = (images - self.mean) / self.std
        layout = torch.channels_last if self.channels_last and images.ndim == 4 else torch.contiguous_format
        return batch | {"images": images.contiguous(memory_format=layout)}


def drawn_labels(votes: Tensor, draws: Tensor) -> Tensor:
    """A label for each sample, class k with the probability of its share of the votes.

    Args:
        votes: counts or shares (m, K), none negative, each row with a sum above 0.
        draws: uniform draws (m,) in [0, 1).

    Returns:
        int64 (m,).

    >>> drawn_labels(torch.tensor([[8, 2], [8, 2], [0, 5]]), torch.tensor([0.7, 0.9, 0.0])).tolist()
    [0, 1, 1]
    """
    totals = votes.float().cumsum(dim=1)  # (m, K)
    return (totals > draws[:, None] * totals[:, -1:]).int().argmax(dim=1)  # the first whose running total exceeds it


def normalize(images: Tensor, normalization: str = "imagenet") -> Tensor:
    """Float images (..., 3, H, W) in [0, 1] as networks take them: minus the mean of each color, divided by its spread.

    >>> normalize(torch.full((1, 3, 1, 1), 0.5)).flatten().round(decimals=2)
    tensor([0.0700, 0.2000, 0.4200])
    """
    mean, std = normalization_tensors(normalization, images.device)
    return (images - mean) / std


def normalization_tensors(name: str, device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each color, (3, 1, 1) each."""
    mean, std = (torch.tensor(values, device=device).view(3, 1, 1) for values in NORMALIZATIONS[name])
    return mean, std


def epoch_order(count: int, seed: int, epoch: int, balanced_labels: np.ndarray | None = None) -> np.ndarray:
    """Positions in the order in which an epoch visits them, int64 (count,); the same for the same seed and epoch.

    With ``balanced_labels`` (count,) each position is drawn with replacement so that all classes are equally likely.

    >>> epoch_order(5, seed=0, epoch=0).tolist() == epoch_order(5, seed=0, epoch=0).tolist()
    True
    """
    generator = np.random.default_rng([seed, epoch])
    if balanced_labels is None:
        return generator.permutation(count)
    counts = np.bincount(balanced_labels)
    chances = (1 / counts[counts > 0].size) / counts[balanced_labels]
    return generator.choice(count, size=count, p=chances / chances.sum())
