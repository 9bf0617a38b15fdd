"""Every exercise: right answers pass, wrong ones never do, usual ones are told why, and stubs are not answered yet.

The answers stand in ``tests/course/right`` and ``tests/course/wrong``, a module a chapter.
"""

import ast
import re
from importlib import import_module
from importlib.resources import files
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch

from fer_tutorial.course.checking import BORROWED, CORRECT, UNANSWERED, WRONG, verdict_on
from fer_tutorial.course.registry import SECTION, chapters, exercise_names, find, solution_of
from tests.course.borrowed import BORROWED_ANSWERS


def table(folder, attribute):
    """What the chapters' modules hold together."""
    modules = [import_module(f"tests.course.{folder}.{chapter}") for chapter in chapters()]
    return {name: value for module in modules for name, value in getattr(module, attribute).items()}


NAMES = [name for chapter in chapters() for name in exercise_names(chapter)]
RIGHT, WRONGLY, TOLD = table("right", "RIGHT"), table("wrong", "WRONG"), table("wrong", "TOLD")


def each(answers):
    return [pytest.param(name, words, id=f"{name}: {words}") for name in answers for words in answers[name]]


def test_every_exercise_has_right_and_wrong_answers():
    assert list(RIGHT) == list(WRONGLY) == NAMES
    assert {name for name, _ in TOLD} == set(NAMES)
    assert all(words in WRONGLY[name] for name, words in TOLD)


@pytest.mark.parametrize(("name", "words"), each(RIGHT))
def test_a_right_answer_is_correct(name, words):
    verdict = verdict_on(find(name), RIGHT[name][words])
    assert verdict.status == CORRECT, verdict


@pytest.mark.parametrize(("name", "words"), each(WRONGLY))
def test_a_wrong_answer_is_not(name, words):
    verdict = verdict_on(find(name), WRONGLY[name][words])
    assert verdict.status == WRONG
    assert re.search(TOLD.get((name, words), ""), verdict.reason), verdict.reason


class EqualToAll:
    """Claims to be whatever it is compared with."""

    shape, dtype, ndim = (), torch.float32, 0

    def __eq__(self, other):
        return True

    def __array__(self, *arguments, **options):
        return np.zeros(())


class Echo(torch.Tensor):
    """A tensor that answers every operation with itself."""

    @classmethod
    def __torch_function__(cls, function, types, arguments=(), options=None):
        return arguments[0]


BLIND = {
    "zero": 0.0,
    "three": torch.tensor(3.0),
    "nothing": None,
    "empty": [],
    "anything": MagicMock(),
    "equal to all": EqualToAll(),
    "echo": torch.zeros(3).as_subclass(Echo),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", BLIND.values(), ids=BLIND)
def test_an_answer_that_never_looks_at_the_question_is_wrong(name, value):
    assert verdict_on(find(name), (lambda *inputs: value) if find(name).written else value).status == WRONG


@pytest.mark.parametrize("name", [name for name in NAMES if find(name).written])
def test_an_answer_that_tampers_with_comparisons_is_wrong(name, monkeypatch):
    for module, function in ((np, "allclose"), (np, "array_equal"), (torch, "allclose"), (torch, "equal")):
        monkeypatch.setattr(module, function, lambda *inputs, **options: True)
    assert verdict_on(find(name), lambda *inputs: torch.tensor(0.0)).status == WRONG


@pytest.mark.parametrize("name", BORROWED_ANSWERS)
def test_calling_the_package_is_right_but_not_yours(name):
    verdict = verdict_on(find(name), BORROWED_ANSWERS[name])
    assert verdict.status == BORROWED
    assert verdict.reason.startswith("this calls fer_tutorial's own ")


@pytest.mark.parametrize("chapter", chapters())
def test_a_chapter_has_a_solution_of_every_exercise_in_its_order(chapter):
    text = (files("fer_tutorial.course.solutions") / f"{chapter}.py").read_text(encoding="utf-8")
    assert [section.partition("\n")[0] for section in text.split(SECTION)[1:]] == exercise_names(chapter)


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_is_correct(name):
    names = {**vars(import_module(f"fer_tutorial.course.solutions.{name.partition('.')[0]}")), "__name__": "a notebook"}
    before = set(names)
    code = ast.parse(solution_of(name))
    last = code.body[-1]
    answer = last.name if isinstance(last, ast.FunctionDef) else last.targets[0].id
    assert answer in before  # the module binds it too, so that it is linted and imported as a whole
    exec(compile(code, name, "exec"), names)
    assert verdict_on(find(name), names[answer]).status == CORRECT


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_is_not_answered(name):
    assert verdict_on(find(name), ...).status == UNANSWERED
    if find(name).written:
        assert verdict_on(find(name), lambda *arguments: ...).status == UNANSWERED
        assert verdict_on(find(name), lambda *arguments: NotImplemented).status == UNANSWERED
