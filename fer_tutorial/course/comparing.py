"""Comparing what an answer gave with what is right, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fer_tutorial.course.registry import Wrong

MOST_SHOWN = 40  # numbers of an input that a sentence can bear
# Of exactly these types, since an object of one's own can claim to equal anything.
NUMBERS = (bool, int, float, Fraction)
TENSORS = (Tensor, nn.Parameter)
KINDS = {"f": "numbers with a decimal point", "i": "whole numbers", "b": "True and False"}
FACTORS = {-1: "of the wrong sign", 2: "twice too large", 0.5: "half as large as it should be"}


def expect_close(given: Any, right: Any, where: str, tolerance: float = 1e-4) -> None:
    """Raise Wrong unless ``given`` has the shape and the kind of ``right`` and, within ``tolerance``, its values.

    Args:
        given: what the reader's answer gave: a number, a list, an array or a tensor.
        right: the right value.
        where: the input, for the sentence: "for margin = 0.2".
        tolerance: allowed error, relative to the right value; a tenth of it in addition, absolute.

    >>> expect_close([1.0, 2.5], torch.tensor([1.0, 2.0]), "for n = 3")
    Traceback (most recent call last):
    ...
    fer_tutorial.course.registry.Wrong: for n = 3: entry [1] should be 2 but is 2.5
    """
    got, want = as_array(given, where), as_array(right, where)
    if got.shape != want.shape:
        raise Wrong(f"{where}: expected {_shape(want)}, got {_shape(got)}")
    if not _is_of_kind(got, want, by_hand=type(given) in (list, tuple)):
        raise Wrong(f"{where}: expected {KINDS[_kind(want)]}, got {KINDS[_kind(got)]}")
    apart = _apart(got, want, tolerance)
    if not apart.any():
        return
    factor = _factor(got, want, tolerance)
    if not want.shape:
        raise Wrong(f"{where}: expected {number(want)}, got {number(got)}" + (f"; it is {factor}" if factor else ""))
    first = tuple(int(place) for place in np.argwhere(apart)[0])
    sentence = f"entry {list(first)} should be {number(want[first])} but is {number(got[first])}"
    raise Wrong(f"{where}: {sentence}" + (f"; all of it is {factor}" if factor else ""))


def is_close(given: Any, right: Any, tolerance: float = 1e-4) -> bool:
    """Whether :func:`expect_close` would be content.

    >>> is_close(0.5, torch.tensor(0.5)), is_close(0.5, torch.tensor([0.5]))
    (True, False)
    """
    try:
        expect_close(given, right, "", tolerance)
    except Wrong:
        return False
    return True


def diagnosis(given: float, right: float) -> str:
    """What is wrong with a number that was worked out by hand, without the right one.

    >>> diagnosis(11.0, 5.5), diagnosis(5.0, 5.5)
    ('it is twice too large', 'it is too small')
    """
    if given != given:
        return "it is not a number (NaN)"
    factor = _factor(np.asarray(given), np.asarray(right), 1e-4)
    return f"it is {factor or ('too large' if given > right else 'too small')}"


def as_array(value: Any, where: str) -> np.ndarray:
    """A plain number, list, array or tensor as an array of float64, int64 or bool.

    Raises:
        Wrong: it is something else.
    """
    if value is None:
        raise Wrong(f"{where}: got None; is a return statement missing?")
    if type(value) in (list, tuple):
        parts = [as_array(item, where) for item in value]
        if len({part.shape for part in parts}) > 1:
            raise Wrong(f"{where}: expected rows of equal length")
        array = np.asarray(parts)
    elif type(value) in TENSORS:
        array = value.detach().cpu().numpy()
    elif type(value) in NUMBERS:
        array = np.asarray(float(value) if type(value) is Fraction else value)
    elif type(value) is np.ndarray or isinstance(value, np.generic):
        array = np.asarray(value)
    else:
        raise Wrong(f"{where}: expected numbers, got {type(value).__name__}")
    if array.dtype.kind not in "fiub":
        raise Wrong(f"{where}: expected numbers, got {array.dtype}")
    return array if _kind(array) == "b" else array.astype(np.float64 if _kind(array) == "f" else np.int64)


def in_words(inputs: Mapping[str, Any]) -> str:
    """``for x = [1, 2], labels = [0]``: the input of a function, for a sentence.

    >>> in_words({"x": torch.tensor([1.0, -0.25]), "steps": 3})
    'for x = [1, -0.25], steps = 3'
    """
    words = "for " + ", ".join(f"{name} = {_value(value)}" for name, value in inputs.items())
    double = any(isinstance(value, Tensor) and value.dtype == torch.float64 for value in inputs.values())
    return f"{words}, in double precision" if double else words


def number(value: Any) -> str:
    """At most four digits, and no minus before a zero.

    >>> number(2 / 3), number(-0.000001), number(True)
    ('0.6667', '0', 'True')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    return f"{round(float(value), 5) + 0.0:.4g}"


def _value(value: Any) -> str:
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        if value.size > MOST_SHOWN:
            return f"numbers of shape {value.shape}"
        value = value.tolist()
    if isinstance(value, list | tuple):
        inside = ", ".join(_value(item) for item in value)
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    return number(value) if type(value) in NUMBERS else f"a {type(value).__name__}"


def _is_of_kind(got: np.ndarray, want: np.ndarray, by_hand: bool) -> bool:
    """Whether the kind of the numbers fits; a single number, or one in a list, may be written 1 for 1.0."""
    if "b" in (_kind(got), _kind(want)):
        return _kind(got) == _kind(want)
    return _kind(got) == _kind(want) or not want.shape or (_kind(want) == "f" and by_hand)


def _kind(array: np.ndarray) -> str:
    return "i" if array.dtype.kind == "u" else array.dtype.kind


def _apart(got: np.ndarray, want: np.ndarray, tolerance: float) -> np.ndarray:
    """Where two arrays differ; a NaN always does."""
    return ~(np.abs(got.astype(float) - want) <= tolerance * np.abs(want.astype(float)) + tolerance / 10)


def _factor(got: np.ndarray, want: np.ndarray, tolerance: float) -> str:
    """In words, if everything is wrong by one well-known factor."""
    if not want.any():
        return ""
    if not got.any():
        return "zero"
    return next((words for factor, words in FACTORS.items() if not _apart(got, want * factor, tolerance).any()), "")


def _shape(array: np.ndarray) -> str:
    return f"shape {array.shape}" if array.shape else "a single number"
