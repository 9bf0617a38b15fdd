"""Marking one submission: its answers run in a sandbox, and what they give is compared here."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fer_tutorial.course import Draw, Wrong
from fer_tutorial.course.trying import Unanswered, sentence
from fer_tutorial.coursework.answers import Found, find_answers, helper_cells, parsed
from fer_tutorial.coursework.assignment import Assignment
from fer_tutorial.coursework.notebook import Unreadable, read_cells
from fer_tutorial.coursework.remote import RemoteAnswer, Session, Stopped
from fer_tutorial.coursework.rules import forbidden_in
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.coursework.task import CodeTask, Property

VERSION = "1"  # of the grader: a higher one grades everything anew
HIDDEN = "it does not hold for inputs that are not shown"
UNTRIED = "not tried, since the answer had stopped before"


@dataclass
class PropertyMark:
    """What came of one property: the marks earned, and a sentence that tells no hidden input."""

    words: str
    marks: int
    of: int
    reason: str = ""


@dataclass
class TaskMark:
    """What came of one task.

    Attributes:
        task: its name.
        status: ok, missing, error, timeout, memory, forbidden or duplicate.
        properties: what was tried; none for a written task.
        text: of a written answer.
        notes: what was odd.
        seconds: that it took.
    """

    task: str
    status: str
    properties: list[PropertyMark] = field(default_factory=list)
    text: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def marks(self) -> int:
        return sum(each.marks for each in self.properties)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def grade(
    content: bytes, assignment: Assignment, variant: Mapping[str, Any], secret: Secret, session: Session
) -> list[TaskMark]:
    """The marks of one notebook, task by task; whatever it is, there is a mark for each."""
    try:
        cells, notes = read_cells(content), []
    except Unreadable as error:
        cells, notes = [], [str(error)]
    answers, helpers = find_answers(cells, assignment), helper_cells(cells)
    marked = []
    for task in assignment.tasks:
        found = answers[task.name]
        if isinstance(task, CodeTask):
            start = time.monotonic()
            mark = _Marking(assignment, task, variant, secret, session).mark(found, helpers, answers)
            mark.seconds = round(time.monotonic() - start, 1)
        else:
            mark = TaskMark(task.name, "missing" if found.source is None else "ok", text=found.source or "")
        if mark.status == "ok" and found.copies > 1:
            mark.status = "duplicate"
        mark.notes += [*found.notes, *notes]
        marked.append(mark)
    return marked


@dataclass
class _Marking:
    assignment: Assignment
    task: CodeTask
    variant: Mapping[str, Any]
    secret: Secret
    session: Session

    def mark(self, found: Found, helpers: list[str], answers: Mapping[str, Found]) -> TaskMark:
        if found.source is None:
            return self._nothing("missing", "there is no answer")
        if parsed(found.source) is None:
            return self._nothing("error", "the answer is no Python that can be read")
        cells = [*self._needed(found.source, answers), found.source]
        for name in (forbidden_in(cell, helpers, self.task.forbidden) for cell in cells):
            if name:
                return self._nothing("forbidden", f"the answer uses {name}, which this task does not allow")
        try:
            return self._tried(helpers, cells)
        finally:
            self.session.end()

    def _needed(self, source: str, answers: Mapping[str, Found]) -> list[str]:
        """The answers to other tasks whose functions this one names, those that they need first."""
        needed: dict[str, str] = {}
        waiting = [source]
        while waiting:
            text = waiting.pop()
            for task in self.assignment.code_tasks:
                other = answers[task.name].source
                if other is not None and task.name not in needed and task != self.task and task.function in text:
                    needed[task.name] = other
                    waiting.append(other)
        return list(reversed(needed.values()))

    def _tried(self, helpers: list[str], cells: list[str]) -> TaskMark:
        try:
            names = self.session.begin(helpers, cells, self.task.seconds)
        except Stopped as error:
            return self._nothing(error.status, str(error))
        if self.task.function not in names:
            return self._nothing("missing", f"the answer does not define {self.task.function}")
        mark = TaskMark(self.task.name, "ok")
        parameters = self.assignment.parameters(self.task)
        answer = RemoteAnswer(self.session, self.task.function, self.task.seconds, parameters)
        unanswered = 0
        for each in self.task.properties:
            if mark.status != "ok":
                mark.properties.append(PropertyMark(each.words, 0, each.marks, UNTRIED))
                continue
            seed = self.secret.number("inputs", self.task.name, each.words)
            try:
                reason = self._reason(each, answer, seed)
            except Unanswered:
                reason, unanswered = "not answered", unanswered + 1
            except Stopped as error:
                mark.status, reason = error.status, str(error)
            mark.properties.append(PropertyMark(each.words, 0 if reason else each.marks, each.marks, reason))
        if unanswered == len(self.task.properties):
            mark.status = "missing"
        elif mark.status == "ok" and answer.raised and not mark.marks:
            mark.status = "error"
        return mark

    def _reason(self, each: Property, answer: RemoteAnswer, seed: int) -> str:
        """Why a property does not hold; "" if it does.  Told is an input drawn from the public seed, or none."""
        if not self._wrong(each, answer, seed):
            return ""
        return self._wrong(each, answer, 0) or HIDDEN

    def _wrong(self, each: Property, answer: RemoteAnswer, seed: int) -> str:
        try:
            each.check(answer, Draw(seed), self.variant)
        except (Stopped, Unanswered):
            raise
        except Wrong as error:
            return str(error)
        except Exception as error:  # of values that no comparison expects
            return f"what the answer gives raised {sentence(error)}"
        return ""

    def _nothing(self, status: str, reason: str) -> TaskMark:
        properties = [PropertyMark(each.words, 0, each.marks, reason) for each in self.task.properties]
        return TaskMark(self.task.name, status, properties)
