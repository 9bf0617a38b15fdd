"""check(), hint() and score(): every verdict a reader can meet."""

import sys
import time

import pytest
import torch
from IPython.core.formatters import DisplayFormatter

from fer_tutorial.course import check, checking, exercise, hint, registry, score, solution, trying
from fer_tutorial.course.checking import Verdict
from fer_tutorial.errors import UserError

NAME = "testing.double"


@pytest.fixture(autouse=True)
def _an_exercise(monkeypatch):
    monkeypatch.setattr(checking, "_session", {})
    monkeypatch.setattr(checking, "_seen", set())

    @exercise(NAME, hints=("first", "second", "third"), draw=lambda draw: [(3,), (4,)])
    def _(x):
        return 2 * x

    yield
    del registry._exercises[NAME]


def printed(capsys, answer) -> str:
    check(NAME, answer)
    return capsys.readouterr().out


def test_a_right_answer(capsys):
    assert printed(capsys, lambda x: 2 * x) == "testing.double: correct\n"


def test_a_wrong_answer_says_what_differs_on_which_input(capsys):
    assert printed(capsys, lambda x: x + 1) == "testing.double: not yet right (for x = 3: expected 6, got 4)\n"


def _raises_not_implemented(x):
    raise NotImplementedError


@pytest.mark.parametrize("stub", [..., NotImplemented, lambda x: ..., _raises_not_implemented])
def test_a_stub_is_not_answered_yet(capsys, stub):
    assert printed(capsys, stub) == "testing.double: not answered yet\n"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (7, "expected a function, got int; give its name without calling it"),
        (lambda x: [][x], "for x = 3: your answer raised IndexError: list index out of range"),
        (lambda x: sys.exit(2), "for x = 3: your answer raised SystemExit: 2"),
    ],
)
def test_whatever_an_answer_raises_is_one_sentence(capsys, answer, reason):
    assert printed(capsys, answer) == f"testing.double: not yet right ({reason})\n"


def test_an_answer_without_an_end_is_one_sentence(capsys, monkeypatch):
    monkeypatch.setattr(trying, "SECONDS", 0.05)
    said = printed(capsys, lambda x: time.sleep(600))
    assert said.startswith("testing.double: not yet right (for x = 3: your answer is still running after 0.05 seconds")


def test_what_cannot_be_differentiated_is_one_sentence(capsys):
    exercise(NAME, ("1", "2", "3"), draw=lambda draw: [(draw.numbers(2),)], gradients=("x",))(lambda x: x.exp())

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.exp()

    assert "what your answer gives raised" in printed(capsys, Broken.apply)


def test_the_verdict_is_returned(capsys):
    verdict = check(NAME, lambda x: x + 1)
    assert verdict == Verdict(NAME, "not yet right", "for x = 3: expected 6, got 4")
    assert verdict.inputs == {"x": 3}
    assert capsys.readouterr().out == f"{verdict}\n"


def test_a_cell_that_ends_in_a_check_shows_one_line(capsys):
    verdict = check(NAME, ...)
    assert DisplayFormatter().format(verdict) == ({}, {})
    assert capsys.readouterr().out == "testing.double: not answered yet\n"


def test_checking_leaves_the_readers_random_numbers_alone(capsys):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    printed(capsys, lambda x: 2 * x + 0 * torch.rand(1).item())
    assert torch.equal(torch.rand(3), expected)


def test_the_score_keeps_the_latest_verdict_of_each_exercise(capsys):
    printed(capsys, ...)
    check("center_loss.by_hand", 1.0)
    printed(capsys, lambda x: 2 * x)
    assert score().values.tolist() == [[NAME, "correct", ""], ["center_loss.by_hand", "not yet right", ""]]


def test_the_score_says_whose_solution_was_seen(capsys):
    solution("center_loss.by_hand")
    assert capsys.readouterr().out.startswith("loss_by_hand = ")
    check("center_loss.by_hand", 5.5)
    check("center_loss.loss", ...)
    assert score()["solution"].tolist() == ["seen", ""]


def test_a_solution_of_nothing_is_one_sentence():
    with pytest.raises(UserError, match="no exercise called"):
        solution("center_loss.by_foot")


def test_the_score_of_a_fresh_session_is_an_empty_table():
    assert score().columns.tolist() == ["exercise", "verdict", "solution"]
    assert len(score()) == 0


def test_hints_come_one_at_a_time(capsys):
    hint(NAME, 2)
    assert capsys.readouterr().out == "Hint 2 of 3: second\n"


@pytest.mark.parametrize("level", [0, 4, "1"])
def test_there_are_three_hints(level):
    with pytest.raises(UserError, match="ask for level 1, 2 or 3"):
        hint(NAME, level)
