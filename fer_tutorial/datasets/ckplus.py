"""CK+ (Lucey et al. 2010): recordings of people who were asked for an expression, from neutral to its apex.

*The owners' form*: ``cohn-kanade-images/S005/001/S005_001_00000011.png``, and ``Emotion``, ``FACS`` and ``Landmarks``
beside it, with ``S005_001_00000011_emotion.txt`` and so on.  They are found by their names, wherever they lie.
*Class folders*: ``CK+48/anger/S010_004_00000017.png``, the last three frames of each labeled recording.  *Tables*:
``ckextended.csv`` and ``CK_data.h5``, see :mod:`fer_tutorial.datasets.ckplus_tables`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from fer_tutorial.datasets.ckplus_tables import TABLE_SPLITS, open_table, table_in
from fer_tutorial.datasets.expression_names import expression_of
from fer_tutorial.datasets.fixed_folds import SPLITS, check_fold, dealt, is_in
from fer_tutorial.datasets.images import check_size
from fer_tutorial.datasets.picture_files import files_below, is_image
from fer_tutorial.datasets.sequences import Recording, check_frames, recordings_source
from fer_tutorial.datasets.source import Source, existing_root, logger, reason
from fer_tutorial.datasets.stills import stills_source
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import ACTION_UNITS

EXPECTED = "CK+'s folder, with cohn-kanade-images and Emotion, or CK+48 with a folder for each expression"
NAME = re.compile(r"(?P<person>S\d{3})_(?P<take>\d{3})_(?P<frame>\d{8})", re.IGNORECASE)
NOTE = re.compile(NAME.pattern + r"_(?P<kind>landmarks|facs|emotion)", re.IGNORECASE)
# What the number in an Emotion file means.
EMOTION = {
    **{0: "neutral", 1: "anger", 2: "contempt", 3: "disgust"},
    **{4: "fear", 5: "happiness", 6: "sadness", 7: "surprise"},
}
LABELS = ("emotion", "action_units", "none")
# The ten groups of MGLN's list, as written there, from 0.  No rule makes them, so the list is the protocol.
MGLN_FOLDS = tuple(
    tuple(f"S{number}" for number in group.split())
    for group in (
        "010 076 085 098 122 129 135 160 502 503 504 505",
        "005 011 014 022 026 032 034 035 139 895",
        "037 042 044 045 046 050 051 052 053 054 147",
        "028 055 056 057 058 060 061 062 063 064 148 157 501",
        "065 066 067 068 069 070 071 072 073 074 149 158",
        "075 077 078 079 080 081 082 083 084 086 151 506 999",
        "087 088 090 091 092 093 094 095 096 097 117 154",
        "059 099 100 101 102 105 106 107 108 109 110 111 112 113 155",
        "029 089 114 115 116 119 124 125 126 127 128 156",
        "130 131 132 133 134 136 137 138",
    )
)
# All 118 people with a label.
LABELED_PEOPLE = sorted(person for fold in MGLN_FOLDS for person in fold)
FOLDS = {"mgln": MGLN_FOLDS, "ids": dealt(LABELED_PEOPLE)}


def open_ckplus(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    frames: str = "all",
    labels: str = "emotion",
    protocol: str = "ids",
    fold: int = 0,
) -> Source:
    """CK+ in the owners' form as sequences or stills, or one of the forms of 48×48 pixels that go around.

    The owners have no split.  ``test`` is one of ten folds of people, ``train`` the people of all others, ``all`` is
    everybody; there is no validation split, so hold one out.  Recordings without an Emotion file have no label: the
    owners say so, and they are counted and left out.

    Args:
        root: the folder around ``cohn-kanade-images`` and ``Emotion``, or the folder of the classes, or a table.
        split: ``train``, ``test`` or ``all``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: 7, or 8 with contempt.
        frames: ``all``, ``first_middle_last``, ``last``, ``last_three`` or ``last_three_and_first``, see
            :mod:`fer_tutorial.datasets.sequences`; class folders hold the last three, whatever is asked for.
        labels: ``emotion``, ``action_units`` for all recordings with a FACS file, which then have the one class
            ``face``, or ``none`` for all recordings there are, such as those of the older CK.
        protocol: ``ids`` deals the 118 people with a label, in the order of their names, into ten folds; ``mgln`` takes
            the ten groups of MGLN's list, numbered as there.
        fold: which of the ten is the test, from 0.

    ``landmarks`` are the owners' 68 points where their Landmarks are there, and pictures are then cut around them.
    ``action_units`` are the intensities of the FACS files at the apex for the units this package knows: NaN where a
    unit is present but was not graded; all others are in :func:`ckplus_action_units`.  ``index`` is the place of a
    recording in the sorted list of all that are read, from 0 (of stills, times 1000, plus the frame).

    Raises:
        UserError: files that are missing, twice there or not as the owners', or a picture in two classes.
    """
    check_size(size, channels)
    check_frames(frames)
    if labels not in LABELS:
        raise UserError(f"labels is {labels!r}; expected one of {', '.join(LABELS)}")
    path = existing_root("ckplus", root, EXPECTED)
    if (table := table_in(path)) is not None:
        return open_table(path, table, split, size, channels, num_classes)
    check_fold("ckplus", split, protocol, fold)
    found = _scan(path)
    provenance = {"root": str(path.resolve()), "splits": f"by person: fold {fold} of {protocol!r} is the test"}
    if found.classes:
        return _stills(found, split, size, channels, num_classes, provenance, protocol, fold)
    emotions = _emotions(found) if labels == "emotion" else {}
    units = _units(found)
    if labels == "emotion" and not emotions:
        raise UserError(
            f"{path} has no files such as S005_001_00000011_emotion.txt; expected the owners' Emotion folder beside "
            "the pictures, or labels=none to read recordings without labels"
        )
    wanted = {"emotion": set(emotions), "action_units": set(units), "none": set(found.pictures)}[labels]
    keys = sorted(wanted & set(found.pictures))
    gone = sorted(wanted - set(found.pictures))
    if gone:
        raise UserError(f"{len(gone):,} recordings have notes but no pictures, first {gone[0]}; unpack them again")
    recordings = []
    for key in keys:
        files = [found.pictures[key][frame] for frame in sorted(found.pictures[key])]
        points = _points_of(found, key)
        recordings.append(Recording(key, key[:4], tuple(files), emotions.get(key), points, _known(units.get(key))))
    _say_other_apex(found, keys)
    return recordings_source(
        "ckplus",
        split,
        size,
        channels,
        num_classes,
        frames,
        recordings,
        lambda each: is_in(split, each.person, FOLDS[protocol], fold),
        sorted({*LABELED_PEOPLE, *(each.person for each in recordings)}),
        {**provenance, "form": f"the owners', {labels}, {frames}"},
        {"recordings without a label": len(found.pictures) - len(keys)},
        tuple(ACTION_UNITS),
    )


def ckplus_splits(root: Path) -> tuple[str, ...]:
    """The folds give train and test; tables have splits of their own."""
    return SPLITS if table_in(root) is None else TABLE_SPLITS


def ckplus_action_units(root: str | Path) -> pd.DataFrame:
    """All action units of the FACS files: ``key`` of the recording, ``unit``, ``intensity`` (NaN: present, not graded).

    Raises:
        UserError: no FACS files, or one that is not as the owners'.
    """
    path = existing_root("ckplus", root, EXPECTED)
    units = _units(_scan(path))
    if not units:
        raise UserError(f"{path} has no files such as S005_001_00000011_facs.txt; expected the owners' FACS folder")
    rows = [(key, unit, grade) for key in sorted(units) for unit, grade in units[key].items()]
    return pd.DataFrame(rows, columns=["key", "unit", "intensity"])


class _Found:
    """Pictures by recording and frame, notes by kind, recording and frame, and the class folder of each picture."""

    def __init__(self) -> None:
        self.pictures: defaultdict[str, dict[int, Path]] = defaultdict(dict)
        self.notes: dict[str, defaultdict[str, dict[int, Path]]] = {
            kind: defaultdict(dict) for kind in ("landmarks", "facs", "emotion")
        }
        self.classes: dict[str, str] = {}  # by recording, where pictures lie in folders of expressions
        self.others = 0


def _scan(path: Path) -> _Found:
    if not path.is_dir():
        raise UserError(f"{path} is a file; expected {EXPECTED}")
    found = _Found()
    for file in files_below(path):
        is_picture = is_image(file)
        name = NAME.fullmatch(file.stem) if is_picture else NOTE.fullmatch(file.stem)
        if name is None:
            found.others += is_picture
            continue
        key = f"{name['person']}_{name['take']}".upper()
        place = found.pictures[key] if is_picture else found.notes[name["kind"].lower()][key]
        frame = int(name["frame"])
        if frame in place:
            raise UserError(f"{place[frame]} and {file} are one and the same; expected every file once, so remove one")
        place[frame] = file
        expression = expression_of(file.parent.name)
        if is_picture and expression is not None and found.classes.setdefault(key, expression) != expression:
            raise UserError(
                f"{file} says that {key} shows {expression}, other frames of it lie under {found.classes[key]}; "
                "expected one, so unpack the set again"
            )
    if not found.pictures:
        raise UserError(f"{path} has no pictures such as S005_001_00000011.png; expected {EXPECTED}")
    if found.classes and len(found.classes) < len(found.pictures):
        strange = sorted(set(found.pictures) - set(found.classes))[0]
        raise UserError(
            f"some pictures below {path} lie in folders of expressions and others, such as those of {strange}, do not; "
            "expected one form of CK+ at a time, so give the folder of one"
        )
    return found


def _stills(
    found: _Found,
    split: str,
    size: int,
    channels: int,
    num_classes: int,
    provenance: dict[str, str],
    protocol: str,
    fold: int,
) -> Source:
    """The form of class folders: every picture is a still."""
    people = sorted({*LABELED_PEOPLE, *(key[:4] for key in found.pictures)})
    number_of = {person: number for number, person in enumerate(people)}
    order = [(key, frame) for key in sorted(found.pictures) for frame in sorted(found.pictures[key])]
    rows = [i for i, (key, _) in enumerate(order) if is_in(split, key[:4], FOLDS[protocol], fold)]
    if not rows:
        raise UserError(f"CK+ has nobody in split {split!r} here; expected the whole set")
    files = [found.pictures[order[i][0]][order[i][1]] for i in rows]
    return stills_source(
        "ckplus",
        split,
        size,
        channels,
        num_classes,
        files,
        [found.classes[order[i][0]] for i in rows],
        {
            "index": np.array(rows),
            "keys": np.array([file.stem for file in files]),
            "subjects": np.array([number_of[order[i][0][:4]] for i in rows]),
        },
        {**provenance, "form": "class folders"},
        {"pictures with other names": found.others},
    )


def _emotions(found: _Found) -> dict[str, str]:
    """The expression of every recording that has an Emotion file."""
    emotions = {}
    for key, notes in found.notes["emotion"].items():
        if len(notes) > 1:
            files = " and ".join(map(str, notes.values()))
            raise UserError(f"{files} are labels of one recording; expected one, so remove the other")
        (file,) = notes.values()
        numbers = _numbers(file)
        if numbers.shape != (1, 1) or numbers[0, 0] not in EMOTION:
            raise UserError(f"{file} is no label; expected one number from 0 to 7, such as 3.0000000e+00")
        emotions[key] = EMOTION[int(numbers[0, 0])]
    return emotions


def _units(found: _Found) -> dict[str, dict[int, float]]:
    """By recording: intensities by unit, NaN where one is present but was not graded (the owners' 0)."""
    units: dict[str, dict[int, float]] = {}
    for key, notes in found.notes["facs"].items():
        units[key] = {}
        for file in notes.values():
            for row in _numbers(file):
                if len(row) != 2 or not float(row[0]).is_integer() or row[1] not in range(6):
                    raise UserError(f"{file} is no list of action units; expected lines of a unit and 0 to 5")
                units[key][int(row[0])] = float(row[1]) or np.nan
    return units


def _known(units: dict[int, float] | None) -> np.ndarray | None:
    return None if units is None else np.array([units.get(unit, 0.0) for unit in ACTION_UNITS])


def _points_of(found: _Found, key: str) -> np.ndarray | None:
    """The points (frames, 68, 2) of a recording, NaN in a frame without them; None where there are none at all."""
    notes = found.notes["landmarks"].get(key)
    if not notes:
        return None
    points = []
    for frame in sorted(found.pictures[key]):
        values = _numbers(notes[frame]) if frame in notes else np.full((68, 2), np.nan)
        if values.shape != (68, 2):
            raise UserError(f"{notes[frame]} has no 68 points x y; expected the owners' landmarks, so unpack it again")
        points.append(values)
    return np.stack(points)


def _numbers(file: Path) -> np.ndarray:
    """Rows of numbers, all of one length, as the owners' programs wrote them."""
    try:
        rows = [[float(field) for field in line.split()] for line in file.read_text("utf-8-sig").splitlines()]
        values = np.array([row for row in rows if row])
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read ({reason(error)}); expected numbers, so unpack it again") from None
    if values.ndim != 2 or not np.isfinite(values).all():
        raise UserError(f"{file} holds no table of numbers; expected the owners' file, so unpack it again")
    return values


def _say_other_apex(found: _Found, keys: list[str]) -> None:
    other = [
        key for key in keys if (notes := found.notes["emotion"].get(key)) and max(notes) != max(found.pictures[key])
    ]
    if other:
        logger.warning(
            "ckplus: %d recordings do not end with the frame that is labeled, first %s; expected the whole recording",
            len(other),
            other[0],
        )
