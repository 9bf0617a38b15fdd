"""Random numbers that depend on nothing but their names: sample i of seed s is the same face in every batch.

A generator that is drawn from one sample after another would make face 7 depend on how many faces were asked for before
it.  Here every number is a hash of (seed, stream name, sample, position) instead (the splitmix64 finalizer, Steele,
Lea and Flood 2014), so any sample can be made alone, in any order, on any device.
"""

from __future__ import annotations

import zlib

import torch
from torch import Tensor

_GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed 64-bit integer
_MIX_1 = -4658895280553007687  # 0xBF58476D1CE4E5B9
_MIX_2 = -7723592293110705685  # 0x94D049BB133111EB


def _logical_shift(x: Tensor, bits: int) -> Tensor:
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def mix(x: Tensor) -> Tensor:
    """The splitmix64 finalizer: int64 in, well-mixed int64 out (arithmetic modulo 2^64)."""
    x = (x ^ _logical_shift(x, 30)) * _MIX_1
    x = (x ^ _logical_shift(x, 27)) * _MIX_2
    return x ^ _logical_shift(x, 31)


def keys(seed: int, stream: str, samples: Tensor) -> Tensor:
    """One int64 key a sample, for this seed and this stream of numbers.  ``samples`` is int64 (n,)."""
    start = torch.tensor(zlib.crc32(stream.encode()), dtype=torch.int64, device=samples.device)
    start = mix(start + mix(torch.tensor(seed, dtype=torch.int64, device=samples.device) * _GOLDEN))
    return mix(start + samples * _GOLDEN)


def uniform(seed: int, stream: str, samples: Tensor, count: int) -> Tensor:
    """Uniform float64 numbers in [0, 1), shape (n, count).

    >>> few, many = torch.arange(2), torch.arange(100)
    >>> bool((uniform(0, "pose", few, 3) == uniform(0, "pose", many, 3)[:2]).all())
    True
    """
    positions = torch.arange(1, count + 1, dtype=torch.int64, device=samples.device) * _GOLDEN
    hashed = mix(keys(seed, stream, samples)[:, None] + positions)  # (n, count)
    return _logical_shift(hashed, 11).double() / 2.0**53


def normal(seed: int, stream: str, samples: Tensor, count: int, limit: float = 2.5) -> Tensor:
    """Standard normal float64 numbers (n, count), clipped to ``[-limit, limit]`` so that no face falls apart."""
    u = uniform(seed, stream, samples, count).clamp(1e-12, 1 - 1e-12)
    return (torch.special.ndtri(u)).clamp(-limit, limit)


def pixel_noise(key: Tensor, height: int, width: int) -> Tensor:
    """Noise a pixel, uniform in [-1, 1), float32 (n, height, width), from one int64 key a sample, (n,)."""
    position = torch.arange(height * width, dtype=torch.int64, device=key.device)
    x = (key[:, None] & 0x7FFFFFFF) + position * 0x9E3779B1  # (n, height*width), 32-bit mixing is enough for pixels
    x = ((x >> 15) ^ x) * 0x2C1B3C6D & 0xFFFFFFFF
    x = ((x >> 12) ^ x) * 0x297A2D39 & 0xFFFFFFFF
    x = (x >> 15) ^ x
    return ((x & 0xFFFFFF).float() / 2.0**23 - 1).view(-1, height, width)  # (n, height*width) -> (n, height, width)
