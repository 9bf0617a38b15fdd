"""The labels that training uses, which a method may rewrite: inspected, audited, undone, saved with the checkpoint."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData, fingerprint

AUDIT_COLUMNS = {"index": "int64", "when": "int64", "from": "int64", "to": "int64", "confidence": "float32"}


class LabelStore:
    """Current labels of a data set, by the samples' stable index.

    Labels live on ``device`` and are read and written there without waiting for it.  Every change is remembered as
    (which sample, when, from, to, confidence).

    Args:
        data: the data set; its labels are the original ones.
        device: where training happens.

    >>> data = FaceData("toy", "train", np.zeros((3, 8, 8, 1), np.uint8), np.array([0, 1, 1]), ("neutral", "happiness"),
    ...                 index=np.array([10, 20, 30]))
    >>> store = LabelStore(data)
    >>> store.write(torch.tensor([30, 10]), torch.tensor([0, 0]), torch.tensor([0.9, 0.8]), epoch=4)
    >>> store.labels_of(torch.tensor([10, 20, 30])).tolist()
    [0, 1, 0]
    >>> store.audit().to_dict("records")
    [{'index': 30, 'when': 4, 'from': 1, 'to': 0, 'confidence': 0.8999999761581421}]
    """

    def __init__(self, data: FaceData, device: torch.device | str = "cpu") -> None:
        self._data_name = data.name
        self._index_print, self._label_print = fingerprint(data.index), fingerprint(data.labels)
        # Positions by ascending index, so that a search finds a sample's position.
        order = np.argsort(data.index)
        self._original = np.array(data.labels, dtype=np.int64)
        self._index = np.array(data.index, dtype=np.int64)
        self._positions = torch.from_numpy(order).to(device)
        self._sorted_index = torch.from_numpy(self._index[order]).to(device)
        self.labels = torch.from_numpy(self._original.copy()).to(device)
        self._last_row = torch.full_like(self.labels, -1)
        self._log = _empty_log()  # changes on the host, in the order of their happening
        self._pending: list[tuple[int, Tensor, Tensor, Tensor, Tensor]] = []  # changes still on the device

    def __len__(self) -> int:
        return len(self.labels)

    def position_of(self, index: Tensor) -> Tensor:
        """Where samples are in the data set: stable index (m,) -> position (m,)."""
        return self._positions[torch.searchsorted(self._sorted_index, index)]

    def labels_of(self, index: Tensor) -> Tensor:
        """Current labels: stable index (m,) -> int64 (m,)."""
        return self.labels[self.position_of(index)]

    def write(self, index: Tensor, new_labels: Tensor, confidence: Tensor, epoch: int) -> None:
        """Give samples new labels; those whose label stays the same leave no trace.

        A sample that occurs twice gets the label of its last row.

        Args:
            index: stable index, int64 (m,).
            new_labels: int64 (m,).
            confidence: how sure the method is of each, float (m,).
            epoch: when, counted from 0.
        """
        positions = self.position_of(index)
        rows = torch.arange(len(positions), device=positions.device)
        self._last_row.index_fill_(0, positions, -1)
        self._last_row.scatter_reduce_(0, positions, rows, "amax")
        deciding = self._last_row[positions]  # (m,): the last row that holds the same sample
        old, new = self.labels[positions], new_labels[deciding]
        # A row that does not decide counts as "no change".
        noted = torch.where(deciding == rows, new, old)
        self._pending.append((epoch, positions, old, noted, confidence.detach().float()))
        self.labels[positions] = new

    def settle(self) -> None:
        """Bring the changes since the last call to the host (this waits for the device; once an epoch is enough).

        Raises:
            UserError: the labels are not what the recorded changes make of the original ones.
        """
        rows = []
        for epoch, positions, old, new, confidence in self._pending:
            changed = (old != new).cpu()
            at, before, after, sure = (t.cpu()[changed].numpy() for t in (positions, old, new, confidence))
            rows.append(
                pd.DataFrame(
                    {"index": self._index[at], "when": epoch, "from": before, "to": after, "confidence": sure}
                ).astype(AUDIT_COLUMNS)
            )
        self._pending = []
        rows = [frame for frame in rows if len(frame)]
        if rows:
            self._log = pd.concat([self._log, *rows] if len(self._log) else rows, ignore_index=True)
        expected = self._original.copy()
        expected[self._host_positions(self._log["index"])] = self._log["to"]
        if not np.array_equal(expected, self.labels.cpu().numpy()):
            raise UserError(
                "labels in the label store were changed without being recorded; use write() and undo() alone, "
                "so that every change can be accounted for"
            )

    def audit(self) -> pd.DataFrame:
        """Every change: index of the sample, when (epoch), from, to, confidence; in the order of their happening."""
        self.settle()
        return self._log.copy()

    def undo(self, since: int = 0) -> int:
        """Take back all changes of epoch ``since`` and later, and forget them.

        Returns:
            How many changes were taken back.
        """
        self.settle()
        undone = self._log[self._log["when"] >= since]
        labels = self.labels.cpu().numpy().copy()
        # Of several changes of one sample, the earliest says where it came from: write it last.
        backwards = undone.iloc[::-1]
        labels[self._host_positions(backwards["index"])] = backwards["from"]
        self.labels.copy_(torch.from_numpy(labels))
        self._log = self._log[self._log["when"] < since].reset_index(drop=True)
        return len(undone)

    def check(self, data: FaceData) -> None:
        """Raise a UserError if ``data`` are not the data set of this store, or their labels have changed since."""
        if fingerprint(data.index) != self._index_print:
            raise UserError(
                f"the label store is that of another data set ({self._data_name!r}, {len(self)} samples), not of "
                f"{data.name!r} with {len(data)}; load the data that the run was started with"
            )
        if fingerprint(data.labels) != self._label_print:
            raise UserError(
                f"the labels of {data.name!r} have changed since the label store was made; load the original labels, "
                "or start a new run"
            )

    def state(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Tensors and text that restore this store with :meth:`load_state`."""
        self.settle()
        tensors = {column: torch.from_numpy(self._log[column].to_numpy().copy()) for column in AUDIT_COLUMNS}
        return tensors, {"index": self._index_print, "labels": self._label_print, "data": self._data_name}

    def load_state(self, tensors: dict[str, Tensor], prints: dict[str, str]) -> None:
        """Restore what :meth:`state` returned.

        Raises:
            UserError: it was the state of a store of other data, or of other original labels.
        """
        if prints["index"] != self._index_print:
            raise UserError(
                f"the saved label store is that of another data set ({prints['data']!r}), not of "
                f"{self._data_name!r}; load the data that the run was started with"
            )
        if prints["labels"] != self._label_print:
            raise UserError(
                f"the labels of {self._data_name!r} differ from those that the saved label store started from; "
                "load the original labels, or start a new run"
            )
        self._pending = []
        columns = {name: tensors[name].cpu().numpy() for name in AUDIT_COLUMNS}
        self._log = pd.DataFrame(columns).astype(AUDIT_COLUMNS)
        labels = self._original.copy()
        labels[self._host_positions(self._log["index"])] = self._log["to"]
        self.labels.copy_(torch.from_numpy(labels))

    def _host_positions(self, index: pd.Series) -> np.ndarray:
        """Positions of samples on the host."""
        return self.position_of(torch.from_numpy(index.to_numpy().copy()).to(self.labels.device)).cpu().numpy()


def _empty_log() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in AUDIT_COLUMNS.items()})
