"""What passes between grader and answer: JSON, and safetensors for arrays.  Nothing that comes back is executed."""

from __future__ import annotations

import json
import os
import select
import struct
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

HEAD = struct.Struct(">QQ")
LARGEST = 64_000_000  # bytes of one message
MOST = 100_000  # values in one message, arrays counted as one
DEEPEST = 20  # lists in lists


class Broken(Exception):
    """What came is no message."""


class Other:
    """Stands for a value of a kind that does not pass.

    Attributes:
        kind: the name of its type.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind


def pack(value: Any) -> bytes:
    """``value`` as a message; what cannot pass is replaced by its type's name."""
    arrays: dict[str, Tensor] = {}
    tree = json.dumps(_Packer(arrays).tree(value, 0)).encode()
    tensors = save(arrays)
    return HEAD.pack(len(tree), len(tensors)) + tree + tensors


class _Packer:
    def __init__(self, arrays: dict[str, Tensor]) -> None:
        self.arrays = arrays
        self.count = self.bytes = 0

    def tree(self, value: Any, depth: int) -> Any:
        self.count += 1
        if value is None or type(value) in (bool, int, float, str):
            return value
        if value is ... or value is NotImplemented:
            return {"stub": ""}
        if type(value) is Fraction:
            return {"fraction": [value.numerator, value.denominator]}
        if depth < DEEPEST and self.count < MOST:
            if type(value) in (list, tuple) and len(value) < MOST:
                return {type(value).__name__: [self.tree(item, depth + 1) for item in value]}
            if type(value) is dict and all(type(key) is str for key in value):
                return {"dict": {key: self.tree(item, depth + 1) for key, item in value.items()}}
        if type(value) in (Tensor, nn.Parameter):
            return self.array("tensor", value.detach())
        if type(value) is np.ndarray or isinstance(value, np.generic):
            array = np.array(value)
            if array.dtype.kind in "fiub":
                return self.array("array", torch.from_numpy(array))
        return {"other": type(value).__name__}

    def array(self, kind: str, tensor: Tensor) -> Any:
        self.bytes += tensor.numel() * tensor.element_size()
        plain = tensor.layout == torch.strided and not (tensor.is_complex() or tensor.is_quantized or tensor.is_meta)
        if not plain or self.bytes > LARGEST // 2:
            return {"other": f"{kind} of {tensor.numel()} numbers of type {tensor.dtype}"}
        name = str(len(self.arrays))
        self.arrays[name] = tensor.cpu().contiguous().clone()
        return {kind: name}


def unpack(content: bytes) -> Any:
    """The value of a message.

    Raises:
        Broken: it is none.
    """
    try:
        size, _ = HEAD.unpack(content[: HEAD.size])
        start = HEAD.size + size
        return _value(json.loads(content[HEAD.size : start]), load(content[start:]))
    except Exception as error:  # whatever a forger made of it
        raise Broken from error


def _value(tree: Any, arrays: dict[str, Tensor]) -> Any:
    if not isinstance(tree, dict):
        if isinstance(tree, list):
            raise Broken
        return tree
    ((kind, inside),) = tree.items()
    match kind:
        case "list":
            return [_value(item, arrays) for item in inside]
        case "tuple":
            return tuple(_value(item, arrays) for item in inside)
        case "dict":
            return {str(key): _value(item, arrays) for key, item in inside.items()}
        case "tensor":
            return arrays[inside]
        case "array":
            return arrays[inside].numpy()
        case "fraction":
            return Fraction(*inside)
        case "stub":
            return NotImplemented
    return Other(str(inside))


def send(descriptor: int, value: Any) -> None:
    """Write a message.

    Raises:
        OSError: nobody reads any more.
    """
    content = memoryview(pack(value))
    while content:
        content = content[os.write(descriptor, content) :]


def receive(descriptor: int, deadline: float | None = None) -> Any:
    """The next message.

    Args:
        descriptor: of a pipe.
        deadline: on the clock of ``time.monotonic``.

    Raises:
        EOFError: there is none any more.
        TimeoutError: there was none in time.
        Broken: it is none.
    """
    head = _exactly(descriptor, HEAD.size, deadline)
    sizes = HEAD.unpack(head)
    if sum(sizes) > LARGEST:
        raise Broken
    return unpack(head + _exactly(descriptor, sum(sizes), deadline))


def _exactly(descriptor: int, size: int, deadline: float | None) -> bytes:
    parts, missing = [], size
    while missing:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError
        part = os.read(descriptor, min(missing, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def anywhere(value: Any, wanted: Callable[[Any], bool]) -> Any:
    """The first part of nested lists for which ``wanted`` holds; None if there is none.

    >>> anywhere([1, (2, 3)], lambda part: part == 3)
    3
    """
    if wanted(value):
        return value
    if type(value) in (list, tuple, dict):
        for item in value.values() if type(value) is dict else value:
            if (found := anywhere(item, wanted)) is not None:
                return found
    return None
