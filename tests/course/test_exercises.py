"""Every exercise: the right answer passes, the stub is not answered yet, and the usual wrong answers are told why.

The answers stand in ``tests/course/answers``, a module a chapter.
"""

import ast
import re
from importlib import import_module
from importlib.resources import files

import pytest

from fer_tutorial.course.checking import CORRECT, UNANSWERED, WRONG, verdict_on
from fer_tutorial.course.registry import SECTION, chapters, exercise_names, find, solution_of

ANSWERS = {chapter: import_module(f"tests.course.answers.{chapter}") for chapter in chapters()}
RIGHT = {name: answer for answers in ANSWERS.values() for name, answer in answers.RIGHT.items()}
MISTAKES = [mistake for answers in ANSWERS.values() for mistake in answers.MISTAKES]


@pytest.mark.parametrize("chapter", ANSWERS)
def test_every_exercise_has_an_answer_and_a_mistake(chapter):
    assert exercise_names(chapter) == list(ANSWERS[chapter].RIGHT)
    assert {name for name, _, _ in ANSWERS[chapter].MISTAKES} == set(ANSWERS[chapter].RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_correct(name):
    right = RIGHT[name]
    assert verdict_on(find(name), right).status == CORRECT
    if callable(right):  # a plain function, as the chapter's answers are, whatever the package's own is
        assert verdict_on(find(name), lambda *arguments: right(*arguments)).status == CORRECT


@pytest.mark.parametrize("chapter", ANSWERS)
def test_a_chapter_has_a_solution_of_every_exercise_in_its_order(chapter):
    text = (files("fer_tutorial.course.solutions") / f"{chapter}.py").read_text(encoding="utf-8")
    assert [section.partition("\n")[0] for section in text.split(SECTION)[1:]] == exercise_names(chapter)


@pytest.mark.parametrize("name", RIGHT)
def test_the_solution_is_correct(name):
    names = dict(vars(import_module(f"fer_tutorial.course.solutions.{name.partition('.')[0]}")))
    before = set(names)
    code = ast.parse(solution_of(name))
    last = code.body[-1]
    answer = last.name if isinstance(last, ast.FunctionDef) else last.targets[0].id
    assert answer in before  # the module binds it too, so that it is linted and imported as a whole
    exec(compile(code, name, "exec"), names)
    assert verdict_on(find(name), names[answer]).status == CORRECT


@pytest.mark.parametrize("name", RIGHT)
def test_the_stub_is_not_answered(name):
    assert verdict_on(find(name), ...).status == UNANSWERED
    if callable(RIGHT[name]):
        assert verdict_on(find(name), lambda *arguments: ...).status == UNANSWERED
        assert verdict_on(find(name), lambda *arguments: NotImplemented).status == UNANSWERED


@pytest.mark.parametrize(("name", "answer", "reason"), MISTAKES, ids=[name for name, _, _ in MISTAKES])
def test_a_usual_mistake_is_told_why(name, answer, reason):
    verdict = verdict_on(find(name), answer)
    assert verdict.status == WRONG
    assert re.search(reason, verdict.reason), verdict.reason
