"""The list of students that a lecturer has: a CSV file with a column ``student`` and what platforms need besides."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from fer_tutorial.coursework.safe_text import read_table
from fer_tutorial.errors import UserError

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
FOLDED = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Student:
    """A row of the roster.

    Attributes:
        id: as marks have it; letters, digits, hyphens and full stops, so that files can be called by it.
        name: as people have it; by it the platforms name files.
        more: the other columns.
    """

    id: str
    name: str = ""
    more: dict[str, str] = field(default_factory=dict)


def read_roster(path: Path) -> list[Student]:
    """The students of a roster.

    Raises:
        UserError: it cannot be read, or a student's number cannot stand in the name of a file or stands there twice.
    """
    try:
        rows = read_table(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the roster {path} cannot be read ({error}); expected a CSV file in UTF-8") from error
    if not rows or "student" not in rows[0]:
        raise UserError(f"the roster {path} has no column student; expected one, and perhaps name and email")
    students = []
    for row in rows:
        number = row.pop("student").strip()
        if not SAFE.match(number):
            raise UserError(f"the roster {path} has the student {number!r}; expected letters, digits, '-', '_' and '.'")
        students.append(Student(number, row.pop("name", "").strip(), row))
    numbers = [student.id.lower() for student in students]
    for number in numbers:
        if numbers.count(number) > 1:
            raise UserError(f"the roster {path} has the student {number!r} twice; expected each once")
    return students


def owner(path: str, students: list[Student]) -> Student | None:
    """The one student whom the path of a file names, by number or by name as Moodle and Canvas write it; or None."""
    folded = FOLDED.sub("", path.lower())
    by_number = [student for student in students if _stands_in(student.id.lower(), path.lower())]
    by_name = [
        student for student in students if student.name and any(name in folded for name in _orders(student.name))
    ]
    found = by_number or by_name
    return found[0] if len(found) == 1 else None


def _stands_in(number: str, path: str) -> bool:
    """Whether a number stands in a path as a whole, and not as a part of another."""
    return re.search(rf"(?<![a-z0-9]){re.escape(number)}(?![a-z0-9])", path) is not None


def _orders(name: str) -> set[str]:
    """A name as it may begin a file's name: "Ada Lovelace" as adalovelace and lovelaceada."""
    words = [word for word in FOLDED.split(name.lower()) if word]
    return {"".join(words), "".join([*words[-1:], *words[:-1]])} if len("".join(words)) > 3 else set()
