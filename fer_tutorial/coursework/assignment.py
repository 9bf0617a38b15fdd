"""An assignment as it lies in its folder, checked: notebook and key must name the same tasks with the same marks."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from fer_tutorial.coursework.gaps import with_solution, without_solution
from fer_tutorial.coursework.markers import first_line, task_line
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.coursework.task import CodeTask, Task, WrittenTask
from fer_tutorial.errors import UserError

SAMPLES = Path(__file__).resolve().parent / "samples"
NOTEBOOK, KEY, GUIDE = "assignment.ipynb", "key.py", "guide.md"
TAGS = {"setup", "student", "parameters", "given", "helpers", "task", "public-check", "solution"}
Variant = Mapping[str, Any]


@dataclass(frozen=True)
class Assignment:
    """What notebook and key say together.

    Attributes:
        name: of the assignment, with which its tasks' names begin.
        title: of the assignment.
        tasks: in the order of the notebook.
        notebook: the source, with the solutions.
        draw_variant: gives a student's parameters, drawn from a random generator.
        digest: of notebook and key.
    """

    name: str
    title: str
    tasks: tuple[Task, ...]
    notebook: NotebookNode
    draw_variant: Callable[[random.Random], Variant]
    digest: str

    @property
    def marks(self) -> int:
        return sum(task.marks for task in self.tasks)

    @property
    def code_tasks(self) -> tuple[CodeTask, ...]:
        return tuple(task for task in self.tasks if isinstance(task, CodeTask))

    @property
    def written_tasks(self) -> tuple[WrittenTask, ...]:
        return tuple(task for task in self.tasks if isinstance(task, WrittenTask))

    def tagged(self, tag: str) -> list[NotebookNode]:
        """The cells with this tag."""
        return [cell for cell in self.notebook.cells if tag in tags(cell)]

    def common_variant(self) -> dict[str, Any]:
        """The parameters that stand in the source: those of all students, unless each gets their own."""
        return {name: value for cell in self.tagged("parameters") for name, value in assigned(cell.source).items()}

    def variant(self, secret: Secret, student: str) -> dict[str, Any]:
        """The parameters of one student."""
        drawn = self.draw_variant(random.Random(secret.number("variant", self.name, student)))
        return {**self.common_variant(), **drawn}

    def given(self, variant: Variant) -> list[str]:
        """The cells that answers may rely on, with a student's parameters, whatever a submission has there."""
        cells = [cell for cell in self.notebook.cells if {"parameters", "given"} & set(tags(cell))]
        return [with_parameters(cell.source, variant) if "parameters" in tags(cell) else cell.source for cell in cells]

    def cell(self, task: Task) -> NotebookNode:
        """The source of a task's cell."""
        return next(cell for cell in self.tagged("task") if first_line(cell.source) == task_line(task))

    def stub(self, task: Task) -> str:
        """A task's cell as students find it."""
        return without_solution(self.cell(task).source)

    def parameters(self, task: CodeTask) -> list[str]:
        """The names of the parameters of a task's function, as its stub has them."""
        for node in ast.parse(self.stub(task)).body:
            if isinstance(node, ast.FunctionDef) and node.name == task.function:
                return [argument.arg for argument in node.args.args]
        raise UserError(f"the cell of {task.name} does not define {task.function}, which the key says it should")

    def solved(self, task: Task) -> str:
        """A task's cell with its solution."""
        return with_solution(self.cell(task).source)


def load(where: str | Path) -> Assignment:
    """The assignment in a folder, or the sample of that name.

    Raises:
        UserError: there is none, or notebook and key do not fit.
    """
    folder = Path(where)
    if not folder.is_dir() and str(where) in samples():
        folder = SAMPLES / str(where)
    for file in (NOTEBOOK, KEY):
        if not (folder / file).is_file():
            raise UserError(
                f"{folder / file} is missing; expected a folder with {NOTEBOOK} and {KEY}, or a sample's name "
                f"({', '.join(samples())})"
            )
    content, code = (folder / NOTEBOOK).read_bytes(), (folder / KEY).read_bytes()
    try:
        notebook = nbformat.reads(content.decode(), as_version=4)
    except Exception as error:  # nbformat raises many kinds, all of them meaning the same to an author
        raise UserError(f"{folder / NOTEBOOK} is not a readable notebook ({error})") from error
    key = _key(folder / KEY)
    digest = hashlib.sha256(content + code).hexdigest()
    assignment = Assignment(key.NAME, key.TITLE, key.TASKS, notebook, key.draw_variant, digest)
    _check(assignment)
    return assignment


def samples() -> list[str]:
    """The assignments that come with the package."""
    return sorted(path.parent.name for path in SAMPLES.glob(f"*/{NOTEBOOK}"))


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def assigned(source: str) -> dict[str, Any]:
    """The constants that a cell of parameters assigns.

    >>> assigned("EXPONENT = 3  # yours")
    {'EXPONENT': 3}
    """
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def with_parameters(source: str, variant: Variant) -> str:
    """A cell of parameters with other values; its comments stay.

    >>> with_parameters("EXPONENT = 3  # yours", {"EXPONENT": 1.5})
    'EXPONENT = 1.5  # yours'
    """
    lines = source.split("\n")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, row, end = node.targets[0].id, node.value.lineno - 1, node.value.end_col_offset
            if name in variant:
                lines[row] = lines[row][: node.value.col_offset] + repr(variant[name]) + lines[row][end:]
    return "\n".join(lines)


def _key(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"coursework_key_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    key = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(key)
    missing = [name for name in ("NAME", "TITLE", "TASKS", "draw_variant") if not hasattr(key, name)]
    if missing:
        raise UserError(f"{path} does not define {' and '.join(missing)}; see the key of the sample a1")
    return key


def _check(assignment: Assignment) -> None:
    """Raise UserError unless every task has its cell, and every cell its task."""
    known = [tag for cell in assignment.notebook.cells for tag in tags(cell)]
    if odd := sorted(set(known) - TAGS):
        raise UserError(f"{assignment.name} has cells tagged {', '.join(odd)}; expected {', '.join(sorted(TAGS))}")
    lines = [first_line(cell.source) for cell in assignment.tagged("task")]
    expected = [task_line(task) for task in assignment.tasks]
    for line in expected:
        if line not in lines:
            raise UserError(f"no cell tagged task begins with {line!r}, as the key of {assignment.name} has it")
    for line in lines:
        if line not in expected or lines.count(line) > 1:
            raise UserError(f"the cell {line!r} of {assignment.name} stands for no task of the key, or for one twice")
    undefined = set(assignment.draw_variant(random.Random(0))) - set(assignment.common_variant())
    if undefined:
        raise UserError(f"{assignment.name} draws {', '.join(sorted(undefined))}, which its cell of parameters has not")
