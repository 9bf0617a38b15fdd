"""One notebook a student, out of whatever a learning platform hands over; nothing in it is believed or unpacked.

Files are read, never extracted: what is written has the student's number for a name.
"""

from __future__ import annotations

import ast
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fer_tutorial.coursework.answers import parsed
from fer_tutorial.coursework.grade import digest
from fer_tutorial.coursework.markers import STUDENT, TASK, first_line
from fer_tutorial.coursework.notebook import LARGEST, Cell, Unreadable, read_cells, too_large
from fer_tutorial.coursework.roster import Student, owner
from fer_tutorial.coursework.safe_text import write_table
from fer_tutorial.errors import UserError

MOST_FILES = 20_000
MOST_BYTES = 4_000_000_000  # of all files together
SUBMISSIONS, PROBLEMS = "submissions.csv", "problems.csv"
COLUMNS = ("student", "file", "sha256", "bytes", "late_minutes")


@dataclass(frozen=True)
class File:
    """Something that was handed over.

    Attributes:
        name: its path, as it calls itself.
        content: of the file; None if it was not read.
        time: of its last change.
        problem: why it was not read.
    """

    name: str
    content: bytes | None
    time: datetime
    problem: str = ""


@dataclass(frozen=True)
class _Submission:
    student: Student
    file: File
    cells: list[Cell]

    @property
    def rank(self) -> tuple[bool, datetime, str]:
        """The latest one that has tasks counts."""
        return (
            any(TASK.match(first_line(cell.source)) or cell.task for cell in self.cells),
            self.file.time,
            self.file.name,
        )


def collect(source: Path, students: list[Student], out: Path, deadline: datetime | None = None) -> dict[str, int]:
    """Write the notebook of every student that handed one in, a table of them, and a table of problems.

    Args:
        source: a folder, or a zip file of Moodle or Canvas.
        students: whom to expect.
        out: the folder to write.
        deadline: from which minutes of lateness are counted, by the files' times.

    Returns:
        How many submissions and how many problems there were.

    Raises:
        UserError: there is nothing that can be read.
    """
    problems: list[dict[str, str]] = []
    found: dict[str, list[_Submission]] = {}
    for file in files(source):
        try:
            submission = _submission(file, students)
        except Unreadable as error:
            problems.append({"student": "", "file": file.name, "problem": str(error)})
            continue
        claimed = claimed_by(submission.cells)
        if claimed and claimed.lower() != submission.student.id.lower():
            problem = f"the notebook says that it is by {claimed!r}, the file's name that it is by this student"
            problems.append({"student": submission.student.id, "file": file.name, "problem": problem})
        found.setdefault(submission.student.id, []).append(submission)
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    seen: dict[str, str] = {}
    for number, submissions in sorted(found.items()):
        *earlier, last = sorted(submissions, key=lambda submission: submission.rank)
        for other in earlier:
            problem = f"replaced by {last.file.name}, which is later or more complete"
            problems.append({"student": number, "file": other.file.name, "problem": problem})
        content = last.file.content or b""
        (out / f"{number}.ipynb").write_bytes(content)
        late = 0 if deadline is None else max(0, int((last.file.time - deadline).total_seconds() // 60))
        row = {"student": number, "file": last.file.name, "sha256": digest(content), "bytes": len(content)}
        rows.append({**row, "late_minutes": late})
        if (same := seen.setdefault(digest(content), number)) != number:
            problem = f"the same file, to the last byte, as that of {same}"
            problems.append({"student": number, "file": last.file.name, "problem": problem})
    for student in students:
        if student.id not in found:
            problems.append({"student": student.id, "file": "", "problem": "nothing was handed in"})
    write_table(out / SUBMISSIONS, COLUMNS, rows)
    write_table(out / PROBLEMS, ("student", "file", "problem"), problems)
    return {"submissions": len(rows), "problems": len(problems)}


def files(source: Path) -> Iterator[File]:
    """Everything in a folder or zip file, read within limits."""
    if source.is_dir():
        yield from _of_folder(source)
        return
    try:
        with zipfile.ZipFile(source) as archive:
            yield from _of_archive(archive)
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(f"{source} cannot be read ({error}); expected a folder or a zip file") from error


def _of_folder(source: Path) -> Iterator[File]:
    read = 0
    for path in sorted(source.rglob("*")):
        status = path.lstat()
        name, time = str(path.relative_to(source)), datetime.fromtimestamp(status.st_mtime)
        if stat.S_ISLNK(status.st_mode):
            yield File(name, None, time, "a link, which is not followed")
        elif stat.S_ISREG(status.st_mode):
            problem = _refusal(name, status.st_size, read)
            read += 0 if problem else status.st_size
            yield File(name, None if problem else path.read_bytes(), time, problem)


def _of_archive(archive: zipfile.ZipFile) -> Iterator[File]:
    members = archive.infolist()
    if len(members) > MOST_FILES:
        raise UserError(f"the zip file has {len(members)} files; expected {MOST_FILES} at most")
    read = 0
    for member in members:
        if member.is_dir():
            continue
        try:
            time = datetime(*member.date_time)
        except ValueError:
            time = datetime(1980, 1, 1)
        problem = _refusal(member.filename, member.file_size, read)
        if stat.S_ISLNK(member.external_attr >> 16):
            problem = "a link, which is not followed"
        content = None
        if not problem:
            try:
                with archive.open(member) as file:
                    content = file.read(LARGEST + 1)  # whatever size it claims to have
            except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError) as error:
                problem = f"it cannot be unpacked ({error})"
            except Exception as error:  # of the decompressors, each has its own
                problem = f"it cannot be unpacked ({type(error).__name__})"
            read += len(content or b"")
        yield File(member.filename, content, time, problem)


def _refusal(name: str, size: int, read: int) -> str:
    if not name.lower().endswith(".ipynb"):
        return "not a notebook"
    if size > LARGEST:
        return too_large(size)
    return "there are too many bytes altogether" if read + size > MOST_BYTES else ""


def _submission(file: File, students: list[Student]) -> _Submission:
    if file.content is None:
        raise Unreadable(file.problem)
    cells = read_cells(file.content)
    claimed = claimed_by(cells)
    by_claim = next((student for student in students if student.id.lower() == claimed.lower()), None)
    student = owner(file.name, students) or by_claim
    if student is None:
        said = f"the notebook says {claimed!r}" if claimed else "neither its name nor the notebook says whose it is"
        raise Unreadable(f"no student of the roster is its author: {said}")
    return _Submission(student, file, cells)


def claimed_by(cells: list[Cell]) -> str:
    """The number that stands in the student's cell; "" if there is none."""
    for cell in cells:
        tree = parsed(cell.source) if STUDENT.match(first_line(cell.source)) else None
        for node in tree.body if tree else []:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                return str(node.value.value).strip()[:64]
    return ""
