"""Exercises of the chapter "MGLN: a global-local network for sequences"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fer_tutorial.course import Wrong, exercise, expect_close
from fer_tutorial.papers.mgln import channelwise_resample, frame_positions


@exercise(
    "mgln.frames",
    hints=(
        "A sequence of l valid frames has its apex at position l - 1, not at the end of the padded array.",
        "The middle is the whole part of half the apex's position; the first is 0 for every sequence.",
        "apex = lengths - 1; return torch.stack([torch.zeros_like(apex), apex // 2, apex], dim=1)",
    ),
)
def _(answer: Callable[[Tensor], Tensor]) -> None:
    for lengths in (torch.tensor([9]), torch.tensor([4, 9, 2, 3])):
        expect_close(answer(lengths), frame_positions(lengths), f"sequences of {lengths.tolist()} valid frames")


@exercise(
    "mgln.crop",
    hints=(
        "Row-major order lists the first row of pixels from left to right, then the second row, and so on.",
        "Reshape to (height, width, 3) first, in this order; only then move the colors to the front, with permute.",
        "return pixels.reshape(height, width, 3).permute(2, 0, 1)",
    ),
)
def _(answer: Callable[[Tensor, int, int], Tensor]) -> None:
    pixels = torch.arange(2 * 3 * 3.0).reshape(6, 3)
    expected = pixels.reshape(2, 3, 3).permute(2, 0, 1)
    expect_close(answer(pixels, 2, 3), expected, "six pixels of a crop 2 high and 3 wide")
    expect_close(answer(pixels, 3, 2), pixels.reshape(3, 2, 3).permute(2, 0, 1), "the same 3 high and 2 wide")


@exercise(
    "mgln.offset_layer",
    hints=(
        "Every channel is read at points of its own, but grid_sample moves all channels of a picture alike.",
        "Fold the channels into the batch: (m, C, h, w) becomes (m C, 1, h, w). Pixel x of w lies at (2x + 1)/w - 1.",
        "grid = (2 * (places + offsets) + 1) / size - 1 with shape (m C, h, w, 2); F.grid_sample(..., "
        "padding_mode='border', align_corners=False).view(m, C, h, w)",
    ),
)
def _(answer: Callable[[Tensor, Tensor], Tensor]) -> None:
    ramp = torch.arange(4.0).view(1, 1, 1, 4)
    half = torch.zeros(1, 1, 2, 1, 4)
    half[:, :, 0] = 0.5
    expect_close(answer(ramp, half), [[[[0.5, 1.5, 2.5, 3.0]]]], "the row 0, 1, 2, 3 read half a pixel to the right")
    features, offsets = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 2, 4, 5)
    expect_close(
        answer(features, offsets), channelwise_resample(features, offsets), "two maps of three channels", tolerance=1e-4
    )


@exercise(
    "mgln.folds",
    hints=(
        "Deal out people, not pictures: everything else follows from who is in which fold.",
        "torch.unique(subjects, return_inverse=True) numbers the people from 0; that number modulo k is a fold.",
        "return torch.unique(subjects, return_inverse=True)[1] % k",
    ),
)
def _(answer: Callable[[Tensor, int], Any]) -> None:
    subjects = torch.tensor([7, 7, 3, 12, 3, 7, 40, 12, 41, 5])
    for k in (2, 3):
        folds = torch.as_tensor(answer(subjects, k))
        where = f"ten sequences of six people in {k} folds"
        if folds.shape != subjects.shape:
            raise Wrong(f"{where}: expected a fold for each sequence, shape (10,), got {tuple(folds.shape)}")
        if sorted(set(folds.tolist())) != list(range(k)):
            raise Wrong(f"{where}: expected the folds {list(range(k))}, all in use, got {sorted(set(folds.tolist()))}")
        for person in subjects.unique().tolist():
            if len(folds[subjects == person].unique()) > 1:
                raise Wrong(f"{where}: person {person} is in more than one fold")
        people = [len(subjects[folds == fold].unique()) for fold in range(k)]
        if max(people) - min(people) > 1:
            raise Wrong(f"{where}: the folds hold {people} people; their sizes should differ by one at most")
