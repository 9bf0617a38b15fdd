"""Who is pictured, as far as file names tell, and which split a picture or a person is drawn into."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from fer_tutorial.datasets.source import logger
from fer_tutorial.errors import UserError

# Hundredths that go to train, and to train or valid, where a data set has no splits of its own.
TRAIN_PERCENT, VALID_PERCENT = 80, 90
SHARES = {"train": "80 %", "valid": "10 %", "test": "10 %"}
NOBODY_KNOWN = "nothing is known of who is pictured, so one person may be in several splits"
DRAWN_BY_PICTURE = f"drawn by picture: {NOBODY_KNOWN}"


def people_in(names: Sequence[PurePath], pattern: str) -> list[str]:
    r"""Who is in each of the pictures: what the one group of the regular expression ``pattern`` matches in its name.

    A name is a path below the class folder, so a folder for each person can be matched as well.

    Raises:
        UserError: no regular expression, not exactly one group, or a name in which it is not found.

    >>> people_in([PurePath("S010_004_00000017.png"), PurePath("S011_001_00000014.png")], r"^(S\d+)_")
    ['S010', 'S011']
    """
    example = r"'^(S\d+)_' for S010_004_00000017.png"
    return _matches(names, pattern, "subjects", example, "nobody", "who is in each picture")


def splits_in(names: Sequence[PurePath], pattern: str) -> list[str]:
    """Which split each of the pictures is in, by its name; as :func:`people_in`.

    >>> splits_in([PurePath("train_00001.jpg"), PurePath("test_0001.jpg")], "^([a-z]+)_")
    ['train', 'test']
    """
    return _matches(
        names, pattern, "split_by", "'^([a-z]+)_' for train_00001.jpg", "no split", "the split of each picture"
    )


def _matches(names: Sequence[PurePath], pattern: str, option: str, example: str, nothing: str, what: str) -> list[str]:
    advice = f"expected a regular expression with one group, such as {option}={example}"
    if not isinstance(pattern, str):
        raise UserError(f"{option} is {pattern!r}; {advice}")
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UserError(f"{option} is {pattern!r}, which is no regular expression ({error}); {advice}") from None
    if compiled.groups != 1:
        raise UserError(f"{option} is {pattern!r}, which has {compiled.groups} groups; {advice}")
    found = []
    for name in names:
        match = compiled.search(name.as_posix())
        if match is None or not match[1]:
            raise UserError(
                f"{option}={pattern!r} finds {nothing} in {name.as_posix()!r}; expected it to say {what}, so mend the "
                "pattern or the name"
            )
        found.append(match[1])
    return found


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


def say_drawn(name: str, split: str, by_person: bool, advice: str = " (the option subjects=PATTERN tells)") -> None:
    """Log that a split is drawn and, where nothing is known of people, what that means."""
    of, warning = ("people", "") if by_person else ("pictures", f"; {NOBODY_KNOWN}{advice}")
    logger.info("%s, %s split: %s of the %s, drawn by name%s", name, split, SHARES[split], of, warning)
