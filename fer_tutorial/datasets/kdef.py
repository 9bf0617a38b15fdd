"""KDEF: seventy people who posed seven expressions, seen from five angles, in two sessions (Lundqvist et al. 1998)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.images import UnreadableImage, check_size, open_image_file
from fer_tutorial.datasets.posed import PosedPictures, pictures_below
from fer_tutorial.datasets.source import SPLITS, Source, check_split, chosen_among, existing_root
from fer_tutorial.errors import UserError

EXPECTED = "the folder KDEF, with pictures such as AF01/AF01AFS.JPG"
PEOPLE = tuple(f"{sex}{number:02}" for sex in "FM" for number in range(1, 36))
# By the last digit of a person's number: 6 people are valid, 6 are test, half of them women.
PEOPLE_OF = {
    "train": tuple(person for person in PEOPLE if person[-1] not in "90"),
    "valid": tuple(person for person in PEOPLE if person[-1] == "9"),
    "test": tuple(person for person in PEOPLE if person[-1] == "0"),
}
EXPRESSION = {
    **{"NE": "neutral", "HA": "happiness", "SU": "surprise", "SA": "sadness"},
    **{"AN": "anger", "DI": "disgust", "AF": "fear"},
}
ANGLES = ("FL", "HL", "S", "HR", "FR")
NAME = re.compile(
    rf"(?P<session>[AB])(?P<person>[FM]\d\d)(?P<expression>{'|'.join(EXPRESSION)})(?P<angle>{'|'.join(ANGLES)})",
    re.IGNORECASE,
)
AVERAGE = re.compile(
    rf"(?P<sex>[FM])(?P<expression>{'|'.join(EXPRESSION)})(?P<angle>{'|'.join(ANGLES)})", re.IGNORECASE
)
# Files of the published set that lack letters; each is the one that is missing in its folder.  The last is of AKDEF.
MISNAMED = {"AF31V": "AF31SAHL", "AM31H": "AM31SUHR", "FAHR": "FAFHR"}
# Four files are all black, of 12,104 bytes; a black JPEG is small however it was saved, so only small ones are opened.
SMALL_BYTES, BLACK_MEAN = 20_000, 10


def open_kdef(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    angles: str = "FL,HL,S,HR,FR",
) -> Source:
    """KDEF, from all angles or from some.

    A name such as ``BM07AFHL.JPG`` says the session (B), the person (M07, who is the same in both sessions), the
    expression (AF is afraid) and the angle (half left).  The owners have no split: people whose number ends in 9 are
    valid, in 0 test, and all others train; or ``all`` is read, for folds by ``subjects``.  ``groups`` say the sex.
    ``index`` is the place in the sorted list of proper names, from 0.

    Two files with letters missing in their names are put right; black pictures, AKDEF's averages (read as ``akdef``)
    and other names are counted and left out.

    Args:
        root: the folder KDEF or one around it.
        split: ``train``, ``valid``, ``test`` or ``all``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: as everywhere; there is no contempt.
        angles: some of ``S`` (straight), ``HL`` and ``HR`` (half left and right), ``FL`` and ``FR`` (full).

    Raises:
        UserError: an unknown angle, no pictures with such names, or one of them twice.
    """
    check_size(size, channels)
    check_split("kdef", split, (*SPLITS, "all"))
    wanted = chosen_among("angles", angles, ANGLES, "angles=HL,S,HR")
    path = existing_root("kdef", root, EXPECTED)
    found = PosedPictures("kdef", PEOPLE, group_names=("sex",))
    files = pictures_below(path, EXPECTED)
    present = {file.stem.upper() for file in files}
    black, averages, seen_from_elsewhere = 0, 0, 0
    others: list[str] = []
    for file in files:
        stem = file.stem.upper()
        proper = MISNAMED.get(stem, stem)
        if proper != stem and proper in present:
            others.append(file.name)
            continue
        name = NAME.fullmatch(proper)
        if name is None or name["person"] not in PEOPLE:
            if AVERAGE.fullmatch(proper):
                averages += 1
            else:
                others.append(file.name)
        elif name["angle"] not in wanted:
            seen_from_elsewhere += 1
        elif _is_black(file):
            black += 1
        else:
            sex = "female" if name["person"].startswith("F") else "male"
            found.add(proper, file, EXPRESSION[name["expression"]], name["person"], sex)
    if not found.files:
        raise UserError(
            f"{path} has no picture named as KDEF's are from {', '.join(wanted)}; expected {EXPECTED}, and not the "
            "averages of AKDEF"
        )
    found.left_out = {
        "pictures from other angles": seen_from_elsewhere,
        "black pictures": black,
        "averages of AKDEF": averages,
        f"pictures that are not named as KDEF's (first {others[0] if others else ''})": len(others),
    }
    return found.source(path, split, PEOPLE_OF, (size, size, channels), num_classes)


def _is_black(file: Path) -> bool:
    if file.stat().st_size > SMALL_BYTES:
        return False
    try:
        return bool(np.asarray(open_image_file(file).convert("L")).mean() < BLACK_MEAN)
    except UnreadableImage:
        return False  # it is named, with others, when the pictures are read
