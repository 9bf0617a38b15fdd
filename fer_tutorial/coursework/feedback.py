"""What goes back: a page for every student, and tables of marks in the columns of Moodle and Canvas."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from fer_tutorial.coursework.assignment import Assignment
from fer_tutorial.coursework.grade import TaskMark
from fer_tutorial.coursework.roster import Student
from fer_tutorial.coursework.rubric import human_marks, read_rubric
from fer_tutorial.coursework.run import COLUMNS, MARKS, read_results
from fer_tutorial.coursework.safe_text import read_table, write_table
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.coursework.task import CodeTask, WrittenTask

# What students typed is escaped, wherever it comes to stand.
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}: {{ student }}</title>
<style>
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 sans-serif; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid #ccc; padding: .3rem .5rem; text-align: left; vertical-align: top }
td, th, p { overflow-wrap: anywhere }
th:last-child, td:last-child { text-align: right; white-space: nowrap }
</style>
<h1>{{ title }}</h1>
<p>Student {{ student }}: <strong>{{ total }} of {{ of }} marks</strong>
{%- if waiting %} so far; {{ waiting }} marks are still to be given by hand{% endif %}.</p>
{% for task in tasks %}
<h2>{{ task.name }}: {{ task.marks }} of {{ task.of }}</h2>
{% for note in task.notes %}<p>{{ note }}.</p>{% endfor %}
<table>
<tr><th>what</th><th>how it was</th><th>marks</th></tr>
{% for row in task.rows %}<tr><td>{{ row.what }}</td><td>{{ row.how }}</td><td>{{ row.marks }} of {{ row.of }}</td></tr>
{% endfor %}</table>
{% endfor %}
</html>
"""
STATUS = {
    "missing": "no answer was found",
    "error": "the answer could not be run to its end",
    "timeout": "the answer took too long",
    "memory": "the answer took too much memory",
    "forbidden": "the answer uses what the task does not allow",
    "duplicate": "there was more than one answer, and the last complete one counts",
}


def write_feedback(
    assignment: Assignment, graded: Path, students: list[Student], rubric: Path | None, out: Path, secret: Secret
) -> int:
    """Write a page for every student that was graded, and the tables; the number of pages."""
    results = read_results(graded)
    levels = read_rubric(rubric, assignment) if rubric is not None else {}
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(PAGE)
    out.mkdir(parents=True, exist_ok=True)
    human: dict[tuple[str, str], float | None] = {}
    totals: dict[str, float] = {}
    for student, marks in results.items():
        tasks = [_task(assignment, mark, levels.get((secret.code(student), mark.task), {})) for mark in marks]
        for task in tasks:
            human[student, task["name"]] = task["human"]
        totals[student] = sum(task["marks"] for task in tasks)
        waiting = sum(task["of"] for task in tasks if task["waiting"])
        page = template.render(
            title=assignment.title,
            student=student,
            total=_short(totals[student]),
            of=assignment.marks,
            waiting=waiting,
            tasks=[{**task, "marks": _short(task["marks"])} for task in tasks],
        )
        (out / f"{student}.html").write_text(page, encoding="utf-8")
    rows = []
    for row in read_table(graded / MARKS):
        given = human.get((row["student"], row["task"]))
        rows.append({**row, "human": "" if given is None else _short(given)})
    write_table(out / MARKS, COLUMNS, rows)
    _tables(assignment, students, totals, out)
    return len(results)


def _task(assignment: Assignment, mark: TaskMark, levels: Mapping[str, tuple[int, str]]) -> dict[str, Any]:
    task = next(each for each in assignment.tasks if each.name == mark.task)
    notes = [*([STATUS[mark.status]] if mark.status in STATUS else []), *mark.notes]
    shown: dict[str, Any] = {"name": task.name, "of": task.marks, "notes": notes, "human": None, "waiting": False}
    if isinstance(task, CodeTask):
        rows = [
            {"what": each.words, "how": each.reason or "holds", "marks": each.marks, "of": each.of}
            for each in mark.properties
        ]
        return {**shown, "marks": mark.marks, "rows": rows}
    given = 0.0 if mark.status == "missing" else human_marks(task, levels)
    rows = [_criterion(task, number, levels) for number in range(len(task.criteria))]
    return {**shown, "marks": given or 0.0, "human": given, "waiting": given is None, "rows": rows}


def _criterion(task: WrittenTask, number: int, levels: Mapping[str, tuple[int, str]]) -> dict[str, Any]:
    criterion = task.criteria[number]
    if criterion.words not in levels:
        return {"what": criterion.words, "how": "", "marks": "-", "of": criterion.marks}
    level, comment = levels[criterion.words]
    how = criterion.anchors[level] + (f". {comment}" if comment else "")
    return {"what": criterion.words, "how": how, "marks": f"level {level}", "of": criterion.marks}


def _tables(assignment: Assignment, students: list[Student], totals: Mapping[str, float], out: Path) -> None:
    """Marks in the columns that gradebooks import; who handed in nothing has none."""
    column = f"{assignment.title} ({assignment.marks})"
    moodle, canvas = [], []
    for student in students:
        mark = _short(totals[student.id]) if student.id in totals else ""
        moodle.append({"ID number": student.id, "Email address": student.more.get("email", ""), column: mark})
        ids = {"ID": student.more.get("canvas_id", ""), "SIS User ID": student.id}
        ids |= {"SIS Login ID": student.more.get("login", ""), "Section": student.more.get("section", "")}
        canvas.append({"Student": student.name, **ids, column: mark})
    write_table(out / "moodle.csv", ("ID number", "Email address", column), moodle)
    write_table(out / "canvas.csv", ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", column), canvas)


def _short(number: float) -> str:
    return f"{number:g}"
