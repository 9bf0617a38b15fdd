"""Who is pictured, as far as file names tell, and which split a picture or a person is drawn into."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from fer_tutorial.errors import UserError

# Hundredths that go to train, and to train or valid, where a data set has no splits of its own.
TRAIN_PERCENT, VALID_PERCENT = 80, 90


def people_in(names: Sequence[PurePath], pattern: str) -> list[str]:
    r"""Who is in each of the pictures: what the one group of the regular expression ``pattern`` matches in its name.

    A name is a path below the class folder, so a folder for each person can be matched as well.

    Raises:
        UserError: no regular expression, not exactly one group, or a name in which it is not found.

    >>> people_in([PurePath("S010_004_00000017.png"), PurePath("S011_001_00000014.png")], r"^(S\d+)_")
    ['S010', 'S011']
    """
    advice = r"expected a regular expression with one group, such as subjects='^(S\d+)_' for S010_004_00000017.png"
    if not isinstance(pattern, str):
        raise UserError(f"subjects is {pattern!r}; {advice}")
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UserError(f"subjects is {pattern!r}, which is no regular expression ({error}); {advice}") from None
    if compiled.groups != 1:
        raise UserError(f"subjects is {pattern!r}, which has {compiled.groups} groups; {advice}")
    people = []
    for name in names:
        found = compiled.search(name.as_posix())
        if found is None or not found[1]:
            raise UserError(
                f"subjects={pattern!r} finds nobody in {name.as_posix()!r}; expected it to say who is in each "
                "picture, so mend the pattern or the name"
            )
        people.append(found[1])
    return people


def person_numbers(people: Sequence[str]) -> np.ndarray:
    """int64 (N,): people numbered in the order of their names.

    >>> person_numbers(["S011", "S010", "S011"])
    array([1, 0, 1])
    """
    return np.unique(np.array(people, str), return_inverse=True)[1].astype(np.int64)


def drawn_split(name: str) -> str:
    """The split that a checksum of ``name`` (a picture, or a person) draws; it never changes.

    >>> drawn_split("S010"), drawn_split("S011")
    ('train', 'valid')
    """
    percent = zlib.crc32(name.encode()) % 100
    return "train" if percent < TRAIN_PERCENT else "valid" if percent < VALID_PERCENT else "test"
