"""Sheets for those who mark texts: blind, with anchors for every level; and reading them back."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from fer_tutorial.coursework.assignment import Assignment
from fer_tutorial.coursework.run import read_results
from fer_tutorial.coursework.safe_text import read_table, write_table
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.coursework.task import LEVELS, WrittenTask
from fer_tutorial.errors import UserError

RUBRIC = "rubric.csv"
COLUMNS = ("sheet", "task", "criterion", "level", "comment")
PAGE = '<!doctype html><meta charset="utf-8"><title>{title}</title>\n<style>{style}</style>\n<h1>{title}</h1>\n{body}\n'
STYLE = "body{max-width:50rem;margin:2rem auto;font:1rem/1.5 sans-serif}pre{white-space:pre-wrap;background:#f4f4f4}"


def write_rubric(assignment: Assignment, graded: Path, out: Path, secret: Secret) -> int:
    """Write ``rubric.csv``, a row for each criterion of each text, and a page of texts for each task.

    Sheets have codes in place of names, in whose order the texts stand.

    Returns:
        How many texts there are.

    Raises:
        UserError: there is a rubric already, which marks may have been written into.
    """
    if (out / RUBRIC).exists():
        raise UserError(f"{out / RUBRIC} exists, and may have been filled in; choose another folder")
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, str]] = []
    count = 0
    texts = {
        (secret.code(student), mark.task): mark.text
        for student, marks in read_results(graded).items()
        for mark in marks
        if mark.text
    }
    for task in assignment.written_tasks:
        body = [_anchors(task)]
        for (code, name), text in sorted(texts.items()):
            if name == task.name:
                count += 1
                rows += [_row(code, task.name, each.words) for each in task.criteria]
                body.append(f"<h2>{code}</h2>\n<pre>{escape(text)}</pre>")
        page = PAGE.format(title=f"{assignment.name}: {task.name}", style=STYLE, body="\n".join(body))
        (out / f"{task.name}.html").write_text(page, encoding="utf-8")
    write_table(out / RUBRIC, COLUMNS, rows)
    return count


def read_rubric(path: Path, assignment: Assignment) -> dict[tuple[str, str], dict[str, tuple[int, str]]]:
    """Level and comment of every criterion, by sheet and task; what has no level yet is left out.

    Raises:
        UserError: a level is none, or the rows are not those of this assignment.
    """
    known = {(task.name, each.words) for task in assignment.written_tasks for each in task.criteria}
    found: dict[tuple[str, str], dict[str, tuple[int, str]]] = {}
    for row in read_table(path):
        if set(COLUMNS) - set(row) or (row["task"], row["criterion"]) not in known:
            raise UserError(f"{path} has a row that belongs to no criterion of {assignment.name}: {dict(row)}")
        if not row["level"].strip():
            continue
        if row["level"].strip() not in map(str, LEVELS):
            raise UserError(f"{path} has the level {row['level']!r} for {row['sheet']}; expected 0, 1, 2 or 3")
        sheet = found.setdefault((row["sheet"], row["task"]), {})
        sheet[row["criterion"]] = int(row["level"]), row["comment"]
    return found


def human_marks(task: WrittenTask, levels: Mapping[str, tuple[int, str]]) -> float | None:
    """The marks of a text, to the quarter; None while a criterion has no level."""
    if any(each.words not in levels for each in task.criteria):
        return None
    exact = sum(each.marks * levels[each.words][0] / LEVELS[-1] for each in task.criteria)
    return round(4 * exact) / 4


def _anchors(task: WrittenTask) -> str:
    lines = []
    for each in task.criteria:
        levels = "".join(f"<li value={level}>{escape(each.anchors[level])}</li>" for level in LEVELS)
        lines.append(f"<h3>{escape(each.words)} ({each.marks} marks)</h3>\n<ol start=0>{levels}</ol>")
    return "\n".join(lines)


def _row(code: str, task: str, criterion: str) -> dict[str, str]:
    return {"sheet": code, "task": task, "criterion": criterion, "level": "", "comment": ""}
