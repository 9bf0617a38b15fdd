"""What the commands ``fer-tutorial course ...`` do, step by step."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat

from fer_tutorial.coursework.assignment import GUIDE, KEY, NOTEBOOK, SAMPLES, load, samples, with_parameters
from fer_tutorial.coursework.collect import PROBLEMS, collect
from fer_tutorial.coursework.feedback import write_feedback
from fer_tutorial.coursework.release import release
from fer_tutorial.coursework.roster import read_roster
from fer_tutorial.coursework.rubric import write_rubric
from fer_tutorial.coursework.run import MARKS, RUN, Grading, Row, differences, grade_all
from fer_tutorial.coursework.safe_text import read_table
from fer_tutorial.coursework.sandbox import choose
from fer_tutorial.coursework.secret import read_secret
from fer_tutorial.errors import UserError


def new(sample: str, out: Path) -> str:
    """Copy a sample for a year of one's own, with other parameters."""
    if sample not in samples():
        raise UserError(f"there is no sample {sample!r}; expected one of {', '.join(samples())}")
    if out.exists():
        raise UserError(f"{out} exists; choose another place for the new assignment")
    out.mkdir(parents=True)
    for name in (NOTEBOOK, KEY, GUIDE):
        shutil.copyfile(SAMPLES / sample / name, out / name)
    secret = out / "secret.txt"
    assignment = load(out)
    variant = assignment.variant(read_secret(secret), "")
    for cell in assignment.tagged("parameters"):
        cell.source = with_parameters(cell.source, variant)
    nbformat.write(assignment.notebook, out / NOTEBOOK)
    return f"{out} is yours: change {NOTEBOOK} and {KEY}, keep the folder private, and {secret} above all"


def release_assignment(where: str, out: Path, tag: str, roster: Path | None, secret: Path | None) -> str:
    """Write what is handed out."""
    students = read_roster(roster) if roster is not None else []
    written = release(load(where), out, tag, students, read_secret(secret) if secret is not None else None)
    return f"{len(written)} files written to {out}; hand out what is in {out / 'students'}, and nothing else"


def collect_submissions(source: Path, roster: Path, out: Path, deadline: str | None) -> str:
    """Sort what came back."""
    try:
        last = datetime.fromisoformat(deadline) if deadline is not None else None
    except ValueError as error:
        raise UserError(f"the deadline is {deadline!r}; expected a time such as 2027-01-31T23:59") from error
    counts = collect(source, read_roster(roster), out, last)
    return f"{counts['submissions']} submissions in {out}; {counts['problems']} problems in {out / PROBLEMS}"


def grade_course(
    where: str, inbox: Path, out: Path, secret: Path, per_student: bool, jobs: int, image: str | None, unsafe: bool
) -> str:
    """Grade an inbox."""
    if jobs < 1:
        raise UserError(f"jobs is {jobs}; expected 1 or more submissions at a time")
    grading = Grading(load(where), read_secret(secret), per_student, choose(image, unsafe), jobs)
    rows = grade_all(grading, inbox, out)
    record: dict[str, Any] = {"assignment": str(Path(where).resolve()) if Path(where).is_dir() else where}
    record |= {"inbox": str(inbox.resolve()), "secret": str(secret.resolve())}
    record |= {"per_student": per_student, "image": image, "sandbox": grading.sandbox.name}
    (out / RUN).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return f"{_students(rows)} submissions graded ({grading.sandbox.name}); marks in {out / MARKS}"


def regrade_course(out: Path, diff: bool, jobs: int, unsafe: bool) -> str:
    """Grade again what was graded, with the key as it is now."""
    record = _record(out)
    secret = read_secret(Path(record["secret"]))
    assignment, per_student = load(record["assignment"]), record["per_student"]
    grading = Grading(assignment, secret, per_student, choose(record["image"], unsafe), jobs)
    before: list[Row] = [*read_table(out / MARKS)]
    if diff:
        with tempfile.TemporaryDirectory() as folder:
            lines = differences(before, grade_all(grading, Path(record["inbox"]), Path(folder), again=True))
        return "\n".join([*lines, f"{len(lines)} marks would change; nothing was written"])
    lines = differences(before, grade_all(grading, Path(record["inbox"]), out, again=True))
    return "\n".join([*lines, f"{len(lines)} marks changed"])


def rubric_sheets(out: Path, sheets: Path) -> str:
    """Write the sheets for marking by hand."""
    record = _record(out)
    count = write_rubric(load(record["assignment"]), out, sheets, read_secret(Path(record["secret"])))
    return f"{count} texts to mark in {sheets}: fill in the levels of rubric.csv, 0 to 3"


def return_feedback(out: Path, roster: Path, rubric: Path | None, pages: Path) -> str:
    """Write what goes back."""
    record = _record(out)
    secret = read_secret(Path(record["secret"]))
    count = write_feedback(load(record["assignment"]), out, read_roster(roster), rubric, pages, secret)
    return f"{count} pages and the tables of marks written to {pages}"


def _record(out: Path) -> dict[str, Any]:
    if not (out / RUN).is_file():
        raise UserError(f"{out} has no {RUN}; expected the folder that fer-tutorial course grade wrote")
    return json.loads((out / RUN).read_text(encoding="utf-8"))


def _students(rows: list[Row]) -> int:
    return len({row["student"] for row in rows})
