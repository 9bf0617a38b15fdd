"""AKDEF: the averages of KDEF, a picture for each sex, expression and angle (Lundqvist and Litton 1998)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_tutorial.datasets.images import check_size
from fer_tutorial.datasets.kdef import ANGLES, AVERAGE, EXPRESSION, MISNAMED
from fer_tutorial.datasets.posed import pictures_below
from fer_tutorial.datasets.source import Source, check_split, chosen_among, existing_root
from fer_tutorial.datasets.stills import stills_source
from fer_tutorial.errors import UserError

EXPECTED = "the folder AKDEF, with pictures such as FAFS.JPG"


def open_akdef(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    angles: str = ",".join(ANGLES),
) -> Source:
    """The 70 averages; ``train`` is all of them, for each shows everybody in KDEF, so that they belong in no test.

    A name such as ``FAFHL.JPG`` says the sex (F), the expression (AF is afraid) and the angle (half left).  Pictures
    with other names, such as KDEF's own, are counted and left out.  ``index`` is the place in the sorted list of names,
    from 0.

    Raises:
        UserError: an unknown angle, another split, no pictures with such names, or one of them twice.
    """
    check_size(size, channels)
    check_split("akdef", split, ("train",))
    wanted = chosen_among("angles", angles, ANGLES, "angles=HL,S,HR")
    path = existing_root("akdef", root, EXPECTED)
    found: dict[str, tuple[str, str, Path]] = {}  # by key: expression, angle, file
    others: list[str] = []
    for file in pictures_below(path, EXPECTED):
        key = MISNAMED.get(file.stem.upper(), file.stem.upper())
        name = AVERAGE.fullmatch(key)
        if name is None:
            others.append(file.name)
        elif key in found:
            raise UserError(f"{found[key][2]} and {file} are both {key}; expected every picture once, so remove one")
        else:
            found[key] = (EXPRESSION[name["expression"]], name["angle"], file)
    keys = sorted(found)
    chosen = [position for position, key in enumerate(keys) if found[key][1] in wanted]
    if not chosen:
        raise UserError(f"{path} has no averages from {', '.join(wanted)}; expected {EXPECTED}")
    return stills_source(
        "akdef",
        split,
        size,
        channels,
        num_classes,
        [found[keys[i]][2] for i in chosen],
        [found[keys[i]][0] for i in chosen],
        {"index": np.array(chosen), "keys": np.array([keys[i] for i in chosen])},
        {"root": str(path.resolve()), "splits": "none: every picture shows everybody"},
        {
            "averages from other angles": len(keys) - len(chosen),
            f"pictures that are not named as AKDEF's (first {others[0] if others else ''})": len(others),
        },
    )
