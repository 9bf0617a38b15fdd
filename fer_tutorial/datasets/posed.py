"""What JAFFE, KDEF and RaFD have in common: posed pictures whose names say who it is and what was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.people import person_numbers
from fer_tutorial.datasets.picture_files import PictureIndex
from fer_tutorial.datasets.source import Source, logger
from fer_tutorial.datasets.stills import stills_source
from fer_tutorial.errors import UserError


@dataclass
class PosedPictures:
    """The pictures of a set, in the order of their proper names, and what was left out of them.

    ``people`` are all the people of the set, so that a person has the same number in every copy of it.
    """

    name: str
    people: tuple[str, ...]
    files: dict[str, Path] = field(default_factory=dict)  # by key, in the order of finding
    expressions: list[str] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    group_names: tuple[str, ...] = ()
    groups: list[tuple[str, ...]] = field(default_factory=list)  # what a picture's name says of the person

    def add(self, key: str, file: Path, expression: str, person: str, *group: str) -> None:
        if key in self.files:
            raise UserError(
                f"{self.files[key]} and {file} are both {key}; expected every picture once, so remove one of the copies"
            )
        self.files[key] = file
        self.expressions.append(expression)
        self.persons.append(person)
        self.groups.append(group)

    def source(
        self, root: Path, split: str, people_of: dict[str, tuple[str, ...]], shape: tuple[int, int, int], classes: int
    ) -> Source:
        """The pictures of the people in a split, or of all."""
        keys = list(self.files)
        order = sorted(range(len(keys)), key=keys.__getitem__)
        chosen = [i for i in order if split == "all" or self.persons[i] in people_of[split]]
        if not chosen:
            raise UserError(f"{root} has no pictures of the people in the split {split!r}; expected the whole set")
        if split != "all":
            people = ", ".join(sorted({self.persons[i] for i in chosen}))
            logger.info("%s, %s split, chosen by this package: the people %s", self.name, split, people)
        place = {i: position for position, i in enumerate(order)}
        numbers = dict(zip(self.people, person_numbers(self.people).tolist(), strict=True))
        return stills_source(
            self.name,
            split,
            shape[0],
            shape[2],
            classes,
            [self.files[keys[i]] for i in chosen],
            [self.expressions[i] for i in chosen],
            {
                "index": np.array([place[i] for i in chosen]),
                "subjects": np.array([numbers[self.persons[i]] for i in chosen]),
                "keys": np.array([keys[i] for i in chosen]),
                **({"groups": np.array([self.groups[i] for i in chosen])} if self.group_names else {}),
            },
            {"root": str(root.resolve()), "splits": "by person, chosen by this package"},
            self.left_out,
            group_names=self.group_names,
        )


def pictures_below(root: Path, expected: str) -> list[Path]:
    """All pictures in a folder and the folders in it, sorted."""
    if not root.is_dir():
        raise UserError(f"{root} is a file; expected {expected}, so unpack it first")
    files = PictureIndex(root).files
    if not files:
        raise UserError(f"{root} holds no pictures; expected {expected}")
    return files
