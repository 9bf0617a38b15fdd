"""JAFFE: ten Japanese women who posed seven expressions, two to four times each (Lyons et al. 1998)."""

from __future__ import annotations

import re
from pathlib import Path

from fer_tutorial.datasets.images import check_size
from fer_tutorial.datasets.posed import PosedPictures, pictures_below
from fer_tutorial.datasets.source import SPLITS, Source, check_split, existing_root
from fer_tutorial.errors import UserError

EXPECTED = "JAFFE's folder of pictures such as KA.AN1.39.tiff"
PEOPLE = ("KA", "KL", "KM", "KR", "MK", "NA", "NM", "TM", "UY", "YM")
# Eight people, one and one, by the order of their names.
PEOPLE_OF = {"train": PEOPLE[:8], "valid": PEOPLE[8:9], "test": PEOPLE[9:]}
EXPRESSION = {
    **{"NE": "neutral", "HA": "happiness", "SU": "surprise", "SA": "sadness"},
    **{"AN": "anger", "DI": "disgust", "FE": "fear"},
}
NAME = re.compile(
    rf"(?P<person>{'|'.join(PEOPLE)})\.(?P<expression>{'|'.join(EXPRESSION)})(?P<take>\d)\.(?P<number>\d+)",
    re.IGNORECASE,
)
PUBLISHED = 213


def open_jaffe(
    root: str | Path | None, split: str = "train", size: int = 48, channels: int = 3, num_classes: int = 7
) -> Source:
    """JAFFE by the expression that was posed, which is not always the one that the raters saw.

    A name such as ``KA.AN1.39.tiff`` says who it is, the expression, the take and the owners' number; copies that were
    saved as .png or .jpg are read too.  The owners have no split: eight people are train, one is valid and one is test,
    or ``all`` is read, for folds by ``subjects``, which is how results on it are usually given.  Pictures with other
    names are counted and left out.  ``index`` is the place in the sorted list of names, from 0.

    Raises:
        UserError: no pictures with such names, or one of them twice.
    """
    check_size(size, channels)
    check_split("jaffe", split, (*SPLITS, "all"))
    path = existing_root("jaffe", root, EXPECTED)
    found = PosedPictures("jaffe", PEOPLE)
    others: list[str] = []
    for file in pictures_below(path, EXPECTED):
        name = NAME.fullmatch(file.stem)
        if name is None:
            others.append(file.name)
        else:
            found.add(file.stem.upper(), file, EXPRESSION[name["expression"].upper()], name["person"].upper())
    if not found.files:
        raise UserError(f"{path} has no picture named as JAFFE's are, first {others[0]}; expected {EXPECTED}")
    if others:
        found.left_out[f"pictures that are not named as JAFFE's (first {others[0]})"] = len(others)
    if len(found.files) != PUBLISHED:
        found.left_out[f"of the {PUBLISHED} published pictures, which are not there"] = max(
            PUBLISHED - len(found.files), 0
        )
    return found.source(path, split, PEOPLE_OF, (size, size, channels), num_classes)
