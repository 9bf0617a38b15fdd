"""check(), hint() and score(): every verdict a reader can meet."""

import functools

import pytest
import torch

from fer_tutorial.course import Wrong, check, checking, exercise, hint, registry, score, solution
from fer_tutorial.errors import UserError

NAME = "testing.double"


@pytest.fixture(autouse=True)
def _an_exercise(monkeypatch):
    monkeypatch.setattr(checking, "_session", {})
    monkeypatch.setattr(checking, "_seen", set())

    @exercise(NAME, hints=("first", "second", "third"))
    def _(answer):
        if answer(3) != 6:
            raise Wrong(f"for x = 3 your function gives {answer(3)}, not 6")

    yield
    del registry._exercises[NAME]


def printed(capsys, answer) -> str:
    check(NAME, answer)
    return capsys.readouterr().out


def test_a_right_answer(capsys):
    assert printed(capsys, lambda x: 2 * x) == "testing.double: correct\n"


def test_a_wrong_answer_says_what_differs_on_which_input(capsys):
    expected = "testing.double: not yet right (for x = 3 your function gives 4, not 6)\n"
    assert printed(capsys, lambda x: x + 1) == expected


def _raises_not_implemented(x):
    raise NotImplementedError


@pytest.mark.parametrize(
    "stub",
    [
        ...,
        NotImplemented,
        lambda x: ...,
        lambda x: NotImplemented,
        lambda x: (..., 1),
        _raises_not_implemented,
        functools.partial(lambda y, x: ..., 1),
    ],
)
def test_a_stub_is_not_answered_yet(capsys, stub):
    assert printed(capsys, stub) == "testing.double: not answered yet\n"


def test_an_answer_that_raises_is_one_sentence(capsys):
    def answer(x):
        raise RuntimeError(f"cannot use {object()}\nsecond line")

    assert printed(capsys, answer) == (
        "testing.double: not yet right (your answer raised RuntimeError: cannot use <object object>)\n"
    )


def test_an_answer_of_the_wrong_kind_is_one_sentence(capsys):
    assert printed(capsys, 7) == (
        "testing.double: not yet right (your answer raised TypeError: 'int' object is not callable)\n"
    )


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
