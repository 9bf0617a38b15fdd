"""Exercises of the chapter "MGLN: a global-local network for sequences"."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fer_tutorial.course import Draw, Wrong, exercise, judged_exercise
from fer_tutorial.course.comparing import as_array
from fer_tutorial.course.trying import Answer
from fer_tutorial.papers.mgln import channelwise_resample, frame_positions


@exercise(
    "mgln.frames",
    draw=lambda draw: ((torch.tensor(lengths),) for lengths in ([9], [4], [4, 9, 2, 3], [6, 17, 30, 5, 12])),
    mistakes={
        "the apex of l frames is at position l - 1": lambda n: torch.stack([0 * n, n // 2, n], dim=1),
        "the middle is the whole part of half the apex's position": lambda n: torch.stack(
            [0 * n, n // 2, n - 1], dim=1
        ),
    },
    hints=(
        "A sequence of l valid frames has its apex at position l - 1, not at the end of the padded array.",
        "The middle is the whole part of half the apex's position; the first is 0 for every sequence.",
        "apex = lengths - 1; return torch.stack([torch.zeros_like(apex), apex // 2, apex], dim=1)",
    ),
)
def _(lengths: Tensor) -> Tensor:
    return frame_positions(lengths)


@exercise(
    "mgln.crop",
    draw=lambda draw: ((draw.numbers(h * w, 3), h, w) for h, w in ((1, 2), (2, 3), (3, 2), (4, 5))),
    mistakes={
        # The official code's reshape: width first.
        "rows and columns are mixed up: reshape to (height, width, 3) first": lambda pixels, h, w: pixels.reshape(
            w, h, 3
        ).permute(2, 1, 0),
        "colors and places are mixed up: reshape to (height, width, 3) first": lambda pixels, h, w: pixels.reshape(
            3, h, w
        ),
    },
    hints=(
        "Row-major order lists the first row of pixels from left to right, then the second row, and so on.",
        "Reshape to (height, width, 3) first, in this order; only then move the colors to the front, with permute.",
        "return pixels.reshape(height, width, 3).permute(2, 0, 1)",
    ),
)
def _(pixels: Tensor, height: int, width: int) -> Tensor:
    return pixels.reshape(height, width, 3).permute(2, 0, 1)


def displaced(draw: Draw) -> Iterator[tuple[Tensor, Tensor]]:
    """A row, a column, a map; then several of several channels, with offsets that lead over the border.

    No offset is a whole number: there the gradient to it is one thing on the left and another on the right.
    """
    for m, channels, h, w in ((1, 1, 1, 3), (1, 1, 3, 1), (1, 2, 2, 3), (2, 3, 4, 5), (3, 2, 5, 4)):
        yield draw.numbers(m, channels, h, w), draw.numbers(m, channels, 2, h, w, low=-2, high=2) + 0.005


@exercise(
    "mgln.offset_layer",
    draw=displaced,
    gradients=("features", "offsets"),
    mistakes={
        "an offset is (x, y), column first": lambda f, offsets: channelwise_resample(f, offsets.flip(2)),
        "outside of the map its border is repeated": lambda f, offsets: channelwise_resample(f, offsets, "zeros"),
        "the offsets are added, not taken off": lambda f, offsets: channelwise_resample(f, -offsets),
    },
    hints=(
        "Every channel is read at points of its own, but grid_sample moves all channels of a picture alike.",
        "Fold the channels into the batch: (m, C, h, w) becomes (m C, 1, h, w). Pixel x of w lies at (2x + 1)/w - 1.",
        "grid = (2 * (places + offsets) + 1) / size - 1 with shape (m C, h, w, 2); F.grid_sample(..., "
        "padding_mode='border', align_corners=False).view(m, C, h, w)",
    ),
)
def _(features: Tensor, offsets: Tensor) -> Tensor:
    return channelwise_resample(features, offsets)


@judged_exercise(
    "mgln.folds",
    hints=(
        "Deal out people, not pictures: everything else follows from who is in which fold.",
        "torch.unique(subjects, return_inverse=True) numbers the people from 0; that number modulo k is a fold.",
        "return torch.unique(subjects, return_inverse=True)[1] % k",
    ),
)
def _(answer: Answer) -> None:
    for subjects in ([3, 5, 5], [7, 7, 3, 12, 3, 7, 40, 12, 41, 5], [2, 4, 2, 8, 6, 4, 10, 12, 14, 16, 14]):
        people = sorted(set(subjects))
        for k in range(1, len(people) + 1):
            where = f"for subjects = {subjects}, k = {k}"
            folds = as_array(answer(subjects=torch.tensor(subjects), k=k), where)
            if folds.shape != (len(subjects),) or folds.dtype.kind != "i":
                raise Wrong(f"{where}: expected a whole number for each sequence, shape ({len(subjects)},)")
            if sorted(set(folds.tolist())) != list(range(k)):
                raise Wrong(
                    f"{where}: expected the folds {list(range(k))}, all in use, got {sorted(set(folds.tolist()))}"
                )
            of = {
                person: {f for f, s in zip(folds.tolist(), subjects, strict=True) if s == person} for person in people
            }
            for person, found in of.items():
                if len(found) > 1:
                    raise Wrong(f"{where}: person {person} is in more than one fold")
            sizes = [sum(found == {fold} for found in of.values()) for fold in range(k)]
            if max(sizes) - min(sizes) > 1:
                raise Wrong(f"{where}: the folds hold {sizes} people; their sizes should differ by one at most")
