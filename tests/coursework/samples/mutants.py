"""Wrong answers made of right ones by changing a piece, and what they lose; they are ours, so they need no sandbox."""

from collections.abc import Callable
from typing import Any

from fer_tutorial.course import Draw, Wrong
from fer_tutorial.course.trying import bits
from fer_tutorial.coursework.assignment import Assignment
from fer_tutorial.coursework.rules import forbidden_in
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.coursework.task import CodeTask

SECRET = Secret("a secret of the tests")


class Local:
    """An answer, called as the grader calls one in a sandbox."""

    def __init__(self, space: dict[str, Any], function: Callable[..., Any], parameters: list[str]) -> None:
        self.space, self.function, self.parameters = space, function, parameters

    def __call__(self, **inputs: Any) -> Any:
        inputs = {name: inputs[name] for name in self.parameters}
        before = {name: bits(value) for name, value in inputs.items()}
        given = self.function(*inputs.values())
        changed = [name for name, value in inputs.items() if bits(value) != before[name]]
        if changed:
            raise Wrong(f"changes {changed[0]}")
        return given

    def value(self, name: str) -> Any:
        return self.space[name]


def task_of(assignment: Assignment, name: str) -> CodeTask:
    (task,) = (task for task in assignment.code_tasks if task.name == name)
    return task


def changed(assignment: Assignment, name: str, pieces: tuple[str, ...]) -> str:
    """The solution of a task with the first piece replaced by the second, the third by the fourth, and so on."""
    source = assignment.solved(task_of(assignment, name))
    for old, new in zip(pieces[::2], pieces[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    return source


def lost(assignment: Assignment, name: str, source: str) -> str:
    """The numbers of the properties, from 1, that an answer does not have, as "1 3"."""
    task, variant = task_of(assignment, name), assignment.common_variant()
    if forbidden_in(source, [], task.forbidden):
        return "forbidden"
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in (*assignment.given(variant), source):
        exec(compile(cell, name, "exec"), space)
    answer = Local(space, space[task.function], assignment.parameters(task))
    numbers = []
    for number, each in enumerate(task.properties, start=1):
        try:
            each.check(answer, Draw(SECRET.number("inputs", name, each.words)), variant)
        except Exception:  # Wrong, and whatever a wrong answer makes a comparison raise
            numbers.append(str(number))
    return " ".join(numbers)
