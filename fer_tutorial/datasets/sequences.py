"""From recordings, frames from a neutral face to the apex of an expression, to a Source of sequences or stills.

``frames`` says which frames are wanted:

* ``all``: sequences as they are; shorter ones repeat their last frame, and ``lengths`` says where they end;
* ``first_middle_last``: sequences of three frames, the middle one being frame (n + 1) / 2 of n, rounded down;
* ``last``, ``last_three``: stills, the last frame or the last three of each recording;
* ``last_three_and_first``: these, and the first frame as neutral.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.images import Box, open_image_file, stack_pixels, to_pixels
from fer_tutorial.datasets.source import CONTEMPT_LEFT_OUT, Source, expression_classes, say_left_out
from fer_tutorial.errors import UserError

FRAMES = ("all", "first_middle_last", "last", "last_three", "last_three_and_first")
SEQUENCES = FRAMES[:2]
# The class of what has no label of an expression.
ONE_CLASS = ("face",)
# The square that is cut around the 68 points of a recording, in lengths of the longer side of their bounding box.
MARGIN = 1.3
# The index of a still is the number of its recording times this, plus the number of its frame.
STILLS_IN_A_RECORDING = 1000


@dataclass(frozen=True)
class Recording:
    """Frames in their order; ``points`` (frames, 68, 2) in pixels of the files, ``units`` intensities at the apex."""

    key: str
    person: str
    files: tuple[Path, ...]
    expression: str | None = None
    points: np.ndarray | None = None
    units: np.ndarray | None = None


def check_frames(frames: str) -> None:
    """Refuse a choice of frames that there is not."""
    if frames not in FRAMES:
        raise UserError(f"frames is {frames!r}; expected one of {', '.join(FRAMES)}")


def positions_of(length: int, frames: str) -> list[int]:
    """Which frames, from 0, of a recording of so many.

    >>> positions_of(6, "first_middle_last"), positions_of(6, "last_three_and_first"), positions_of(2, "last_three")
    ([0, 2, 5], [0, 3, 4, 5], [0, 1])
    """
    apex = length - 1
    if frames == "all":
        return list(range(length))
    if frames == "first_middle_last":
        return [0, apex // 2, apex]
    last = [apex] if frames == "last" else list(range(max(0, length - 3), length))
    return sorted({0, *last}) if frames == "last_three_and_first" else last


def recordings_source(
    name: str,
    split: str,
    size: int,
    channels: int,
    num_classes: int,
    frames: str,
    recordings: Sequence[Recording],
    is_chosen: Callable[[Recording], bool],
    people: Sequence[str],
    provenance: dict[str, str],
    left_out: dict[str, int] | None = None,
    unit_names: tuple[int, ...] = (),
) -> Source:
    """The recordings that ``is_chosen``, as sequences or stills; ``people`` are all people of the set, in order.

    A recording that has points is cut to the square around them, any other to its central square.  Stills of a frame
    that is not the apex have no intensities (NaN).
    """
    class_names = expression_classes(num_classes) if any(each.expression for each in recordings) else ONE_CLASS
    chosen = [(place, each) for place, each in enumerate(recordings) if is_chosen(each)]
    known = [(place, each) for place, each in chosen if (each.expression or ONE_CLASS[0]) in class_names]
    if not known:
        raise UserError(f"{name} has nothing in split {split!r} that can be used; expected the whole set")
    say_left_out(name, split, {CONTEMPT_LEFT_OUT: len(chosen) - len(known), **(left_out or {})})
    # A sample is a recording and some of its frames.
    samples = [(place, each, positions_of(len(each.files), frames)) for place, each in known]
    if frames not in SEQUENCES:
        samples = [(place, each, [frame]) for place, each, wanted in samples for frame in wanted]
    longest = max(len(wanted) for _, _, wanted in samples)
    boxes = {each.key: _box(each) for _, each in known}
    number_of = {person: number for number, person in enumerate(people)}

    def sample(position: int) -> np.ndarray:
        _, each, wanted = samples[position]
        pixels = [to_pixels(open_image_file(each.files[i]), size, channels, boxes[each.key]) for i in wanted]
        if frames not in SEQUENCES:
            return pixels[0]
        return np.stack(pixels + pixels[-1:] * (longest - len(pixels)))

    shape = (longest, size, size, channels) if frames in SEQUENCES else (size, size, channels)
    table = {
        "labels": np.array([class_names.index(_expression(each, wanted, frames)) for _, each, wanted in samples]),
        "index": np.array([_index(place, wanted, frames) for place, _, wanted in samples]),
        "keys": np.array([_key(each, wanted, frames) for _, each, wanted in samples]),
        "subjects": np.array([number_of[each.person] for _, each, _ in samples]),
    }
    if frames in SEQUENCES:
        table["lengths"] = np.array([len(wanted) for _, _, wanted in samples])
    if any(each.points is not None for _, each in known):
        landmarks = np.stack([_points(each, wanted, longest, boxes[each.key], size) for _, each, wanted in samples])
        table["landmarks"] = landmarks if frames in SEQUENCES else landmarks[:, 0]
    if unit_names and any(each.units is not None for _, each in known):
        table["action_units"] = np.stack([_units(each, wanted, len(unit_names)) for _, each, wanted in samples])

    def read(start: int, stop: int) -> np.ndarray:
        return stack_pixels(sample, start, stop, shape)

    return Source(
        name,
        split,
        class_names,
        table,
        shape,
        read,
        unit_names if "action_units" in table else (),
        {"frames": frames, **provenance},
    )


def _box(recording: Recording) -> Box | None:
    """The square around all points of a recording; None without any."""
    if recording.points is None or np.isnan(recording.points).all():
        return None
    low = np.nanmin(recording.points, axis=(0, 1))
    high = np.nanmax(recording.points, axis=(0, 1))
    (x, y), half = (low + high) / 2, MARGIN * (high - low).max() / 2
    return float(x - half), float(y - half), float(x + half), float(y + half)


def _points(recording: Recording, wanted: list[int], longest: int, box: Box | None, size: int) -> np.ndarray:
    """The points (longest, 68, 2) in pixels of the square that is cut; the last frame is repeated."""
    if recording.points is None or box is None:
        return np.full((longest, 68, 2), np.nan, np.float32)
    repeated = wanted + wanted[-1:] * (longest - len(wanted))
    return ((recording.points[repeated] - box[:2]) * size / (box[2] - box[0])).astype(np.float32)


def _units(recording: Recording, wanted: list[int], count: int) -> np.ndarray:
    if recording.units is None or wanted[-1] != len(recording.files) - 1:
        return np.full(count, np.nan, np.float32)
    return recording.units.astype(np.float32)


def _expression(recording: Recording, wanted: list[int], frames: str) -> str:
    is_first = frames == "last_three_and_first" and wanted == [0]
    return "neutral" if is_first and recording.expression else recording.expression or ONE_CLASS[0]


def _index(place: int, wanted: list[int], frames: str) -> int:
    return place if frames in SEQUENCES else place * STILLS_IN_A_RECORDING + wanted[0]


def _key(recording: Recording, wanted: list[int], frames: str) -> str:
    return recording.key if frames in SEQUENCES else f"{recording.key}/{recording.files[wanted[0]].stem}"
