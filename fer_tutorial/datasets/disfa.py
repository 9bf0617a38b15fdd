"""DISFA (Mavadati et al. 2013): 27 people who watch video clips, twelve action units graded in every frame.

``ActionUnit_Labels/SN001/SN001_au1.txt`` has lines ``frame,intensity`` with frames from 1; frame 1 is the first of
``Videos_LeftCamera/LeftVideoSN001_comp.avi``.  ``Landmark_Points/SN001/tmp_frame_lm/SN001_0000_lm.mat`` has 66 points
of the first frame; some people's are called ``l00001_lm.mat`` instead, and these numbers are from 1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.coded_frames import CodedFrames, check_parts, coded_table
from fer_tutorial.datasets.disfa_landmarks import LANDMARK_FILE, SubjectPoints, box_around
from fer_tutorial.datasets.images import Box, check_size, stack_pixels, to_pixels
from fer_tutorial.datasets.picture_files import files_below
from fer_tutorial.datasets.source import Source, existing_root, one_of
from fer_tutorial.datasets.videos import VideoFrames
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import DISFA_ACTION_UNITS

EXPECTED = "DISFA's folder, with ActionUnit_Labels, Videos_LeftCamera and Landmark_Points"
LABEL_FILE = re.compile(r"(SN\d{3})_au(\d+)", re.IGNORECASE)
VIDEO_FILE = re.compile(r"(Left|Right)VideoSN(\d{3})_comp\.avi", re.IGNORECASE)
# The three parts that the field uses; G2RL says no more than that its three folds share nobody.
FOLDS = tuple(
    tuple(f"SN{number}" for number in part.split())
    for part in (
        "002 010 001 026 027 032 030 009 016",
        "013 018 011 028 012 006 031 021 024",
        "003 029 023 025 008 005 007 017 004",
    )
)
PEOPLE = tuple(sorted(person for part in FOLDS for person in part))


def open_disfa(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    fold: int = 0,
    every: int = 1,
    camera: str = "left",
    landmarks: bool = True,
    fill_corners: bool = False,
) -> Source:
    """The frames of DISFA's videos with the intensities of twelve action units.

    Nobody says which expressions the frames show: they have the one class ``face``, whatever number is asked for.
    ``test`` is one of the three parts of people that the field uses, ``train`` the other two, ``all`` is everybody.
    Videos need the extra ``formats``, and so do the points.

    Args:
        root: the folder around ActionUnit_Labels and Videos_LeftCamera.
        split: ``train``, ``test`` or ``all``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: has no effect.
        fold: which of the three parts is the test, from 0.
        every: 1 for all frames, 10 for every tenth; neighbors are nearly the same.
        camera: ``left``, or ``right``, which has no points.
        landmarks: whether the owners' 66 points are read.  They become 68 with the inner corners of the mouth (60 and
            64) unknown; frames in which the owners say that points are wrong have none (NaN).  Pictures are then cut
            to the square around the points (where a frame has none, around the middle one of the person), otherwise to
            the central square.
        fill_corners: whether the two unknown points are put where they may be, halfway from the outer corner to the
            inner points beside it.  G2RL learns geometry from faces whose 68 points are all known, so it needs this.

    ``index`` is the place of the person among the 27, from 0, times 100,000, plus the number of the frame, from 1.

    Raises:
        UserError: labels or videos that are missing or not as the owners', or a video that ends before its labels.
    """
    check_size(size, channels)
    check_parts("disfa", split, fold, len(FOLDS), every)
    side = one_of("camera", camera, ("left", "right"))
    path = existing_root("disfa", root, EXPECTED)
    labels, videos, points, strangers = _scan(path, side)
    wanted = [person for person in PEOPLE if split == "all" or (person in FOLDS[fold]) == (split == "test")]
    present = [person for person in wanted if person in labels]
    without_video = [person for person in present if person not in videos]
    if without_video:
        raise UserError(
            f"{path} has labels but no video of {', '.join(without_video[:3])} by the {side} camera; expected "
            f"{side.title()}Video{without_video[0]}_comp.avi"
        )
    frames = CodedFrames(PEOPLE)
    places: list[tuple[Path, int, Box | None]] = []
    found_points: list[np.ndarray] = []
    without_points = 0
    for person in present:
        grades = _grades(person, labels[person])
        numbers = sorted(grades)[::every]
        of_person = (
            SubjectPoints(person, points[person], len(grades), fill_corners) if landmarks and person in points else None
        )
        for number, (box, of_frame) in zip(numbers, _faces(of_person, numbers), strict=True):
            frames.add(person, person, number, grades[number])
            places.append((videos[person], number - 1, box))
            found_points.append(_moved(of_frame, box, size))
            without_points += landmarks and bool(np.isnan(of_frame).all())
    return frames.source(
        "disfa",
        split,
        (size, size, channels),
        _reader(places, size, channels),
        PEOPLE,
        DISFA_ACTION_UNITS,
        {
            "root": str(path.resolve()),
            "form": f"videos of the {side} camera, every {every}",
            "splits": f"by person: part {fold} of 3 is the test",
        },
        {
            "people that are not in the split here": len(wanted) - len(present),
            "label files of people who are not of the set": strangers,
            "points (not frames), which are missing or wrong by the owners' account": without_points,
        },
        np.stack(found_points) if found_points and any(person in points for person in present) and landmarks else None,
    )


def _scan(
    path: Path, side: str
) -> tuple[dict[str, dict[int, Path]], dict[str, Path], defaultdict[str, list[Path]], int]:
    """By person: label files by unit, the video, the files of points; and how many files are of strangers."""
    if not path.is_dir():
        raise UserError(f"{path} is a file; expected {EXPECTED}, so unpack it first")
    labels: defaultdict[str, dict[int, Path]] = defaultdict(dict)
    videos: dict[str, Path] = {}
    points: defaultdict[str, list[Path]] = defaultdict(list)
    strangers = 0
    for file in files_below(path):
        if (name := LABEL_FILE.fullmatch(file.stem)) and file.suffix.lower() == ".txt":
            person, unit = name[1].upper(), int(name[2])
            if person not in PEOPLE:
                strangers += 1
            elif unit in labels[person]:
                raise UserError(f"{labels[person][unit]} and {file} are one and the same; expected one of them")
            else:
                labels[person][unit] = file
        elif name := VIDEO_FILE.fullmatch(file.name):
            if name[1].lower() == side:
                videos[f"SN{name[2]}"] = file
        elif LANDMARK_FILE.fullmatch(file.name) and side == "left":
            person = next((part.upper() for part in reversed(file.parts[:-1]) if part.upper() in PEOPLE), "")
            points[person].append(file)
    if not labels:
        raise UserError(f"{path} has no files such as SN001_au1.txt; expected {EXPECTED}")
    return labels, videos, points, strangers


def _grades(person: str, files: dict[int, Path]) -> dict[int, np.ndarray]:
    """The twelve intensities of every frame."""
    missing = [unit for unit in DISFA_ACTION_UNITS if unit not in files]
    if missing:
        raise UserError(f"{person} has no file {person}_au{missing[0]}.txt; expected twelve, so unpack them again")
    tables = [coded_table(files[unit]) for unit in DISFA_ACTION_UNITS]
    for unit, table in zip(DISFA_ACTION_UNITS, tables, strict=True):
        if set(table) != set(tables[0]):
            raise UserError(
                f"{files[unit]} has {len(table):,} frames and that of action unit {DISFA_ACTION_UNITS[0]} "
                f"{len(tables[0]):,}; expected the same ones, so unpack the labels again"
            )
    return {frame: np.array([table[frame] for table in tables]) for frame in tables[0]}


def _faces(points: SubjectPoints | None, numbers: list[int]) -> list[tuple[Box | None, np.ndarray]]:
    """For each frame its square and its points (68, 2); a frame without points takes the person's middle square."""
    if points is None:
        return [(None, np.full((68, 2), np.nan))] * len(numbers)
    found = [points.of(number) for number in numbers]
    boxes = [box_around(each) for each in found]
    known = np.array([box for box in boxes if box is not None])
    left, top, right, bottom = np.median(known, axis=0).tolist() if len(known) else (0.0,) * 4
    middle = (left, top, right, bottom) if len(known) else None
    return [(box or middle, each) for box, each in zip(boxes, found, strict=True)]


def _moved(points: np.ndarray, box: Box | None, size: int) -> np.ndarray:
    return points if box is None else (points - box[:2]) * size / (box[2] - box[0])


def _reader(places: list[tuple[Path, int, Box | None]], size: int, channels: int) -> Callable[[int, int], np.ndarray]:
    videos = VideoFrames()

    def read(start: int, stop: int) -> np.ndarray:
        def picture(position: int) -> np.ndarray:
            file, number, box = places[position]
            return to_pixels(videos.frame(file, number), size, channels, box)

        return stack_pixels(picture, start, stop, (size, size, channels))

    return read
