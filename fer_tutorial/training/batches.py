"""Batches of bytes on the device, gathered ahead of the loop that uses them and copied once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fer_tutorial.face_data import FaceData

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
