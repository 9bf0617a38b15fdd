"""Grading a whole course: in parallel, going on where it was interrupted, doing again only what changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fer_tutorial.coursework.assignment import Assignment
from fer_tutorial.coursework.collect import SUBMISSIONS
from fer_tutorial.coursework.grade import VERSION, PropertyMark, TaskMark, digest, grade
from fer_tutorial.coursework.remote import Session
from fer_tutorial.coursework.safe_text import read_table, write_table
from fer_tutorial.coursework.sandbox import Sandbox
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.coursework.task import CodeTask
from fer_tutorial.errors import UserError

MARKS, RESULTS, RUN = "marks.csv", "results", "run.json"
OF_THE_MARK = ("student", "task", "auto", "auto_max", "human", "human_max", "status", "seconds")
COLUMNS = (*OF_THE_MARK, "file_sha256", "grader_version", "seed_id", "late_minutes")
Row = dict[str, Any]


@dataclass(frozen=True)
class Grading:
    """What is graded, by what, where.

    Attributes:
        assignment: with its key.
        secret: from which hidden inputs are drawn, and students' parameters.
        per_student: whether each student has parameters of their own.
        sandbox: in which answers run.
        jobs: how many submissions at a time.
    """

    assignment: Assignment
    secret: Secret
    per_student: bool
    sandbox: Sandbox
    jobs: int = 1

    def fingerprint(self, file_sha256: str) -> str:
        """Of everything that a submission's marks depend on."""
        parts = (VERSION, self.assignment.digest, self.secret.name, str(self.per_student), file_sha256)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def variant(self, student: str) -> Mapping[str, Any]:
        assignment = self.assignment
        return assignment.variant(self.secret, student) if self.per_student else assignment.common_variant()

    def mark(self, student: str, content: bytes) -> list[TaskMark]:
        """The marks of one submission, in a sandbox of its own."""
        variant = self.variant(student)
        with Session(self.sandbox, self.assignment.given(variant)) as session:
            return grade(content, self.assignment, variant, self.secret, session)

    def rows(self, student: str, marks: Iterable[TaskMark], file_sha256: str, late: str) -> list[Row]:
        """The rows of a submission in the table of marks; what people give is empty as yet."""
        tasks = {task.name: task for task in self.assignment.tasks}
        record: Row = {"file_sha256": file_sha256, "grader_version": VERSION, "seed_id": self.secret.name}
        record["late_minutes"] = late
        rows = []
        for mark in marks:
            task = tasks[mark.task]
            row: Row = {
                "student": student,
                "task": mark.task,
                "human": "",
                "status": mark.status,
                "seconds": mark.seconds,
            }
            if isinstance(task, CodeTask):
                row |= {"auto": mark.marks, "auto_max": task.marks, "human_max": 0}
            else:
                row |= {"auto": "", "auto_max": 0, "human_max": task.marks}
            rows.append(row | record)
        return rows


def grade_all(grading: Grading, inbox: Path, out: Path, again: bool = False) -> list[Row]:
    """Grade every submission of an inbox; the rows of the table of marks.

    Args:
        grading: how.
        inbox: what ``collect`` wrote.
        out: the folder for the results; with those it has already, only what changed is graded.
        again: grade also what did not change.

    Raises:
        UserError: the inbox is not one.
    """
    submissions = read_submissions(inbox)
    (out / RESULTS).mkdir(parents=True, exist_ok=True)

    def one(submission: Mapping[str, str]) -> list[Row]:
        student = submission["student"]
        content = (inbox / f"{student}.ipynb").read_bytes()
        wanted, path = grading.fingerprint(digest(content)), out / RESULTS / f"{student}.json"
        marks = None if again else _kept(path, wanted)
        if marks is None:
            marks = grading.mark(student, content)
            _keep(path, wanted, student, marks)
            print(f"{student}: {sum(mark.marks for mark in marks)} marks", flush=True)
        return grading.rows(student, marks, digest(content), submission.get("late_minutes", ""))

    with ThreadPoolExecutor(grading.jobs) as pool:
        rows = [row for found in pool.map(one, submissions) for row in found]
    write_table(out / MARKS, COLUMNS, rows)
    return rows


def read_submissions(inbox: Path) -> list[dict[str, str]]:
    """The submissions of an inbox, in the order of the students' numbers."""
    if not (inbox / SUBMISSIONS).is_file():
        raise UserError(f"{inbox} has no {SUBMISSIONS}; expected the folder that fer-tutorial course collect wrote")
    rows = read_table(inbox / SUBMISSIONS)
    missing = [row["student"] for row in rows if not (inbox / f"{row['student']}.ipynb").is_file()]
    if missing:
        raise UserError(f"{inbox} lacks the notebooks of {', '.join(missing)}; collect anew")
    return rows


def read_results(out: Path) -> dict[str, list[TaskMark]]:
    """The marks of every student that was graded into ``out``."""
    paths = sorted((out / RESULTS).glob("*.json"))
    if not paths:
        raise UserError(f"{out} has no results; expected the folder that fer-tutorial course grade wrote")
    found = {}
    for path in paths:
        record = json.loads(path.read_text(encoding="utf-8"))
        found[record["student"]] = [_mark(mark) for mark in record["marks"]]
    return found


def differences(before: Iterable[Row], after: Iterable[Row]) -> list[str]:
    """What a second grading changes, a line each."""
    old = {(row["student"], row["task"]): (str(row["auto"]), str(row["status"])) for row in before}
    lines = []
    for row in after:
        now = (str(row["auto"]), str(row["status"]))
        then = old.pop((row["student"], row["task"]), ("-", "-"))
        if now != then:
            lines.append(f"{row['student']} {row['task']}: {then[0]} ({then[1]}) -> {now[0]} ({now[1]})")
    return lines + [f"{student} {task}: {auto} ({status}) -> - (-)" for (student, task), (auto, status) in old.items()]


def _kept(path: Path, fingerprint: str) -> list[TaskMark] | None:
    """The marks that an earlier run gave for the same; None if there are none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return [_mark(mark) for mark in record["marks"]] if record["fingerprint"] == fingerprint else None


def _keep(path: Path, fingerprint: str, student: str, marks: list[TaskMark]) -> None:
    part = path.with_suffix(".part")
    record = {"student": student, "fingerprint": fingerprint, "marks": [asdict(mark) for mark in marks]}
    part.write_text(json.dumps(record, indent=1, ensure_ascii=True), encoding="utf-8")
    part.replace(path)


def _mark(record: dict[str, Any]) -> TaskMark:
    properties = [PropertyMark(**each) for each in record.pop("properties")]
    return TaskMark(**record, properties=properties)
