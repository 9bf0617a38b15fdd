"""The one form in which every data set reaches the rest of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from fer_tutorial.errors import UserError

_PER_SAMPLE = ("subjects", "clean_labels", "lengths", "keys")
_OPTIONAL = ("votes", "landmarks", "action_units", "groups", *_PER_SAMPLE)
_ARRAYS = ("images", "labels", "index", *_OPTIONAL)
_WHOLE = ("labels", "index", "subjects", "clean_labels", "lengths")
_REAL = ("votes", "landmarks", "action_units")


@dataclass(frozen=True)
class FaceData:
    """Labeled faces, as arrays (in memory or memory-mapped), one row a sample.

    N samples, K classes, A action units, G attributes of people; T frames where a sample is a sequence.  Everything
    below ``index`` is optional and is ``None`` where a data set does not have it.

    ============== ======== ======================= =========================================================
    field          dtype    shape                   meaning
    ============== ======== ======================= =========================================================
    images         uint8    (N, H, W, C)            pixels, C = 1 (gray) or 3 (RGB); sequences (N, T, H, W, C)
    labels         int64    (N,)                    position in ``class_names``
    index          int64    (N,)                    stable and unique; kept through shuffles, subsets, relabeling
    votes          float32  (N, K)                  annotators' votes a class
    landmarks      float32  (N, 68, 2)              iBUG points (x, y) in pixels, NaN if missing; (N, T, 68, 2)
    action_units   float32  (N, A)                  intensities 0-5 of ``action_unit_names``; NaN if not coded
    groups         str      (N, G)                  what people are, by ``group_names``; "" where it is not known
    subjects       int64    (N,)                    who is in the picture, for subject-disjoint splits
    clean_labels   int64    (N,)                    the labels before noise was added
    lengths        int64    (N,)                    valid frames of a sequence; the last valid one is the apex
    keys           str      (N,)                    where a sample came from, for people (a file name)
    ============== ======== ======================= =========================================================

    Raises:
        UserError: a field that is no array, arrays of different lengths, a wrong dtype or shape, values out of range,
            or a repeated index.

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
    groups: np.ndarray | None = None
    group_names: tuple[str, ...] = ()
    subjects: np.ndarray | None = None
    clean_labels: np.ndarray | None = None
    lengths: np.ndarray | None = None
    keys: np.ndarray | None = None

    def __post_init__(self) -> None:
        self._check_names()
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name in _ARRAYS and not (value is None and f.name in _OPTIONAL) and not isinstance(value, np.ndarray):
                raise UserError(f"{f.name} are {_kind(value)}; expected a NumPy array, so convert them with np.asarray")
        shape = self.images.shape
        if self.images.dtype != np.uint8 or self.images.ndim not in (4, 5) or shape[-1] not in (1, 3):
            raise UserError(
                f"images are {self.images.dtype} of shape {shape}; expected uint8 (N, H, W, C) or (N, T, H, W, C) with "
                "C = 1 or 3, so convert them first"
            )
        if 0 in shape[1:]:
            raise UserError(f"images have shape {shape}, which is no pixel at all; expected heights and widths above 0")
        self._check_shapes()
        self._check_dtypes()
        self._check_values()

    def _check_names(self) -> None:
        for name in ("name", "split"):
            if not isinstance(getattr(self, name), str):
                raise UserError(f"{name} is {getattr(self, name)!r}; expected a string")
        for field, example in (("class_names", "('neutral', 'happiness')"), ("group_names", "('sex', 'skin tone')")):
            names = getattr(self, field)
            if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
                raise UserError(f"{field} are {names!r}; expected a tuple of strings, such as {example}")
            if len(set(names)) < len(names):
                raise UserError(f"{field} are {names}; expected every name once")
        units = self.action_unit_names
        if not isinstance(units, tuple) or not all(isinstance(unit, (int, np.integer)) for unit in units):
            raise UserError(f"action_unit_names are {units!r}; expected a tuple of whole numbers, such as (4, 12)")
        if len(set(units)) < len(units):
            raise UserError(f"action_unit_names are {units}; expected every unit once")

    def _check_shapes(self) -> None:
        n = len(self.images)
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("labels", "index", *_PER_SAMPLE), (n,))
        shapes["votes"] = (n, self.num_classes)
        shapes["landmarks"] = (*self.images.shape[:-3], 68, 2)
        shapes["action_units"] = (n, len(self.action_unit_names))
        shapes["groups"] = (n, len(self.group_names))
        for name, value in self.arrays().items():
            if value.ndim == 0 or len(value) != n:
                rows = len(value) if value.ndim else "no"
                raise UserError(f"{name} has {rows} rows but there are {n} images; give one row an image")
            if name != "images" and value.shape != shapes[name]:
                raise UserError(f"{name} have shape {value.shape}; expected {shapes[name]}")
        if self.lengths is not None and not self.is_sequence:
            raise UserError("lengths are given but the images are no sequences; expected images (N, T, H, W, C)")

    def _check_dtypes(self) -> None:
        for name, value in self.arrays().items():
            if name in _WHOLE and not np.issubdtype(value.dtype, np.integer):
                raise UserError(f"{name} are {value.dtype}; expected whole numbers (int64)")
            if name in _REAL and value.dtype.kind not in "fiu":
                raise UserError(f"{name} are {value.dtype}; expected real numbers (float32)")
        for name in ("keys", "groups"):
            value = getattr(self, name)
            if value is not None and value.dtype.kind != "U":
                raise UserError(f"{name} are {value.dtype}; expected strings, so convert them with .astype(str)")

    def _check_values(self) -> None:
        n = len(self)
        for name in ("labels", "clean_labels"):
            value = getattr(self, name)
            if value is not None and n and not (value.min() >= 0 and value.max() < self.num_classes):
                raise UserError(
                    f"{name} run from {value.min()} to {value.max()} but there are {self.num_classes} classes; "
                    f"expected 0 to {self.num_classes - 1}"
                )
        if len(np.unique(self.index)) != n:
            raise UserError("index repeats; every sample needs an index of its own so that labels can be written back")
        if self.votes is not None and n and not (np.isfinite(self.votes).all() and self.votes.min() >= 0):
            raise UserError("votes are negative, NaN or infinite somewhere; expected counts or shares from 0 up")
        if self.landmarks is not None and np.isinf(self.landmarks).any():
            raise UserError("landmarks are infinite somewhere; expected pixels, or NaN where a point is missing")
        units = self.action_units
        if units is not None and not ((units >= 0) & (units <= 5) | np.isnan(units)).all():
            low, high = np.nanmin(units), np.nanmax(units)
            raise UserError(
                f"action_units run from {low:g} to {high:g}; expected intensities from 0 to 5, and NaN (not 9 or -1) "
                "where a unit is not coded"
            )
        if self.lengths is not None and n:
            low, high, frames = self.lengths.min(), self.lengths.max(), self.images.shape[1]
            if not 1 <= low <= high <= frames:
                raise UserError(f"lengths run from {low} to {high}; expected 1 to {frames}, the frames of a sequence")

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
        """The samples at ``positions`` (or where a boolean mask is true), each with the index it had.

        Raises:
            UserError: positions that are no whole numbers from 0 to N - 1, that repeat, or a mask of another length.
        """
        chosen = np.asarray(positions)
        if chosen.size == 0 and chosen.dtype != bool:
            chosen = chosen.astype(np.int64)  # an empty list is float64 to NumPy
        n = len(self)
        if chosen.ndim != 1 or (chosen.dtype != bool and not np.issubdtype(chosen.dtype, np.integer)):
            raise UserError(
                f"positions are {chosen.dtype} of shape {chosen.shape}; expected whole numbers in a row, or a mask (N,)"
            )
        if chosen.dtype == bool and len(chosen) != n:
            raise UserError(f"the mask has {len(chosen)} rows but there are {n} samples; give one row a sample")
        if chosen.dtype != bool and len(chosen) and not (chosen.min() >= 0 and chosen.max() < n):
            raise UserError(f"positions run from {chosen.min()} to {chosen.max()}; expected 0 to {n - 1}")
        if chosen.dtype != bool and len(np.unique(chosen)) < len(chosen):
            raise UserError("positions repeat; a sample keeps its index, so expected every one once")
        return replace(self, **{name: value[chosen] for name, value in self.arrays().items()})


def fingerprint(values: np.ndarray) -> str:
    """SHA-256 of an int64 array.

    >>> fingerprint(np.array([1, 2])) == fingerprint(np.array([2, 1]))
    False
    """
    return hashlib.sha256(np.ascontiguousarray(values, dtype=np.int64).tobytes()).hexdigest()


def _kind(value: object) -> str:
    return "missing" if value is None else f"of the type {type(value).__name__}"
