"""Finding a submission's answers among its cells, however they were moved, split, doubled or relabeled.

A cell is recognized by its first line, then by its metadata, then by the function it defines.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fer_tutorial.coursework.assignment import Assignment
from fer_tutorial.coursework.markers import HELPERS, TASK, first_line, task_named
from fer_tutorial.coursework.notebook import Cell
from fer_tutorial.coursework.task import CodeTask, Task

MAGIC = re.compile(r"^\s*[!%].*$", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """The answer to one task.

    Attributes:
        source: what counts; None if there is no answer.
        copies: how many answers there were to choose from.
        notes: what was odd.
    """

    source: str | None
    copies: int = 0
    notes: tuple[str, ...] = ()


def find_answers(cells: Sequence[Cell], assignment: Assignment) -> dict[str, Found]:
    """What counts as the answer to each task: the last complete one."""
    pieces = _pieces(cells, assignment)
    return {task.name: _chosen(task, pieces.get(task.name, []), assignment) for task in assignment.tasks}


def helper_cells(cells: Sequence[Cell]) -> list[str]:
    """What answers of this submission share."""
    return [without_magic(cell.source) for cell in cells if cell.code and HELPERS.match(first_line(cell.source))]


def without_magic(source: str) -> str:
    """Code without the lines that only a notebook understands, such as ``!pip install``."""
    return source if parsed(source) else MAGIC.sub("", source)


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell; None if it is no Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defined(source: str) -> set[str]:
    """The names that a cell defines at its top level."""
    tree = parsed(source)
    names: set[str] = set()
    for node in tree.body if tree else []:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return names


@dataclass
class _Piece:
    """A cell that answers a task, with those below it that go on with it."""

    source: str
    marked: bool  # by its first line
    as_text: bool
    split: bool = False


def _pieces(cells: Sequence[Cell], assignment: Assignment) -> dict[str, list[_Piece]]:
    found: dict[str, list[_Piece]] = {}
    by_function = {task.function: task.name for task in assignment.code_tasks}
    previous: str | None = None
    for cell in cells:
        name, marked = _task_of(cell, assignment, by_function), bool(TASK.match(first_line(cell.source)))
        last = found[previous][-1] if previous else None
        if last is not None and not marked and _goes_on(last, cell, name == previous):
            last.source += "\n" + cell.source
            last.split = True
            continue
        if name is not None:
            found.setdefault(name, []).append(_Piece(cell.source, marked, not cell.code))
        previous = name
    return found


def _task_of(cell: Cell, assignment: Assignment, by_function: dict[str, str]) -> str | None:
    known = {task.name for task in assignment.tasks}
    if (name := task_named(cell.source)) in known:
        return name
    if cell.task in known:
        return cell.task
    if not cell.code or HELPERS.match(first_line(cell.source)):
        return None
    return next((by_function[name] for name in sorted(defined(without_magic(cell.source)) & set(by_function))), None)


def _goes_on(last: _Piece, cell: Cell, same_task: bool) -> bool:
    """Whether an unmarked cell is the second half of the one above it."""
    if not cell.code or last.as_text:
        return not cell.code and same_task
    alone, together = parsed(without_magic(last.source)), parsed(without_magic(f"{last.source}\n{cell.source}"))
    indented = cell.source.lstrip("\n")[:1] in (" ", "\t")
    return same_task or (together is not None and (indented or alone is None))


def _chosen(task: Task, pieces: list[_Piece], assignment: Assignment) -> Found:
    stub = assignment.stub(task)
    filled = [piece for piece in pieces if not _is_stub(task, piece.source, stub)]
    notes = []
    if not filled:
        return Found(None)
    complete = [piece for piece in filled if _is_complete(task, piece.source)]
    piece = (complete or filled)[-1]
    if len(filled) > 1:
        notes.append(f"{len(filled)} answers; the last complete one counts")
    if piece.split:
        notes.append("the answer was split over cells")
    if not piece.marked:
        notes.append("the first line of the answer is missing")
    if piece.as_text and isinstance(task, CodeTask):
        notes.append("the answer's cell was turned into text")
    source = without_magic(piece.source) if isinstance(task, CodeTask) else _text(piece.source)
    return Found(source, len(filled), tuple(notes))


def _is_stub(task: Task, source: str, stub: str) -> bool:
    if not isinstance(task, CodeTask):
        return _text(source) in ("", _text(stub))
    tree, untouched = parsed(without_magic(source)), parsed(stub)
    if tree is not None and untouched is not None:
        return not tree.body or _statements(tree) == _statements(untouched)
    return not source.strip()


def _statements(tree: ast.Module) -> list[str]:
    """The code of a cell, its docstrings left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return [ast.dump(node) for node in tree.body]


def _is_complete(task: Task, source: str) -> bool:
    if not isinstance(task, CodeTask):
        return True
    return task.function in defined(without_magic(source))


def _text(source: str) -> str:
    """A text without its first line, if that is the marker."""
    if TASK.match(first_line(source)):
        return source.strip().partition("\n")[2].strip()
    return source.strip()
