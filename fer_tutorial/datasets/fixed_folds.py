"""Ten folds of people that do not depend on chance: ``test`` is one of them, ``train`` all others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fer_tutorial.datasets.images import is_whole
from fer_tutorial.datasets.source import check_split
from fer_tutorial.errors import UserError

FOLDS = 10
SPLITS = ("train", "test")
PROTOCOLS = ("ids", "mgln")


def check_fold(name: str, split: str, protocol: str, fold: int) -> None:
    """Refuse a split, a protocol or a fold that there is not."""
    if split == "valid":
        raise UserError(
            f"{name} has no validation split; expected train, test or all, so hold out a share of the training people "
            "(--holdout 0.1)"
        )
    check_split(name, split, (*SPLITS, "all"))
    if protocol not in PROTOCOLS:
        raise UserError(f"protocol is {protocol!r}; expected one of {', '.join(PROTOCOLS)}")
    if not is_whole(fold) or not 0 <= fold < FOLDS:
        raise UserError(f"fold is {fold!r}; expected 0 to {FOLDS - 1}")


def dealt(people: Sequence[str]) -> list[list[str]]:
    """People in the order of their names, dealt out like cards.

    >>> dealt([f"P{n:03}" for n in range(1, 81)])[0][:3]
    ['P001', 'P011', 'P021']
    """
    ordered = sorted(people)
    return [ordered[start::FOLDS] for start in range(FOLDS)]


def is_in(split: str, person: str, folds: Sequence[Collection[str]], fold: int) -> bool:
    """Whether a person is in a split whose test is one of the folds."""
    return split == "all" or (person in folds[fold]) == (split == "test")
