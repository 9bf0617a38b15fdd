"""What cameras, scanners and file formats do to a picture, each sample by its own amount.

Everything is written with elementwise operations: a convolution or a matrix product may round differently in batches of
different size, and the same face must have the same bytes in every batch.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fer_tutorial.faces.random_numbers import pixel_noise

#: Columns of a degradation tensor.
DEGRADATION: dict[str, str] = {
    "exposure": "factor on the picture values",
    "contrast": "factor around middle gray",
    "blur": "standard deviation as a share of the picture's width",
    "noise": "standard deviation of sensor noise, picture values",
    "gray": "0 color .. 1 gray",
    "jpeg": "0 none .. 1 strong 8 x 8 block quantization",
    "vignette": "01, darkening towards the corners",
}
DEGRADATION_INDEX = {name: position for position, name in enumerate(DEGRADATION)}
BLUR_TAPS = 4  # pixels to each side


def degrade(images: Tensor, amounts: Tensor, noise_key: Tensor) -> Tensor:
    """Apply blur, exposure, contrast, vignette, noise, gray and JPEG-like quantization, in this order.

    Args:
        images: (n, 3, S, S) in [0, 1].
        amounts: (n, len(DEGRADATION)).
        noise_key: int64 (n,), decides the noise.

    Returns:
        (n, 3, S, S) in [0, 1].
    """

    def amount(name: str) -> Tensor:
        return amounts[:, DEGRADATION_INDEX[name], None, None, None]  # (n, 1, 1, 1)

    size = images.shape[-1]
    if bool((amount("blur") > 0).any()):
        images = _blur(images, amount("blur") * size)
    images = (images * amount("exposure") - 0.5) * amount("contrast") + 0.5
    axis = torch.linspace(-1, 1, size, dtype=images.dtype, device=images.device).square()
    images = images * (1 - amount("vignette") * 0.35 * (axis[:, None] + axis[None, :]))
    if bool((amount("noise") > 0).any()):
        first = pixel_noise(noise_key, size, size)[:, None]
        second = pixel_noise(noise_key ^ 0x5DEECE66D, size, size)[:, None]
        images = images + amount("noise") * 1.22 * (first + second)  # two uniforms: nearly normal, variance 1
    luma = (0.299 * images[:, 0] + 0.587 * images[:, 1] + 0.114 * images[:, 2])[:, None]
    images = torch.lerp(images, luma.expand_as(images), amount("gray"))
    chosen = (amounts[:, DEGRADATION_INDEX["jpeg"]] > 0).nonzero()[:, 0]
    if len(chosen) and size % 8 == 0:
        images = images.index_copy(0, chosen, _jpeg(images[chosen], amount("jpeg")[chosen]))
    return images.clamp(0, 1)


def _blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Separable Gaussian blur with a standard deviation a sample, (n, 1, 1, 1) in pixels."""
    precision = 0.5 / sigma.clamp(min=0.2).square()
    weights = [torch.exp(-(k * k) * precision) for k in range(BLUR_TAPS + 1)]
    total = weights[0] + 2 * sum(weights[1:], torch.zeros_like(sigma))
    for axis in (2, 3):
        pad = (0, 0, BLUR_TAPS, BLUR_TAPS) if axis == 2 else (BLUR_TAPS, BLUR_TAPS, 0, 0)
        padded = torch.nn.functional.pad(images, pad, mode="replicate")
        length = images.shape[axis]
        blurred = images * weights[0]
        for k in range(1, BLUR_TAPS + 1):
            both = padded.narrow(axis, BLUR_TAPS - k, length) + padded.narrow(axis, BLUR_TAPS + k, length)
            blurred = blurred + both * weights[k]
        images = blurred / total
    return images


_DCT = [
    [math.sqrt((1 if k == 0 else 2) / 8) * math.cos(math.pi * (2 * i + 1) * k / 16) for i in range(8)] for k in range(8)
]


def _dct(blocks: Tensor, axis: int, inverse: bool = False) -> Tensor:
    """The 8-point cosine transform along one axis of length 8, as eight weighted sums."""
    parts = blocks.unbind(axis)
    rows = []
    for k in range(8):
        row = parts[0] * (_DCT[0][k] if inverse else _DCT[k][0])
        for i in range(1, 8):
            row = row + parts[i] * (_DCT[i][k] if inverse else _DCT[k][i])
        rows.append(row)
    return torch.stack(rows, axis)


def _jpeg(images: Tensor, strength: Tensor) -> Tensor:
    """Round the cosine coefficients of 8 x 8 blocks, coarser for high frequencies.  Gradients pass straight through."""
    n, channels, size, _ = images.shape
    blocks = images.reshape(n, channels, size // 8, 8, size // 8, 8)  # (n, 3, S, S) -> (n, 3, S/8, 8, S/8, 8)
    coefficients = _dct(_dct(blocks, 3), 5)
    frequency = torch.arange(8, dtype=images.dtype, device=images.device)
    step = (0.03 + 0.035 * (frequency[:, None, None] + frequency[None, None, :])) * strength[:, :, :, :, None, None]
    rounded = torch.round(coefficients / step) * step
    rounded = coefficients + (rounded - coefficients).detach()
    return _dct(_dct(rounded, 5, inverse=True), 3, inverse=True).reshape(n, channels, size, size)
