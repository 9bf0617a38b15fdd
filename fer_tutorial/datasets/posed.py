"""What JAFFE and KDEF have in common: posed pictures whose names say who it is and which expression was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_tutorial.datasets.images import picture_reader
from fer_tutorial.datasets.people import person_numbers
from fer_tutorial.datasets.picture_files import PictureIndex
from fer_tutorial.datasets.source import Source, expression_classes, logger, say_left_out
from fer_tutorial.errors import UserError


@dataclass
class PosedPictures:
    """The pictures of a set, in the order of their proper names, and what was left out of them.

    ``people`` are all the people of the set, so that a person has the same number in every copy of it.
    """

    name: str
    people: tuple[str, ...]
    keys: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    expressions: list[str] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, file: Path, expression: str, person: str) -> None:
        if key in self.keys:
            raise UserError(
                f"{self.files[self.keys.index(key)]} and {file} are both {key}; expected every picture once, so remove "
                "one of the copies"
            )
        self.keys.append(key)
        self.files.append(file)
        self.expressions.append(expression)
        self.persons.append(person)

    def source(
        self, root: Path, split: str, people_of: dict[str, tuple[str, ...]], shape: tuple[int, int, int], classes: int
    ) -> Source:
        """The pictures of the people in a split, or of all."""
        class_names = expression_classes(classes)
        order = sorted(range(len(self.keys)), key=self.keys.__getitem__)
        chosen = [i for i in order if split == "all" or self.persons[i] in people_of[split]]
        say_left_out(self.name, split, self.left_out)
        if not chosen:
            raise UserError(f"{root} has no pictures of the people in the split {split!r}; expected the whole set")
        if split != "all":
            people = ", ".join(people_of[split])
            logger.info("%s, %s split, chosen by this package: the people %s", self.name, split, people)
        place = {key: position for position, key in enumerate(self.keys[i] for i in order)}
        numbers = dict(zip(self.people, person_numbers(self.people).tolist(), strict=True))
        return Source(
            self.name,
            split,
            class_names,
            {
                "labels": np.array([class_names.index(self.expressions[i]) for i in chosen]),
                "index": np.array([place[self.keys[i]] for i in chosen]),
                "subjects": np.array([numbers[self.persons[i]] for i in chosen]),
                "keys": np.array([self.keys[i] for i in chosen]),
            },
            shape,
            picture_reader([self.files[i] for i in chosen], shape[0], shape[2]),
            provenance={"root": str(root.resolve()), "splits": "by person, chosen by this package"},
        )


def pictures_below(root: Path, expected: str) -> list[Path]:
    """All pictures in a folder and the folders in it, sorted."""
    if not root.is_dir():
        raise UserError(f"{root} is a file; expected {expected}, so unpack it first")
    files = PictureIndex(root).files
    if not files:
        raise UserError(f"{root} holds no pictures; expected {expected}")
    return files
