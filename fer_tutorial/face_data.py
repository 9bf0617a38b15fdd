"""The one form in which every data set reaches the rest of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from fer_tutorial.errors import UserError


@dataclass(frozen=True)
class FaceData:
    """Labelled faces, as arrays (in memory or memory-mapped), one row a sample.

    N samples, K classes, A action units; T frames where a sample is a sequence.  Everything below ``index`` is optional
    and is ``None`` where a data set does not have it.

    ============== ======== ======================= =========================================================
    field          dtype    shape                   meaning
    ============== ======== ======================= =========================================================
    images         uint8    (N, H, W, C)            pixels, C = 1 (grey) or 3 (RGB); sequences (N, T, H, W, C)
    labels         int64    (N,)                    position in ``class_names``
    index          int64    (N,)                    stable and unique; kept through shuffles, subsets, relabelling
    votes          float32  (N, K)                  annotators' votes a class
    landmarks      float32  (N, 68, 2)              iBUG points (x, y) in pixels, NaN if missing; (N, T, 68, 2)
    action_units   float32  (N, A)                  intensities 0-5 of ``action_unit_names``; NaN if not coded
    subjects       int64    (N,)                    who is in the picture, for subject-disjoint splits
    clean_labels   int64    (N,)                    the labels before noise was added
    lengths        int64    (N,)                    valid frames of a sequence; the last valid one is the apex
    keys           str      (N,)                    where a sample came from, for people (a file name)
    ============== ======== ======================= =========================================================

    Raises:
        UserError: arrays of different lengths, labels out of range, a repeated index, or a wrong dtype or shape.

    >>> data = FaceData("toy", "train", np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1]), ("neutral", "happiness"),
    ...                 index=np.array([10, 11]))
    >>> len(data), data.num_classes, data.subset([1]).index.tolist()
    (2, 2, [11])
    """

    name: str
    split: str
    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    index: np.ndarray
    votes: np.ndarray | None = None
    landmarks: np.ndarray | None = None
    action_units: np.ndarray | None = None
    action_unit_names: tuple[int, ...] = ()
    subjects: np.ndarray | None = None
    clean_labels: np.ndarray | None = None
    lengths: np.ndarray | None = None
    keys: np.ndarray | None = None

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.dtype != np.uint8 or self.images.ndim not in (4, 5) or self.images.shape[-1] not in (1, 3):
            raise UserError(
                f"images are {self.images.dtype} of shape {self.images.shape}; expected uint8 (N, H, W, C) or "
                "(N, T, H, W, C) with C = 1 or 3, so convert them first"
            )
        for name, value in self.arrays().items():
            if len(value) != n:
                raise UserError(f"{name} has {len(value)} rows but there are {n} images; give one row an image")
        self._check_types()
        for name in ("labels", "clean_labels"):
            value = getattr(self, name)
            if value is not None and n and not (value.min() >= 0 and value.max() < self.num_classes):
                raise UserError(
                    f"{name} run from {value.min()} to {value.max()} but there are {self.num_classes} classes; "
                    f"expected 0 to {self.num_classes - 1}"
                )
        if len(np.unique(self.index)) != n:
            raise UserError("index repeats; every sample needs an index of its own so that labels can be written back")

    def _check_types(self) -> None:
        for name in ("labels", "index", "subjects", "clean_labels", "lengths"):
            value = getattr(self, name)
            if value is not None and not np.issubdtype(value.dtype, np.integer):
                raise UserError(f"{name} are {value.dtype}; expected whole numbers (int64)")
        if self.keys is not None and self.keys.dtype.kind != "U":
            raise UserError(f"keys are {self.keys.dtype}; expected strings, so convert them with .astype(str)")
        n = len(self.images)
        shapes = {
            "votes": (n, self.num_classes),
            "landmarks": (*self.images.shape[:-3], 68, 2),
            "action_units": (n, len(self.action_unit_names)),
        }
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value is not None and value.shape != shape:
                raise UserError(f"{name} have shape {value.shape}; expected {shape}")

    def arrays(self) -> dict[str, np.ndarray]:
        """The per-sample arrays that are present, by field name."""
        values = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: value for name, value in values if isinstance(value, np.ndarray)}

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    @property
    def is_sequence(self) -> bool:
        return self.images.ndim == 5

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, positions: Sequence[int] | np.ndarray) -> FaceData:
        """The samples at ``positions`` (or where a boolean mask is true), each with the index it had."""
        positions = np.asarray(positions)
        return replace(self, **{name: value[positions] for name, value in self.arrays().items()})


def fingerprint(values: np.ndarray) -> str:
    """SHA-256 of an int64 array.

    >>> fingerprint(np.array([1, 2])) == fingerprint(np.array([2, 1]))
    False
    """
    return hashlib.sha256(np.ascontiguousarray(values, dtype=np.int64).tobytes()).hexdigest()
