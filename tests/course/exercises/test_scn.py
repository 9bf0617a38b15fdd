"""The SCN exercises: right answers pass, the usual wrong ones are told what is wrong."""

import re

import pytest
import torch

from fer_tutorial.course.checking import CORRECT, UNANSWERED, WRONG, verdict_on
from fer_tutorial.course.registry import exercise_names, find
from fer_tutorial.papers import scn


def verdict_counts(given, now, truth):
    changed = now != given
    counts = (changed & (now == truth), changed & (now != truth), ~changed & (given != truth))
    return tuple(int(count.sum()) for count in counts)


def relabelled(group):
    return lambda p, y, alpha, beta, margin: scn.relabel(p, y, alpha, beta, margin, group).labels


RIGHT = {
    "scn.by_hand": 0.1,
    "scn.importance": lambda features, weight: scn.importance(features, weight),
    "scn.weighted_cross_entropy": lambda z, a, y: scn.weighted_cross_entropy(z, a, y),
    "scn.rank_regularization": lambda a, beta, margin: scn.rank_regularization(a, beta, margin),
    "scn.relabel": relabelled("low"),
    "scn.verdict": verdict_counts,
}


def test_every_exercise_has_an_answer_here():
    assert exercise_names("scn") == list(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_correct(name):
    assert verdict_on(find(name), RIGHT[name]).status == CORRECT


@pytest.mark.parametrize("name", RIGHT)
def test_the_stub_is_not_answered(name):
    assert verdict_on(find(name), ...).status == UNANSWERED


@pytest.mark.parametrize(
    ("name", "answer", "reason"),
    [
        ("scn.by_hand", 0.5, "expected 0.1, got 0.5"),
        (
            "scn.importance",
            lambda x, w: torch.sigmoid((x @ w[:, None]).squeeze()),
            r"a batch of 1: expected shape \(1,\)",
        ),
        (
            "scn.weighted_cross_entropy",
            lambda z, a, y: (a * torch.nn.functional.cross_entropy(z, y, reduction="none")).mean(),
            "multiplies the loss",
        ),
        (
            "scn.rank_regularization",
            lambda a, beta, margin: margin - (a.topk(int(beta * len(a))).values.mean() - a.mean()),
            "beta 0.6",
        ),
        (
            "scn.rank_regularization",
            lambda a, beta, margin: scn.rank_regularization(a.detach(), beta, margin),
            "no gradient",
        ),
        ("scn.relabel", relabelled("all"), "four faces"),
        ("scn.verdict", lambda given, now, truth: (1, 2, 2), "one relabel is right"),
    ],
)
def test_the_usual_mistakes_are_named(name, answer, reason):
    verdict = verdict_on(find(name), answer)
    assert verdict.status == WRONG
    assert re.search(reason, verdict.reason), verdict.reason
