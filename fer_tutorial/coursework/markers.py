"""The lines that say what a cell is: the only thing of a cell that students see, and that no program drops."""

from __future__ import annotations

import re

from fer_tutorial.coursework.task import CodeTask, Task

TASK = re.compile(r"\W*#@\s*task\s+(?P<name>[\w.-]*\w)(?:\s*\((?P<marks>\d+) marks?\))?", re.IGNORECASE)
HELPERS = re.compile(r"\W*#@\s*helpers\b", re.IGNORECASE)
STUDENT = re.compile(r"\W*#@\s*student\b", re.IGNORECASE)
HELPERS_LINE = "#@ helpers: functions that several of your answers use; keep this line"
STUDENT_LINE = "#@ student: keep this line"
METADATA = "fer_task"  # of a cell, where its first line got lost


def task_line(task: Task) -> str:
    """The first line of a task's cell.

    >>> task_line(CodeTask("a1.2", "f", ()))
    '#@ task a1.2 (0 marks): keep this line'
    """
    line = f"#@ task {task.name} ({task.marks} marks): keep this line"
    return line if isinstance(task, CodeTask) else f"**{line}**"


def first_line(source: str) -> str:
    return source.strip().partition("\n")[0]


def task_named(source: str) -> str | None:
    """The task that the first line names.

    >>> task_named("**#@ task a1.7 (12 marks): keep this line**")
    'a1.7'
    """
    found = TASK.match(first_line(source))
    return found["name"].lower() if found else None
