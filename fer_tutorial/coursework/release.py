"""What students get of an assignment, what they get afterwards, and the table of marks.

A copy for students is made cell by cell of what may be in it, so nothing else comes along; then it is searched for what
must not be in it, line by line, as a proof.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from fer_tutorial.coursework.assignment import Assignment, Variant, tags, with_parameters
from fer_tutorial.coursework.gaps import LEFT_OVER, solution_lines, with_solution, without_solution
from fer_tutorial.coursework.markers import METADATA, STUDENT_LINE, first_line, task_named
from fer_tutorial.coursework.roster import Student
from fer_tutorial.coursework.safe_text import write_table
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.coursework.task import CodeTask
from fer_tutorial.errors import UserError

PINNED = re.compile(r"(fer-tutorial\[train\] @ git\+\S+?@)[\w.-]+")
MYST = re.compile(r"^\s*(```|:::)\{|\{(eq|ref|numref|term|cite[:\w]*|doc)\}`", re.MULTILINE)
TAG = re.compile(r"v?\d[\w.-]*$")
TELLING = 12  # characters; shorter lines of a solution, such as "else:", may stand anywhere
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def release(
    assignment: Assignment, out: Path, tag: str, students: Sequence[Student] = (), secret: Secret | None = None
) -> list[Path]:
    """Write the copies and the table of marks; the files written.

    Args:
        assignment: what is released.
        out: a folder; ``students`` in it is for handing out, the rest is not.
        tag: of the version of the package that the copies install.
        students: each gets a copy with parameters of their own; without any, there is one copy for all.
        secret: from which these are drawn.

    Raises:
        UserError: something of a solution would be left, or the notebook is not ready for students.
    """
    if not TAG.match(tag):
        raise UserError(f"the tag is {tag!r}; expected that of a release, such as v1.2.0")
    common = assignment.common_variant()
    if students and secret is None:
        raise UserError("parameters of each student's own are drawn from a secret; pass --secret")
    copies = {f"{assignment.name}.ipynb": student_copy(assignment, common, tag)}
    if students and secret is not None:
        copies = {
            f"{assignment.name}_{student.id}.ipynb": student_copy(
                assignment, assignment.variant(secret, student.id), tag, student.id
            )
            for student in students
        }
    for copy in copies.values():
        if left := left_over(copy, assignment):
            raise UserError(f"the students' copy of {assignment.name} would show of a solution: {left}")
    (out / "students").mkdir(parents=True, exist_ok=True)
    written = []
    for name, copy in copies.items():
        written.append(_write(out / "students" / name, copy))
    written.append(_write(out / f"{assignment.name}_solution.ipynb", solution_copy(assignment, common, tag)))
    rows = [
        {"task": task.name, "what": each.words, "marks": each.marks, "by": by}
        for task in assignment.tasks
        for by, parts in [("grader", task.properties) if isinstance(task, CodeTask) else ("person", task.criteria)]
        for each in parts
    ]
    write_table(out / f"{assignment.name}_marks.csv", ("task", "what", "marks", "by"), rows)
    return [*written, out / f"{assignment.name}_marks.csv"]


def student_copy(assignment: Assignment, variant: Variant, tag: str, student: str = "") -> NotebookNode:
    """The notebook as a student starts with it."""
    cells = []
    for cell in assignment.notebook.cells:
        if "solution" in tags(cell):
            continue
        source = without_solution(cell.source)
        if "student" in tags(cell) and student:
            source = source.replace('STUDENT = ""', f"STUDENT = {json.dumps(student)}")
        cells.append(_cell(cell, source, variant, tag))
    return _notebook(cells, assignment, tag)


def solution_copy(assignment: Assignment, variant: Variant, tag: str) -> NotebookNode:
    """The notebook as it is solved."""
    cells = [_cell(cell, with_solution(cell.source), variant, tag) for cell in assignment.notebook.cells]
    return _notebook(cells, assignment, tag)


def left_over(copy: NotebookNode, assignment: Assignment) -> str:
    """What of a solution stands in a student's copy, wherever it stands; "" if nothing does."""
    for cell in copy.cells:
        if cell.get("outputs"):
            return "outputs"
        if found := LEFT_OVER.search(cell.source):
            return found[0].strip()
    everything = json.dumps(copy, ensure_ascii=False)
    public = "\n".join(
        without_solution(cell.source) for cell in assignment.notebook.cells if "solution" not in tags(cell)
    )
    for cell in assignment.notebook.cells:
        lines = cell.source.split("\n") if "solution" in tags(cell) else solution_lines(cell.source)
        for line in map(str.strip, lines):
            if len(line) >= TELLING and line not in public and json.dumps(line, ensure_ascii=False)[1:-1] in everything:
                return line
    return ""


def _cell(cell: NotebookNode, source: str, variant: Variant, tag: str) -> NotebookNode:
    """A new cell with this text, of whose metadata only what we put there is kept."""
    if found := MYST.search(source):
        raise UserError(f"{found[0]!r} is MyST, which Colab shows as it is typed; write plain Markdown, formulas in $$")
    if "setup" in tags(cell):
        source, count = PINNED.subn(rf"\g<1>{tag}", source)
        if not count:
            raise UserError("the set-up cell installs no fer-tutorial[train] @ git+...@main to pin to the tag")
    if "parameters" in tags(cell):
        source = with_parameters(source, variant)
    new: NotebookNode
    new = nbformat.v4.new_code_cell(source) if cell.cell_type == "code" else nbformat.v4.new_markdown_cell(source)
    metadata: dict[str, Any] = {}
    if "setup" in tags(cell):
        metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}}
    if "task" in tags(cell):
        metadata[METADATA] = task_named(first_line(source))
    new.metadata = nbformat.from_dict(metadata)
    return new


def _notebook(cells: list[NotebookNode], assignment: Assignment, tag: str) -> NotebookNode:
    if not any(first_line(cell.source) == STUDENT_LINE for cell in cells):
        raise UserError(f"no cell of {assignment.name} begins with {STUDENT_LINE!r}; students say there who they are")
    for number, cell in enumerate(cells):
        cell.id = f"{assignment.name}-{number}"
    metadata: Mapping[str, Any] = {**KERNEL, "fer_assignment": {"name": assignment.name, "tag": tag}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _write(path: Path, notebook: NotebookNode) -> Path:
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    return path
