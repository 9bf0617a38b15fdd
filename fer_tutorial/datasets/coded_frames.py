"""Frames whose action units were coded, with people in fixed parts: what DISFA and BP4D have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.images import is_whole
from fer_tutorial.datasets.sequences import ONE_CLASS
from fer_tutorial.datasets.source import Source, check_split, say_left_out
from fer_tutorial.errors import UserError

SPLITS = ("train", "test")
# The index of a frame is the number of its recording times this, plus its own.
FRAMES_IN_A_RECORDING = 100_000


def check_parts(name: str, split: str, fold: int, folds: int, every: int) -> None:
    """Refuse a split, a fold or a step that there is not."""
    if split == "valid":
        raise UserError(
            f"{name} has no validation split; expected train, test or all, so hold out a share of the training people "
            "(--holdout 0.1)"
        )
    check_split(name, split, (*SPLITS, "all"))
    if not is_whole(fold) or not 0 <= fold < folds:
        raise UserError(f"fold is {fold!r}; expected 0 to {folds - 1}")
    if not is_whole(every) or every < 1:
        raise UserError(f"every is {every!r}; expected 1 for all frames, 10 for every tenth, and so on")


@dataclass
class CodedFrames:
    """Frames in the order of recordings and numbers; ``units`` are their intensities, NaN where not coded."""

    recordings: Sequence[str]  # all that the whole set has
    keys: list[str] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)
    index: list[int] = field(default_factory=list)
    units: list[np.ndarray] = field(default_factory=list)

    def add(self, recording: str, person: str, frame: int, units: np.ndarray) -> None:
        self.keys.append(f"{recording}/{frame}")
        self.persons.append(person)
        self.index.append(self.recordings.index(recording) * FRAMES_IN_A_RECORDING + frame)
        self.units.append(units)

    def source(
        self,
        name: str,
        split: str,
        shape: tuple[int, int, int],
        read: Callable[[int, int], np.ndarray],
        people: Sequence[str],
        unit_names: tuple[int, ...],
        provenance: dict[str, str],
        left_out: dict[str, int],
        landmarks: np.ndarray | None = None,
    ) -> Source:
        """The frames as samples; they have the one class ``face``, for nobody says which expression they show."""
        if not self.keys:
            raise UserError(f"{name} has no frames of the people in split {split!r}; expected the whole set")
        say_left_out(name, split, left_out)
        number_of = {person: number for number, person in enumerate(people)}
        table = {
            "labels": np.zeros(len(self.keys), np.int64),
            "index": np.array(self.index),
            "keys": np.array(self.keys),
            "subjects": np.array([number_of[person] for person in self.persons]),
            "action_units": np.stack(self.units).astype(np.float32),
        }
        if landmarks is not None:
            table["landmarks"] = landmarks.astype(np.float32)
        return Source(name, split, ONE_CLASS, table, shape, read, unit_names, provenance)


def coded_table(file: Path, unknown: int | None = None) -> dict[int, float]:
    """Intensities by frame from lines ``frame,intensity``; ``unknown`` is what a file writes where nothing is coded.

    Raises:
        UserError: a file that cannot be read, other lines, intensities beyond 0 to 5, or a frame twice.
    """
    try:
        lines = file.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}); copy it again") from None
    grades: dict[int, float] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            frame, grade = (float(value) for value in line.split(","))
        except ValueError:
            frame, grade = -1.0, -1.0
        if not frame.is_integer() or frame < 0 or (grade not in range(6) and grade != unknown):
            raise UserError(f"line {number} of {file} is {line[:40]!r}; expected a frame and an intensity from 0 to 5")
        if int(frame) in grades:
            raise UserError(f"{file} has frame {int(frame)} twice; expected every frame once, so copy it again")
        grades[int(frame)] = np.nan if grade == unknown else grade
    if not grades:
        raise UserError(f"{file} is empty; expected a frame and an intensity in every line, so copy it again")
    return grades
