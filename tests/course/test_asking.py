"""The three ways to ask: what each accepts, and that nothing else is accepted by mistake."""

import itertools
import re

import numpy as np
import pytest
import torch

from fer_tutorial.course import Wrong, exercise, judged_exercise, number_exercise, registry
from fer_tutorial.course.checking import BORROWED, CORRECT, WRONG, verdict_on
from fer_tutorial.course.registry import find
from fer_tutorial.papers.center_loss import center_loss

HINTS = ("first", "second", "third")


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr(registry, "_exercises", registry._exercises.copy())


def verdict(answer):
    return verdict_on(find("testing.it"), answer)


def pairs(draw):
    for n in (1, 3):
        yield draw.numbers(n), draw.numbers(n, low=1)


def ask(reference=lambda a, b: (a**2 * b).sum(), draw=pairs, **options):
    exercise("testing.it", HINTS, draw, **options)(reference)


def test_three_hints_and_a_chapter_are_needed():
    with pytest.raises(ValueError, match="has 2 hints; give 3"):
        number_exercise("faces.x", 1.0, hints=("one", "two"))
    with pytest.raises(ValueError, match=r"name it chapter\.what"):
        judged_exercise("x", HINTS)(lambda answer: None)


# --- a number -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [0.25, np.float32(0.25), torch.tensor(0.25), 0.2500001])
def test_a_number_of_any_kind_is_right(answer):
    number_exercise("testing.it", 0.25, HINTS)
    assert verdict(answer).status == CORRECT


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (0.5, "^it is twice too large$"),
        (0.26, "^it is too large$"),
        ([0.25], "^expected one number$"),
        (True, "^expected one number$"),
        ("a quarter", "expected numbers, got str"),
        (lambda: 0.25, "expected numbers, got function"),
    ],
)
def test_a_wrong_number_is_not_told_the_right_one(answer, reason):
    number_exercise("testing.it", 0.25, HINTS)
    assert verdict(answer).status == WRONG
    assert re.search(reason, verdict(answer).reason)


# --- a function ---------------------------------------------------------------------------------------------------


def test_the_reference_is_right():
    ask(gradients=("a", "b"))
    assert verdict(lambda a, b: (b * a * a).sum()).status == CORRECT


def test_the_smallest_input_that_fails_is_shown_and_kept():
    ask()
    found = verdict(lambda a, b: (a**2).sum() * b.mean())
    a, b = found.inputs["a"], found.inputs["b"]
    assert (a.shape, b.shape) == ((3,), (3,))
    assert found.reason.startswith(f"for a = [{a[0]:.4g}, {a[1]:.4g}, {a[2]:.4g}], b = [")


def test_what_is_kept_is_not_what_the_answer_got():
    ask()
    handed = []
    found = verdict(lambda a, b: handed.append(a) or a.sum())
    assert torch.equal(found.inputs["a"], handed[0])
    assert found.inputs["a"] is not handed[0]


def test_the_right_values_are_computed_before_the_answer_runs():
    factor = [1.0]

    def spoils(a, b):
        factor[0] = 0.0
        return torch.tensor(0.0)

    ask(lambda a, b: factor[0] * (a * b).sum())
    assert verdict(spoils).status == WRONG


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda a, b: (a.detach() ** 2 * b).sum(), "the value is right, but no gradient reaches the a$"),
        (lambda a, b: (a**2 * b).sum().item(), "no gradient reaches the a"),
        (lambda a, b: (a**2 * b).sum().detach() + 0 * a.sum(), "no gradient reaches the a"),
        (lambda a, b: (a**2 * b).sum() + (b - b.detach()).sum(), r"not its gradient to the b: entry \[0\] should be"),
        (lambda a, b: 2 * (a**2 * b).sum() - (a**2 * b).sum().detach(), r"but is .*; all of it is twice too large$"),
    ],
)
def test_gradients_are_compared(answer, reason):
    ask(gradients=("a", "b"))
    assert verdict(answer).status == WRONG
    assert re.search(reason, verdict(answer).reason), verdict(answer).reason


