"""RaFD: 67 people who posed eight expressions, looking three ways, seen by five cameras (Langner et al. 2010)."""

from __future__ import annotations

import re
from pathlib import Path

from fer_tutorial.datasets.images import check_size
from fer_tutorial.datasets.posed import PosedPictures, pictures_below
from fer_tutorial.datasets.source import SPLITS, Source, check_split, chosen_among, existing_root
from fer_tutorial.errors import UserError

EXPECTED = "RaFD's pictures such as Rafd090_01_Caucasian_female_angry_frontal.jpg"
# Models have numbers up to 73, and not every number is one's.
PEOPLE = tuple(f"{number:02}" for number in range(1, 74))
# By the last digit of a model's number.
PEOPLE_OF = {
    "train": tuple(person for person in PEOPLE if person[-1] not in "90"),
    "valid": tuple(person for person in PEOPLE if person[-1] == "9"),
    "test": tuple(person for person in PEOPLE if person[-1] == "0"),
}
EXPRESSION = {
    **{"neutral": "neutral", "happy": "happiness", "surprised": "surprise", "sad": "sadness"},
    **{"angry": "anger", "disgusted": "disgust", "fearful": "fear", "contemptuous": "contempt"},
}
CAMERAS = ("000", "045", "090", "135", "180")
GAZES = ("left", "frontal", "right")
NAME = re.compile(
    rf"rafd(?P<camera>{'|'.join(CAMERAS)})_(?P<model>\d\d)_(?P<group>caucasian|moroccan|kid)_(?P<sex>female|male)_"
    rf"(?P<expression>{'|'.join(EXPRESSION)})_(?P<gaze>{'|'.join(GAZES)})"
)


def open_rafd(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    cameras: str = ",".join(CAMERAS),
    gazes: str = ",".join(GAZES),
) -> Source:
    """RaFD, from all cameras and gazes or from some.

    A name such as ``Rafd090_28_Caucasian_male_angry_frontal.jpg`` says the camera (090 is in front), the model, the
    group (Kid for children), the sex, the expression and the gaze.  The owners have no split: models whose number ends
    in 9 are valid, in 0 test, and all others train; or ``all`` is read, for folds by ``subjects``.  Pictures with other
    names are counted and left out.  ``groups`` say sex and group.  ``index`` is the place in the sorted list
    of names, from 0.

    Args:
        root: the folder of pictures, or one around it.
        split: ``train``, ``valid``, ``test`` or ``all``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: 7, or 8 with contempt.
        cameras: some of ``000``, ``045``, ``090``, ``135`` and ``180``.
        gazes: some of ``left``, ``frontal`` and ``right``.

    Raises:
        UserError: an unknown camera or gaze, no pictures with such names, or one of them twice.
    """
    check_size(size, channels)
    check_split("rafd", split, (*SPLITS, "all"))
    seen_by = chosen_among("cameras", cameras, CAMERAS, "cameras=045,090,135")
    looking = chosen_among("gazes", gazes, GAZES, "gazes=frontal")
    path = existing_root("rafd", root, EXPECTED)
    found = PosedPictures("rafd", PEOPLE, group_names=("sex", "owners' group"))
    others: list[str] = []
    not_asked_for = 0
    for file in pictures_below(path, EXPECTED):
        name = NAME.fullmatch(file.stem.lower())
        if name is None or name["model"] not in PEOPLE:
            others.append(file.name)
        elif name["camera"] not in seen_by or name["gaze"] not in looking:
            not_asked_for += 1
        else:
            expression = EXPRESSION[name["expression"]]
            found.add(file.stem.lower(), file, expression, name["model"], name["sex"], name["group"])
    if not found.files:
        first = f", first {others[0]}" if others else ""
        raise UserError(
            f"{path} has no picture of the cameras {', '.join(seen_by)} and gazes {', '.join(looking)} that is named "
            f"as RaFD's are{first}; expected {EXPECTED}"
        )
    found.left_out = {"pictures by other cameras or with other gazes": not_asked_for}
    if others:
        found.left_out[f"pictures that are not named as RaFD's (first {others[0]})"] = len(others)
    return found.source(path, split, PEOPLE_OF, (size, size, channels), num_classes)
