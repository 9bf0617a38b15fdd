"""DISFA's 66 points a frame: which file is whose frame, which frames are wrong, and how they become 68."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.images import Box
from fer_tutorial.datasets.optional import optional_module
from fer_tutorial.datasets.sequences import MARGIN
from fer_tutorial.datasets.source import reason
from fer_tutorial.errors import UserError

# SN001_0000_lm.mat counts frames from 0, l00001_lm.mat from 1.
LANDMARK_FILE = re.compile(r"(?:SN\d{3}_(?P<from_0>\d+)|l(?P<from_1>\d+))_lm\.mat", re.IGNORECASE)
# The 66 are the 68 without the inner corners of the mouth.
KNOWN = [point for point in range(68) if point not in (60, 64)]
# Where they may be put: halfway from the outer corner to the middle of the two inner points beside it.
INNER_CORNERS = ((60, 48, [61, 67]), (64, 54, [63, 65]))
# Frames, from 1 and both ends with them, in which the owners say that the points are wrong; the labels stand.
WRONG = {
    "SN001": ((398, 420), (3190, 3243)),
    "SN002": ((800, 826),),
    "SN004": ((4541, 4555),),
    "SN006": ((1349, 1405),),
    "SN009": ((1736, 1808), (1851, 1885)),
    "SN011": ((4529, 4533), (4830, 4845)),
    "SN021": (
        *((574, 616), (985, 1164), (1190, 1205), (1305, 1338)),
        *((1665, 1710), (1862, 2477), (2554, 4657), (4710, 4722)),
    ),
    "SN023": ((1021, 1049), (3378, 3557), (3584, 3668), (4547, 4621), (4741, 4772), (4825, 4845)),
    "SN025": ((4596, 4662), (4816, 4835)),
    "SN027": ((3461, 3494), (4738, 4785)),
    "SN028": ((1875, 1885), (4571, 4690)),
    "SN029": ((4090, 4543),),
    "SN030": ((939, 962), (1406, 1422), (2100, 2132), (2893, 2955)),
}


def is_wrong(person: str, frame: int) -> bool:
    """Whether the owners say that the points of a frame, counted from 1, are wrong."""
    return any(first <= frame <= last for first, last in WRONG.get(person, ()))


class SubjectPoints:
    """The files of one person by frame, from 1.

    By one public account a folder may have one file more than there are frames, and then the first is none of them.
    """

    def __init__(self, person: str, files: list[Path], frames: int, fill_corners: bool = False) -> None:
        self.person, self.fill_corners = person, fill_corners
        self._files: dict[int, Path] = {}
        surplus = len(files) == frames + 1
        for file in files:
            name = LANDMARK_FILE.fullmatch(file.name)
            if name is None:
                continue
            number = int(name["from_0"]) + 1 if name["from_0"] else int(name["from_1"])
            number -= surplus
            if number in self._files:
                raise UserError(f"{self._files[number]} and {file} are of one frame; expected one of them")
            self._files[number] = file

    def of(self, frame: int) -> np.ndarray:
        """The 68 points of a frame; all NaN where there are none, or wrong ones."""
        points = np.full((68, 2), np.nan)
        file = self._files.get(frame)
        if file is not None and not is_wrong(self.person, frame):
            points[KNOWN] = _read(file)
            if self.fill_corners:
                for corner, outer, lips in INNER_CORNERS:
                    points[corner] = (points[outer] + points[lips].mean(axis=0)) / 2
        return points


def box_around(points: np.ndarray) -> Box | None:
    """The square around the points of a frame; None without any."""
    if np.isnan(points).all():
        return None
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    (x, y), half = (low + high) / 2, MARGIN * (high - low).max() / 2
    return float(x - half), float(y - half), float(x + half), float(y + half)


def _read(file: Path) -> np.ndarray:
    io = optional_module("scipy.io", file)
    try:
        points = np.asarray(io.loadmat(file)["pts"], np.float64)
    except Exception as error:  # whatever scipy stumbles over, it is the file that is damaged
        raise UserError(f"{file} cannot be read ({reason(error)}); expected MATLAB's pts, so unpack it again") from None
    if points.shape != (len(KNOWN), 2) or not np.isfinite(points).all():
        raise UserError(f"{file} has points of shape {points.shape}; expected 66 points x y, so unpack it again")
    return points