def test_gradients_of_several_values_are_told_apart():
    ask(lambda a, b: a * b, gradients=("a",))
    assert verdict(lambda a, b: b * a).status == CORRECT
    shifted = verdict(lambda a, b: (a * b).detach() + (a - a.detach()) * b.mean())  # the sum of all gradients is right
    assert "not its gradient to the a" in shifted.reason


def test_no_gradient_is_asked_for_where_none_is_due():
    ask(lambda a, b: a.sum() * 0, gradients=("a",))
    assert verdict(lambda a, b: 0.0).status == CORRECT


def test_without_gradients_numpy_will_do():
    ask()
    assert verdict(lambda a, b: np.sum(a.numpy() ** 2 * b.numpy())).status == CORRECT


def test_both_precisions_are_tried():
    ask()
    single = verdict(lambda a, b: torch.zeros(len(a)).index_add(0, torch.arange(len(a)), a**2 * b).sum())
    assert "in double precision: your answer raised RuntimeError" in single.reason


def test_the_second_call_gives_what_the_first_gave():
    ask()
    calls = itertools.count()
    found = verdict(lambda a, b: (a**2 * b).sum() + next(calls) % 2)
    assert found.reason.endswith("the same input gives another result the second time")


def test_several_values_have_names():
    ask(lambda a, b: (a.sum(), b.sum()), results=("sum of a", "sum of b"))
    for right in (lambda a, b: [a.sum(), b.sum()], lambda a, b: torch.stack([a.sum(), b.sum()])):
        assert verdict(right).status == CORRECT
    assert "expected 2 values, sum of a and sum of b" in verdict(lambda a, b: a.sum()).reason
    assert ", sum of b: expected" in verdict(lambda a, b: (a.sum(), a.sum())).reason
    assert "expected 2 values" in verdict(lambda a, b: (a.sum(), b.sum(), 0)).reason


def test_a_usual_mistake_is_explained_where_it_shows():
    ask(mistakes={"this is the mean": lambda a, b: (a**2 * b).mean()}, gradients=("a",))
    assert verdict(lambda a, b: (a**2 * b).sum() / len(a)).reason.endswith(": this is the mean")
    assert "mean" not in verdict(lambda a, b: (a**2).sum()).reason
    # On the first input sum and mean are the same: what is wrong there is something else.
    assert "mean" not in verdict(lambda a, b: (a.detach() ** 2 * b).sum()).reason


def test_calling_the_package_is_right_but_not_yours():
    def batches(draw):
        yield draw.numbers(3, 2), draw.labels(3, 2), draw.numbers(2, 2)

    options = {"reference": lambda x, y, c: center_loss(x, y, c), "draw": batches}
    ask(**options)
    found = verdict(lambda x, y, c: center_loss(x, y, c))
    assert (found.status, found.reason) == (BORROWED, "this calls fer_tutorial's own center_loss")
    assert verdict(lambda x, y, c: 2 * center_loss(x, y, c)).status == WRONG
    ask(**options, may_call=("center_loss",))
    assert verdict(lambda x, y, c: center_loss(x, y, c)).status == CORRECT


# --- a judge ------------------------------------------------------------------------------------------------------


def test_a_judge_decides():
    @judged_exercise("testing.it", HINTS)
    def _(answer):
        if answer(x=3) % 2 == 0:
            raise Wrong("for x = 3 your number is even")

    assert verdict(lambda x: 7).status == CORRECT
    assert verdict(lambda x: 8).reason == "for x = 3 your number is even"
    assert "your answer raised ZeroDivisionError" in verdict(lambda x: 1 / 0).reason


def test_a_gradient_that_is_zero_but_for_rounding_need_not_reach_anything():
    def share(a, b):  # of one number in itself: 1, whatever the number is; its slope is 0 up to rounding
        return (b * a / a).sum() + (a * (0.1 + 0.2) - a * 0.3).sum()

    ask(share, draw=lambda draw: [(draw.numbers(1, low=1), draw.numbers(1, low=1))], gradients=("a", "b"))
    assert verdict(lambda a, b: b.sum()).status == CORRECT
    assert verdict(lambda a, b: b.sum().detach() + 0 * a.sum()).status == WRONG
