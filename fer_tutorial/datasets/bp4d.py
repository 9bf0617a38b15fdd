"""BP4D-Spontaneous (Zhang et al. 2014): 41 people in eight tasks, five action units graded in some frames of each.

``AU-Intensity-Codes3.0/AU06/F001_T1_AU06.csv`` has lines ``frame,intensity``, where 9 is not coded; the picture of a
frame is ``Sequences(2D+3D)/F001/T1/2440.jpg``, whose number has three digits or four.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.coded_frames import CodedFrames, check_parts, coded_table
from fer_tutorial.datasets.images import check_size, picture_reader
from fer_tutorial.datasets.picture_files import PathFinder, files_below, visible_in
from fer_tutorial.datasets.source import Source, existing_root
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import BP4D_ACTION_UNITS

EXPECTED = "BP4D's folder, with AU-Intensity-Codes3.0/AU06/F001_T1_AU06.csv and Sequences(2D+3D)/F001/T1"
PEOPLE = (*(f"F{number:03}" for number in range(1, 24)), *(f"M{number:03}" for number in range(1, 19)))
TASKS = tuple(f"T{number}" for number in range(1, 9))
RECORDINGS = tuple(f"{person}/{task}" for person in PEOPLE for task in TASKS)
CODES = re.compile(r"(?P<person>[FM]\d{3})_(?P<task>T\d+)_AU(?P<unit>\d+)\.csv", re.IGNORECASE)
NOT_CODED = 9
# The three parts that the field uses for occurrence; FERA 2015 trains on odd numbers, and even ones are its test.
FOLDS = {
    "parts": tuple(
        tuple(part.split())
        for part in (
            "F001 M007 F018 F008 F002 M004 F010 F009 M012 M001 F016 M014 F023 M008",
            "M011 F003 M010 M002 F005 F022 M018 M017 F013 M016 F020 F011 M013 M005",
            "F007 F015 F006 F019 M006 M009 F012 M003 F004 F021 F017 M015 F014",
        )
    ),
    "fera": (tuple(person for person in PEOPLE if int(person[1:]) % 2 == 0),),
}


def open_bp4d(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    protocol: str = "fera",
    fold: int = 0,
    every: int = 1,
    missing: str = "refuse",
) -> Source:
    """The frames of BP4D that have intensities of action units 6, 10, 12, 14 and 17.

    Nobody says which expressions the frames show (a task is none): they have the one class ``face``, whatever number is
    asked for.  Pictures are cut to their central square.

    Args:
        root: the folder around AU-Intensity-Codes3.0 and Sequences(2D+3D).
        split: ``train``, ``test`` or ``all``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: has no effect.
        protocol: ``fera``: people with odd numbers train, with even ones are the test, as in the contest FERA 2015; or
            ``parts``, three parts that the field uses for occurrence.
        fold: of ``parts``, which one is the test, from 0.
        every: 1 for all coded frames, 10 for every tenth of a recording.
        missing: ``refuse`` codes of pictures that are not there, or ``skip`` them.

    ``index`` is the place of the recording among the 328, from 0, times 100,000, plus the number of the frame.

    Raises:
        UserError: codes or pictures that are missing or not as the owners', or BP4D+, which is another set.
    """
    check_size(size, channels)
    if protocol not in FOLDS:
        raise UserError(f"protocol is {protocol!r}; expected one of {', '.join(FOLDS)}")
    folds = FOLDS[protocol]
    check_parts("bp4d", split, fold, len(folds), every)
    if missing not in ("refuse", "skip"):
        raise UserError(f"missing is {missing!r}; expected 'refuse' or 'skip'")
    path = existing_root("bp4d", root, EXPECTED)
    codes = _codes(path)
    finder = PathFinder(_picture_folders(path))
    frames = CodedFrames(RECORDINGS)
    files: list[Path] = []
    gone: list[str] = []
    not_coded = 0
    for recording in RECORDINGS:
        person = recording[:4]
        if recording not in codes or not (split == "all" or (person in folds[fold]) == (split == "test")):
            continue
        grades = _grades(recording, codes[recording])
        for frame in sorted(grades)[::every]:
            if np.isnan(grades[frame]).all():
                not_coded += 1
                continue
            names = [f"{recording}/{frame:0{digits}}.jpg" for digits in (4, 3, 1)]
            file = next((found for name in names if (found := finder.find(name))), None)
            if file is None:
                gone.append(names[0])
                continue
            frames.add(recording, person, frame, grades[frame])
            files.append(file)
    if gone and (missing == "refuse" or not files):
        raise UserError(
            f"{len(gone):,} coded frames have no picture below {path}, first {gone[0]}; unpack all people, or leave "
            "them out with missing=skip"
        )
    return frames.source(
        "bp4d",
        split,
        (size, size, channels),
        picture_reader(files, size, channels),
        PEOPLE,
        BP4D_ACTION_UNITS,
        {"root": str(path.resolve()), "form": f"every {every}", "splits": f"by person: {protocol!r}, part {fold}"},
        {"frames of which no unit is coded": not_coded, "coded frames whose picture is not there": len(gone)},
    )


def _codes(path: Path) -> dict[str, dict[int, Path]]:
    """The files of intensities by recording and unit."""
    if not path.is_dir():
        raise UserError(f"{path} is a file; expected {EXPECTED}, so unpack it first")
    codes: defaultdict[str, dict[int, Path]] = defaultdict(dict)
    # Pictures and scans, millions of them, are not looked through.
    for folder in [folder for folder in visible_in(path)[0] if "intensity" in folder.name.lower()] or [path]:
        for file in files_below(folder):
            name = CODES.fullmatch(file.name)
            if name is None:
                continue
            recording, unit = f"{name['person']}/{name['task']}".upper(), int(name["unit"])
            if recording not in RECORDINGS:
                raise UserError(
                    f"{file} is of BP4D+, which is another set, with other people under these numbers; expected BP4D, "
                    "F001 to F023 and M001 to M018 in the tasks T1 to T8"
                )
            if unit in codes[recording]:
                raise UserError(f"{codes[recording][unit]} and {file} are one and the same; expected one of them")
            codes[recording][unit] = file
    if not codes:
        raise UserError(f"{path} has no files such as F001_T1_AU06.csv; expected {EXPECTED}")
    return codes


def _picture_folders(path: Path) -> list[Path]:
    """The folders in which people's folders lie: ``path`` itself, or one in it."""
    return [path, *(folder for folder in visible_in(path)[0] if folder.name[:4].upper() not in PEOPLE)]


def _grades(recording: str, files: dict[int, Path]) -> dict[int, np.ndarray]:
    """The five intensities of every frame that any file names, NaN where one is not coded."""
    lacking = [unit for unit in BP4D_ACTION_UNITS if unit not in files]
    if lacking:
        raise UserError(
            f"{recording} has no intensities of action unit {lacking[0]}; expected "
            f"{recording.replace('/', '_')}_AU{lacking[0]:02}.csv, so unpack the codes again"
        )
    tables = [coded_table(files[unit], NOT_CODED) for unit in BP4D_ACTION_UNITS]
    frames = sorted(set().union(*tables))
    return {frame: np.array([table.get(frame, np.nan) for table in tables]) for frame in frames}
