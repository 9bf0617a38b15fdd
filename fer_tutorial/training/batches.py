"""From :class:`FaceData` to batches on the device: gathered, copied once, normalised and augmented there."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import Normalization
from fer_tutorial.training.augment import Augment

# What a batch carries of each sample besides its images and labels.
FIELDS = ("index", "landmarks", "lengths", "action_units", "votes", "clean_labels")
BYTES_PER_GB = 1e9
BATCHES_AHEAD = 3


class Selection(NamedTuple):
    """Which samples a batch holds, and the random draws for their augmentation."""

    positions: np.ndarray
    draws: Tensor | None = None


class FaceBatches:
    """Serves batches of one data set on one device.

    Data that fit into ``cache_gb`` of GPU memory are moved there once; larger data stay where they are (in a
    memory-mapped file, perhaps), and a thread gathers batches ahead of the training loop.

    Args:
        data: the samples.
        device: where batches are wanted.
        cache_gb: how much GPU memory data may take.
    """

    def __init__(self, data: FaceData, device: torch.device, cache_gb: float = 4.0) -> None:
        self.device = device
        self.arrays = {"images": data.images, "labels": data.labels}
        self.arrays |= {name: value for name in FIELDS if (value := getattr(data, name)) is not None}
        size = sum(array.nbytes for array in self.arrays.values())
        self.resident: dict[str, Tensor] = {}
        if device.type == "cuda" and size <= cache_gb * BYTES_PER_GB:
            self.resident = {name: torch.from_numpy(np.array(a)).to(device) for name, a in self.arrays.items()}

    def __call__(self, selections: Iterable[Selection]) -> Iterator[dict[str, Tensor]]:
        """The selected batches in order, as tensors on the device: images uint8 (m, H, W, C) or (m, T, H, W, C)."""
        prepared = ahead(map(self._on_host, selections), BATCHES_AHEAD)
        on_device = self._copied_ahead(prepared) if self.device.type == "cuda" else prepared
        for batch in on_device:
            positions = batch.pop("positions")
            yield batch | {name: tensor.index_select(0, positions) for name, tensor in self.resident.items()}

    def _on_host(self, selection: Selection) -> dict[str, Tensor]:
        """One batch in (for a GPU: pinned) host memory."""
        tensors = {"positions": torch.from_numpy(selection.positions)}
        if selection.draws is not None:
            tensors["draws"] = selection.draws
        if not self.resident:
            # Rows are read in ascending order: a memory-mapped file is then read forwards.
            order = np.argsort(selection.positions, kind="stable")
            for name, array in self.arrays.items():
                rows = np.empty((len(order), *array.shape[1:]), array.dtype)
                rows[order] = array[selection.positions[order]]
                tensors[name] = torch.from_numpy(rows)
        if self.device.type == "cuda":
            tensors = {name: tensor.pin_memory() for name, tensor in tensors.items()}
        return tensors

    def _copied_ahead(self, batches: Iterator[dict[str, Tensor]]) -> Iterator[dict[str, Tensor]]:
        """Batches on the GPU; while one is being used, the next is copied on a stream of its own."""
        stream = torch.cuda.Stream(self.device)

        def copy(batch: dict[str, Tensor]) -> dict[str, Tensor]:
            with torch.cuda.stream(stream):
                return {name: tensor.to(self.device, non_blocking=True) for name, tensor in batch.items()}

        copied = map(copy, batches)
        upcoming = next(copied, None)
        while upcoming is not None:
            current = upcoming
            torch.cuda.current_stream(self.device).wait_stream(stream)
            for tensor in current.values():
                tensor.record_stream(torch.cuda.current_stream(self.device))
            upcoming = next(copied, None)
            yield current


def ahead(items: Iterable[dict[str, Tensor]], depth: int) -> Iterator[dict[str, Tensor]]:
    """The same items, prepared by a thread that stays up to ``depth`` ahead; its exceptions are raised here."""
    ready: queue.Queue = queue.Queue(depth)
    stopped = threading.Event()
    end = object()

    def put(item: object) -> None:
        while not stopped.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stopped.is_set():
                    return
            put(end)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=work, daemon=True, name="batches")
    thread.start()
    try:
        while (item := ready.get()) is not end:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()


class Prepare:
    """Turn a batch of bytes into what networks take: augmented, normalised float32 images with three channels.

    Args:
        normalization: mean and standard deviation of each color.
        device: where the batches are.
        augment: how images are varied; None for not at all.
        channels_last: leave images in the memory layout in which convolutions are fastest.
    """

    def __init__(
        self,
        normalization: Normalization,
        device: torch.device,
        augment: Augment | None = None,
        channels_last: bool = True,
    ) -> None:
        self.mean = torch.tensor(normalization.mean, device=device).view(3, 1, 1)
        self.std = torch.tensor(normalization.std, device=device).view(3, 1, 1)
        self.augment = augment
        self.channels_last = channels_last

    def __call__(
        self, batch: dict[str, Tensor], noise_seed: int = 0, rows: slice = slice(None), total: int = 0
    ) -> dict[str, Tensor]:
        """The batch with images (m, 3, H, W) or (m, T, 3, H, W); for the rest see :class:`Augment`."""
        images = batch["images"].movedim(-1, -3).float() / 255  # (m, [T,] H, W, C) -> (m, [T,] C, H, W)
        images = images.expand(*images.shape[:-3], 3, *images.shape[-2:])
        batch = dict(batch)
        draws = batch.pop("draws", None)
        if self.augment is not None and draws is not None:
            images, landmarks = self.augment(images, batch.get("landmarks"), draws, noise_seed, rows, total)
            batch |= {} if landmarks is None else {"landmarks": landmarks}
        images = (images - self.mean) / self.std
        layout = torch.channels_last if self.channels_last and images.ndim == 4 else torch.contiguous_format
        return batch | {"images": images.contiguous(memory_format=layout)}


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


def training_selections(
    order: np.ndarray, steps: range, batch_size: int, rows: slice, draws_of: Callable[[int], Tensor]
) -> Iterator[Selection]:
    """The batches ``steps`` of an epoch; of each, and of its table of draws, the ``rows`` that this process takes."""
    for step in steps:
        positions = order[step * batch_size : (step + 1) * batch_size]
        yield Selection(positions[rows], draws_of(step)[rows])


def evaluation_selections(positions: np.ndarray, batch_size: int) -> Iterator[Selection]:
    """``positions`` in order, ``batch_size`` at a time, without augmentation."""
    for start in range(0, len(positions), batch_size):
        yield Selection(positions[start : start + batch_size])
