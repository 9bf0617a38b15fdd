"""The key of assignment A2, SCN: what right answers do, and what earns how many marks.

This is the public sample.  Everybody can read it, so no one can be examined with it: copy it with ``fer-tutorial course
new``, change the tasks, and keep the copy to yourself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fer_tutorial.course import Draw, Wrong, expect_close, like_reference
from fer_tutorial.course.comparing import as_array, in_words, is_close
from fer_tutorial.coursework.checks import BY_AUTOGRAD, Check, Variant, results
from fer_tutorial.coursework.experiments import (
    BASELINE,
    COUNT,
    INTERVAL,
    LIMITS,
    QUANTILES,
    QUESTION,
    SEED,
    SHARE,
    Column,
    Row,
    expect_pairs,
    mean_and_half,
    read_rows,
    run_again,
)
from fer_tutorial.coursework.task import CodeTask, Criterion, Property, WrittenTask

NAME = "a2"
TITLE = "A2: SCN"


def draw_variant(numbers: random.Random) -> dict[str, Any]:
    """A student's parameters."""
    return {"TAU": numbers.choice([0.5, 1.5, 2.0, 3.0]), "NOISE": numbers.choice([0.2, 0.3, 0.4])}


# --- a2.1: a cross-entropy of logits times a power of the importance ---


def scored(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Logits, importances, labels; one face alone, two classes, and classes that are absent."""
    for m, classes in ((1, 3), (4, 2), (5, 4), (7, 6)):
        yield draw.numbers(m, classes), draw.shares(m), draw.labels(m, classes - 1)


def powered(tau: float) -> Callable[..., Tensor]:
    def loss(logits: Tensor, importance: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(importance[:, None] ** tau * logits, labels)

    return loss


def powered_value(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(powered(variant["TAU"]), scored)(answer, draw)


def powered_gradient(name: str) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        like_reference(powered(variant["TAU"]), scored, gradients=(name,))(answer, draw)

    return check


def no_and_full_importance(answer: Any, draw: Draw, variant: Variant) -> None:
    for logits, importance, labels in scored(draw):
        none = answer(logits=logits, importance=torch.zeros_like(importance), labels=labels)
        expect_close(none, torch.tensor(float(logits.shape[1])).log(), "importance 0 for all")
        full = answer(logits=logits, importance=torch.ones_like(importance), labels=labels)
        expect_close(full, F.cross_entropy(logits, labels), "importance 1 for all")


def large_logits(answer: Any, draw: Draw, variant: Variant) -> None:
    for logits, importance, labels in scored(draw):
        # In double precision, where differences of such numbers are still exact enough.
        inputs = {"logits": 1e4 * logits.double().sign(), "importance": importance.double(), "labels": labels}
        expect_close(answer(**inputs), powered(variant["TAU"])(**inputs), "logits of ten thousand")


def shifted_logits(answer: Any, draw: Draw, variant: Variant) -> None:
    for logits, importance, labels in scored(draw):
        rest = {"importance": importance, "labels": labels}
        before = answer(logits=logits, **rest)
        expect_close(answer(logits=logits + draw.numbers(len(labels), 1), **rest), before, "logits with a number added")
        other = logits + F.one_hot(labels, logits.shape[1])
        if is_close(answer(logits=other, **rest), before):
            raise Wrong("the label's logit, one higher, makes no difference")


# --- a2.2: its gradients by hand ---

SLOPES = ("the slopes in the importance", "those in the logits")


def slopes(tau: float) -> Callable[..., tuple[Tensor, Tensor]]:
    def both(logits: Tensor, importance: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        p = (importance[:, None] ** tau * logits).softmax(dim=1)
        own = logits.gather(1, labels[:, None])[:, 0]
        one_hot = F.one_hot(labels, logits.shape[1])
        to_importance = tau * importance ** (tau - 1) * ((p * logits).sum(dim=1) - own)
        return to_importance, importance[:, None] ** tau * (p - one_hot)

    return both


def by_hand(which: int) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        def right(logits: Tensor, importance: Tensor, labels: Tensor) -> Tensor:
            return slopes(variant["TAU"])(logits, importance, labels)[which]

        like_reference(right, scored)(results(answer, SLOPES, which), draw)

    return check


def equal_logits(answer: Any, draw: Draw, variant: Variant) -> None:
    for logits, importance, labels in list(scored(draw))[1:]:
        rest = {"importance": importance, "labels": labels}
        found = results(answer, SLOPES, 0)(logits=logits[:, :1].expand_as(logits).clone(), **rest)
        expect_close(found, torch.zeros(len(labels)), "equal logits: the slopes in the importance", tolerance=1e-3)
        if is_close(results(answer, SLOPES, 0)(logits=logits, **rest), torch.zeros(len(labels))):
            raise Wrong("the slopes in the importance are always zero")


def sign_rule(answer: Any, draw: Draw, variant: Variant) -> None:
    for logits, importance, labels in scored(draw):
        found = as_array(results(answer, SLOPES, 0)(logits=logits, importance=importance, labels=labels), "the slopes")
        right = slopes(variant["TAU"])(logits, importance, labels)[0].numpy()
        clear = abs(right) > 1e-3
        if found.shape != right.shape or (found[clear] * right[clear] <= 0).any():
            raise Wrong("the importance should fall where the label's logit is below the average, else rise")


def rows_sum_to_zero(answer: Any, draw: Draw, variant: Variant) -> None:
    for logits, importance, labels in scored(draw):
        found = results(answer, SLOPES, 1)(logits=logits, importance=importance, labels=labels)
        expect_close(tuple(torch.as_tensor(found).shape), tuple(logits.shape), "the shape of the slopes in the logits")
        found = torch.as_tensor(found)
        expect_close(found.sum(dim=1), torch.zeros(len(labels)), "the slopes of a face in its logits, added")
        if not (found.abs().sum(dim=1) > 0).all():
            raise Wrong("no slope in the logits")


# --- a2.3: a rank loss of two ends ---


def sizes(n: int, high: float, low: float) -> tuple[int, int]:
    """How many faces are in the two groups; shares are as they are written, 0.29 of 100 are 29."""
    top = max(1, min(int(Fraction(str(high)) * n), n - 1))
    return top, max(1, min(int(Fraction(str(low)) * n), n - top))


def ends(importance: Tensor, share_high: float, share_low: float, margin: float) -> Tensor:
    if len(importance) == 1:
        return importance.sum() * 0
    top, bottom = sizes(len(importance), share_high, share_low)
    ranked = importance.sort(descending=True).values
    return torch.relu(margin - ranked[:top].mean() + ranked[len(ranked) - bottom :].mean())


def batches_of(*cases: tuple[int, float, float, float]) -> Callable[[Draw], Iterator[tuple[Any, ...]]]:
    """Importances of so many faces, no two alike, with two shares and a margin."""

    def draw_them(draw: Draw) -> Iterator[tuple[Any, ...]]:
        for m, high, low, margin in cases:
            yield (draw.order(m) + 1) / (m + 1), high, low, margin

    return draw_them


ODD = batches_of(
    (2, 0.7, 0.7, 0.9),
    (3, 0.5, 0.34, 0.9),
    (7, 0.45, 0.3, 0.8),
    (9, 0.7, 0.6, 0.95),
    (11, 0.25, 0.4, 0.9),
    (7, 0.2, 0.2, 0.3),
)  # of the last the margin is met
EXTREME = batches_of((4, 0.0, 0.0, 0.9), (5, 1.0, 1.0, 0.9), (6, 1.0, 0.5, 0.9), (7, 0.0, 1.0, 0.9), (5, 0.1, 0.1, 0.9))
DECIMAL = batches_of((100, 0.29, 0.57, 0.9), (100, 0.57, 0.28, 0.9), (50, 0.14, 0.58, 0.9))


def ranked_value(batches: Callable[[Draw], Iterator[tuple[Any, ...]]], *gradients: str) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        like_reference(ends, batches, gradients=gradients)(answer, draw)

    return check


def one_face(answer: Any, draw: Draw, variant: Variant) -> None:
    rest: dict[str, Any] = {"share_high": 0.5, "share_low": 0.5, "margin": 0.3}
    expect_close(answer(importance=torch.tensor([0.5, 0.4]), **rest), 0.2, "two faces", tolerance=1e-3)
    for share in (0.0, 0.5, 1.0):
        inputs = {"importance": draw.shares(1), "share_high": share, "share_low": share, "margin": 0.3}
        expect_close(answer(**inputs), 0.0, in_words(inputs))


def order_and_ties(answer: Any, draw: Draw, variant: Variant) -> None:
    for m in (5, 8):
        importance = draw.integers(m, low=1, high=3) / 4  # many alike
        rest = {"share_high": 0.5, "share_low": 0.4, "margin": 0.99}
        right = ends(importance, **rest)
        for _ in range(3):
            shuffled = importance[draw.order(m)]
            expect_close(answer(importance=shuffled, **rest), right, "importances of which many are alike")


def open_or_closed(answer: Any, draw: Draw, variant: Variant) -> None:
    for importance, high, low, _ in ODD(draw):
        gap = 9.0 - ends(importance, high, low, 9.0).item()
        for margin in (gap + 0.05, gap - 0.05):
            live = importance.clone().requires_grad_()
            value = answer(importance=live, share_high=high, share_low=low, margin=margin)
            if type(value) is not Tensor or not value.requires_grad:
                raise Wrong("no gradient reaches the importances")
            (found,) = torch.autograd.grad(value, live)
            expect_close(found.sum(), torch.tensor(0.0), "the gradients to all importances, added")
            if (margin > gap) != bool(found.any()):
                raise Wrong("there should be a gradient if, and only if, the gap is smaller than the margin")


# --- a2.4: relabeling with a margin for each class ---


def relabeled(probabilities: Tensor, labels: Tensor, importance: Tensor, beta: float, margins: Tensor) -> Tensor:
    m = len(labels)
    top = max(1, min(int(Fraction(str(beta)) * m), m - 1))
    border = sorted(importance.tolist(), reverse=True)[top - 1]
    new = labels.clone()
    for i in range(m):
        if importance[i] < border:
            gains = probabilities[i] - probabilities[i, labels[i]]
            allowed = [k for k in range(len(margins)) if k != labels[i] and gains[k] > margins[k]]
            if allowed:
                new[i] = max(allowed, key=lambda k: (probabilities[i, k].item(), -k))
    return new


RELABELED = ("probabilities", "labels", "importance", "beta", "margins")


def doubted(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, float, Tensor]]:
    """Networks more or less sure, margins from next to none to high ones; some importances tie."""
    for m, classes, beta in ((2, 3, 0.5), (6, 4, 0.4), (9, 3, 0.35), (20, 7, 0.29), (30, 5, 0.6), (40, 6, 0.33)):
        importance = draw.integers(m, low=1, high=m) / (m + 1)
        # Half a thousandth off all differences of probabilities, so that rounding decides nothing.
        margins = 0.15 * draw.integers(classes, low=0, high=4) + 0.0005
        yield draw.probabilities(m, classes), draw.labels(m, classes), importance, beta, margins


def relabeled_value(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(relabeled, doubted)(answer, draw)


def _relabeled_like(answer: Any, *inputs: Any) -> None:
    named = dict(zip(RELABELED, inputs, strict=True))
    expect_close(answer(**named), relabeled(*inputs), in_words(named))


def high_group_stays(answer: Any, draw: Draw, variant: Variant) -> None:
    p = torch.tensor([[0.75, 0.25, 0.0]]).repeat(5, 1)
    margins, labels = torch.full((3,), 0.125), torch.ones(5, dtype=torch.int64)
    for importance in ([0.9, 0.8, 0.5, 0.5, 0.5], [0.5] * 5, [0.9, 0.8, 0.5, 0.5, 0.2]):
        order = draw.order(5)
        _relabeled_like(answer, p, labels, torch.tensor(importance)[order], 0.6, margins)
    _relabeled_like(answer, p, labels, torch.tensor([0.9, 0.7, 0.5, 0.3, 0.1]), 0.2, margins)


def strictly(answer: Any, draw: Draw, variant: Variant) -> None:
    p = torch.tensor([[0.25, 0.25, 0.5], [0.25, 0.125, 0.625], [0.125, 0.375, 0.5]])
    labels, importance = torch.tensor([0, 0, 1]), torch.tensor([0.5, 0.25, 0.125])
    for margin in (0.25, 0.375, 0.125):
        importance = importance[draw.order(3)]
        _relabeled_like(answer, p, labels, importance, 0.3, torch.full((3,), margin))
    _relabeled_like(answer, p, labels, torch.tensor([0.25, 0.125, 0.5]), 0.3, torch.full((3,), 0.25))


def margin_that_blocks(answer: Any, draw: Draw, variant: Variant) -> None:
    p = torch.tensor([[0.0625, 0.5, 0.375, 0.0625], [0.125, 0.25, 0.5, 0.125], [0.25, 0.25, 0.25, 0.25]])
    labels, importance = torch.tensor([0, 3, 2]), torch.tensor([0.25, 0.125, 0.75])
    for margins in (
        [0.2, 0.9, 0.2, 0.2],
        [0.2, 0.1, 0.9, 0.2],
        [0.9, 0.9, 0.9, 0.0],
        [0.0, 0.5, 0.5, 0.0],
        [0.2, 0.4, 0.1, 0.2],
    ):
        _relabeled_like(answer, p, labels, importance, 0.34, torch.tensor(margins))


def again_is_nothing(answer: Any, draw: Draw, variant: Variant) -> None:
    for inputs in doubted(draw):
        if torch.equal(relabeled(*inputs), inputs[1]):
            continue
        rest: dict[str, Any] = dict(zip(RELABELED, inputs, strict=True))
        once = torch.as_tensor(answer(**rest))
        if once.dtype != torch.int64 or once.shape != rest["labels"].shape:
            raise Wrong("expected a label for each face")
        if torch.equal(once, rest["labels"]):
            raise Wrong("no label changes")
        expect_close(answer(**{**rest, "labels": once}), once, "relabeling a second time")


def tied_favorites(answer: Any, draw: Draw, variant: Variant) -> None:
    p = torch.tensor([[0.125, 0.4375, 0.4375], [0.4375, 0.125, 0.4375], [0.5, 0.25, 0.25]])
    for labels in ([0, 1, 0], [0, 1, 2]):
        for margins in ([0.1, 0.1, 0.1], [0.1, 0.5, 0.1]):
            importance = torch.tensor([0.25, 0.125, 0.5])
            _relabeled_like(answer, p, torch.tensor(labels), importance, 0.34, torch.tensor(margins))


# --- a2.5: labels at any epoch ---


def changed(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Original labels, the labels now, and the changes (sample, epoch, from, to) in the order of their happening."""
    for n, classes, count in ((4, 3, 5), (6, 4, 12), (10, 7, 40)):
        original = draw.labels(n, classes)
        now, changes = original.clone(), []
        for epoch in draw.integers(count, low=0, high=6).sort().values.tolist():
            sample, step = int(draw.integers(1, low=0, high=n - 1)), int(draw.integers(1, low=1, high=classes - 1))
            before = int(now[sample])
            now[sample] = (before + step) % classes
            changes.append([sample, epoch, before, int(now[sample])])
        yield original, now, torch.tensor(changes)


def rewound(labels: Tensor, changes: Tensor, epoch: int) -> Tensor:
    then = labels.clone()
    for sample, when, before, _ in reversed(changes.tolist()):
        if when > epoch:
            then[sample] = before
    return then


def rewinds(answer: Any, epochs: range, draw: Draw) -> None:
    def audits(draw: Draw) -> Iterator[tuple[Tensor, Tensor, int]]:
        for _, now, changes in changed(draw):
            for epoch in epochs:
                yield now, changes, epoch

    like_reference(rewound, audits)(answer, draw)


def at_any_epoch(answer: Any, draw: Draw, variant: Variant) -> None:
    rewinds(answer, range(6), draw)


def the_originals(answer: Any, draw: Draw, variant: Variant) -> None:
    for original, now, changes in changed(draw):
        expect_close(answer(labels=now, changes=changes, epoch=-1), original, "all changes undone")


def often_in_an_epoch(answer: Any, draw: Draw, variant: Variant) -> None:
    now = torch.tensor([2, 0, 1])
    changes = torch.tensor([[0, 1, 1, 0], [0, 3, 0, 1], [0, 3, 1, 2], [2, 3, 0, 2], [2, 3, 2, 0], [2, 3, 0, 1]])
    for epoch in (2, 3, 0):
        inputs = {"labels": now, "changes": changes, "epoch": epoch}
        expect_close(answer(**inputs), rewound(now, changes, epoch), in_words(inputs))


def nothing_to_undo(answer: Any, draw: Draw, variant: Variant) -> None:
    for original, now, changes in changed(draw):
        if is_close(answer(labels=now, changes=changes, epoch=-1), now) != torch.equal(original, now):
            raise Wrong("nothing is ever undone")
        expect_close(answer(labels=now, changes=changes, epoch=9), now, "an epoch after the last change")
        expect_close(answer(labels=now, changes=changes[:0], epoch=0), now, "no changes")


# --- a2.6: the area under the ROC, of faces that count differently ---


def area(importance: Tensor, wrong: Tensor, weights: Tensor) -> Tensor:
    below = (importance[wrong][:, None] < importance[~wrong]).double()
    below = below + (importance[wrong][:, None] == importance[~wrong]).double() / 2
    pairs = (weights[wrong][:, None] * weights[~wrong]).double()
    return ((below * pairs).sum() / pairs.sum()).to(importance.dtype)


def judged_faces(draw: Draw, ties: bool) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    for n in (2, 5, 9, 16):
        wrong = torch.zeros(n, dtype=torch.bool)
        wrong[draw.order(n)[: max(1, n // 3)]] = True
        importance = draw.integers(n, low=1, high=3) / 4 if ties else (draw.order(n) + 1) / (n + 1)
        yield importance, wrong, draw.numbers(n, low=0.5, high=3.0)


def weighed_area(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(area, lambda numbers: judged_faces(numbers, ties=False))(answer, draw)


def area_with_ties(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(area, lambda numbers: judged_faces(numbers, ties=True))(answer, draw)


def weights_are_copies(answer: Any, draw: Draw, variant: Variant) -> None:
    worst = answer(importance=torch.tensor([0.9, 0.1]), wrong=torch.tensor([True, False]), weights=torch.ones(2))
    expect_close(worst, torch.tensor(0.0), "a wrong label of high importance")
    for importance, wrong, _ in list(judged_faces(draw, ties=False))[1:]:
        times = draw.integers(len(wrong), low=1, high=3)
        weighed = answer(importance=importance, wrong=wrong, weights=times.float())
        copies = {"importance": importance.repeat_interleave(times), "wrong": wrong.repeat_interleave(times)}
        expect_close(answer(**copies, weights=torch.ones(int(times.sum()))), weighed, "faces as often as their weights")
        opposite = answer(importance=1 - importance, wrong=wrong, weights=times.float())
        expect_close(
            torch.as_tensor(opposite) + torch.as_tensor(weighed), torch.tensor(1.0), "ranks turned round, added"
        )


# --- a2.7: who is doubted? ---

T_QUANTILES = {2: 12.7062, 3: 4.3027, 4: 3.1824, 5: 2.7764, 6: 2.5706, 8: 2.3646, 10: 2.2622}
LOW_SHARES = ("the mean shares", "half the widths of their intervals")


def low_shares(importance: Tensor, groups: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    n = importance.shape[1]
    top = max(1, min(int(Fraction(str(beta)) * n), n - 1))
    ranks = importance.argsort(dim=1, descending=True).argsort(dim=1)
    low = (ranks >= top).double()  # (seeds, n)
    shares = torch.stack([low[:, groups == group].mean(dim=1) for group in range(int(groups.max()) + 1)], dim=1)
    halves = T_QUANTILES[len(importance)] * shares.std(dim=0) / len(importance) ** 0.5
    return shares.mean(dim=0).to(importance.dtype), halves.to(importance.dtype)


def seeds_of_groups(draw: Draw) -> Iterator[tuple[Tensor, Tensor, float]]:
    """Importances without ties, of a few seeds; every group has members."""
    for seeds, n, count, beta in ((2, 5, 2, 0.5), (3, 11, 3, 0.7), (5, 20, 6, 0.29), (8, 13, 4, 0.75)):
        importance = torch.stack([(draw.order(n) + 1) / (n + 1) * draw.shares(1) for _ in range(seeds)])
        groups = torch.cat([torch.arange(count), draw.labels(n - count, count)])[draw.order(n)]
        yield importance, groups, beta


def shares_part(which: int) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        def right(importance: Tensor, groups: Tensor, beta: float) -> Tensor:
            return low_shares(importance, groups, beta)[which]

        like_reference(right, seeds_of_groups)(results(answer, LOW_SHARES, which), draw)

    return check


def renamed_groups(answer: Any, draw: Draw, variant: Variant) -> None:
    for importance, groups, beta in list(seeds_of_groups(draw))[1:]:
        names = draw.order(int(groups.max()) + 1)
        before = results(answer, LOW_SHARES, 0)(importance=importance, groups=groups, beta=beta)
        after = results(answer, LOW_SHARES, 0)(importance=importance, groups=names[groups], beta=beta)
        expect_close(torch.as_tensor(after)[names], before, "groups with other numbers")
        sizes = torch.bincount(groups)
        low = importance.shape[1] - max(1, int(Fraction(str(beta)) * importance.shape[1]))
        total = (torch.as_tensor(before) * sizes).sum()
        expect_close(total, torch.tensor(float(low)), "the shares times the sizes of the groups, added", tolerance=1e-3)


# --- a2.8: an experiment ---

NEVER = 30
START = Column("whole numbers from 0 to 30", lambda value: type(value) is int and 0 <= value <= NEVER)
COLUMNS = {"seed": SEED, "start": START, "accuracy": SHARE, "right": COUNT, "wrong": COUNT}
APART, COUNTS_APART = 0.02, 6  # the most that the same run on another machine may differ: accuracy, counts
SUMMARY = ("the mean gain", "half the width of its interval", "the share of changes that ended right")


def paired_runs(answer: Any, draw: Draw, variant: Variant) -> None:
    if expect_pairs(read_rows(answer, COLUMNS), "start", 2)[1] != NEVER:
        raise Wrong(f"expected runs without relabeling, of start {NEVER}")


def run_can_be_repeated(answer: Any, draw: Draw, variant: Variant) -> None:
    paired_runs(answer, draw, variant)
    rows = [row for row in read_rows(answer, COLUMNS) if row["start"] != NEVER]
    row = rows[int(draw.integers(1, low=0, high=len(rows) - 1))]
    accuracy, right, wrong = run_again(__file__, "test_run", variant, row["seed"], row["start"])
    if abs(accuracy - row["accuracy"]) > APART:
        raise Wrong("one of your runs, done again with its seed and start, gives another accuracy")
    if abs(right - row["right"]) > COUNTS_APART or abs(wrong - row["wrong"]) > COUNTS_APART:
        raise Wrong("one of your runs, done again with its seed and start, changes other labels")


def summary(rows: list[Row]) -> tuple[float, float, float]:
    pairs: dict[int, dict[bool, float]] = {}
    for row in rows:
        pairs.setdefault(row["seed"], {})[row["start"] == NEVER] = row["accuracy"]
    right, wrong = (sum(row[name] for row in rows) for name in ("right", "wrong"))
    return *mean_and_half([runs[False] - runs[True] for runs in pairs.values()]), right / (right + wrong)


def tables(draw: Draw) -> Iterator[list[Row]]:
    """Rows in any order."""
    for n in QUANTILES:
        rows: list[Row] = []
        for seed in range(n):
            for start in (5 + n, NEVER):
                accuracy = draw.numbers(1, low=0.3, high=0.7).item()
                right, wrong = draw.integers(2, low=1, high=60).tolist() if start != NEVER else (0, 0)
                rows.append({"seed": seed, "start": start, "accuracy": accuracy, "right": right, "wrong": wrong})
        yield [rows[place] for place in draw.order(2 * n)]


def summary_part(part: int) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        for rows in tables(draw):
            given = results(answer, SUMMARY, part)(results=rows)
            expect_close(given, summary(rows)[part], f"a table of {len(rows) // 2} seeds", tolerance=2e-3)

    return check


# --- what earns what ---

TASKS = (
    CodeTask(
        "a2.1",
        "powered_cross_entropy",
        (
            Property("the value is right, in both precisions, for one face and for two classes", 3, powered_value),
            Property("the gradient to the logits is right", 2, powered_gradient("logits")),
            Property("the gradient to the importance is right", 2, powered_gradient("importance")),
            Property("importance 0 costs log K, importance 1 the plain cross-entropy", 1, no_and_full_importance),
            Property("logits of ten thousand do no harm", 1, large_logits),
            Property("a number added to all logits of a face changes nothing", 1, shifted_logits),
        ),
    ),
    CodeTask(
        "a2.2",
        "powered_slopes",
        (
            Property("the slopes in the importance are right", 4, by_hand(0)),
            Property("the slopes in the logits are right", 4, by_hand(1)),
            Property("equal logits leave the importance where it is", 1, equal_logits),
            Property("the importance falls where the label's logit is below the average, else rises", 2, sign_rule),
            Property("the slopes of a face in its logits add up to zero", 1, rows_sum_to_zero),
        ),
        forbidden=BY_AUTOGRAD,
    ),
    CodeTask(
        "a2.3",
        "two_ends_rank_loss",
        (
            Property("the value is right for shares that make no whole number of faces", 3, ranked_value(ODD)),
            Property("the gradient is right", 2, ranked_value(ODD, "importance")),
            Property("shares of 0 and 1 leave every group a face, and no face in both", 2, ranked_value(EXTREME)),
            Property("0.29 of 100 are 29, in spite of rounding", 1, ranked_value(DECIMAL)),
            Property("a face alone costs nothing", 1, one_face),
            Property("neither the order of the batch nor ties matter", 1, order_and_ties),
            Property(
                "the gradients add up to zero, and there are any only while the margin is not met", 2, open_or_closed
            ),
        ),
    ),
    CodeTask(
        "a2.4",
        "relabel_by_class",
        (
            Property("the new labels are right", 4, relabeled_value),
            Property("the high group is left alone, and so is who ties with its last", 2, high_group_stays),
            Property("what just equals its margin is no reason", 1, strictly),
            Property("a class that does not reach its margin is no obstacle for the next", 2, margin_that_blocks),
            Property("relabeling twice is relabeling once", 1, again_is_nothing),
            Property("of classes that tie the lowest number counts", 2, tied_favorites),
        ),
    ),
    CodeTask(
        "a2.5",
        "labels_after",
        (
            Property("the labels are right after any epoch", 5, at_any_epoch),
            Property("all changes undone give the original labels", 2, the_originals),
            Property("a sample may change several times within an epoch", 2, often_in_an_epoch),
            Property("where nothing is to be undone the labels stay", 1, nothing_to_undo),
        ),
    ),
    CodeTask(
        "a2.6",
        "weighted_area",
        (
            Property("the area is right", 2, weighed_area),
            Property("ties count half", 1, area_with_ties),
            Property(
                "a weight of two is the face twice; ranks turned round give one minus the area", 1, weights_are_copies
            ),
        ),
    ),
    WrittenTask(
        "a2.6.why",
        (
            Criterion(
                "why the curve starts at one half",
                3,
                (
                    "missing, or that the network is not trained yet",
                    "says that the flips are drawn by chance",
                    "and that the importance is a function of the face alone",
                    "and that two copies of a face with different labels have the same importance",
                ),
            ),
            Criterion(
                "why it rises",
                3,
                (
                    "missing, or that the network learns to see wrong labels",
                    "says that it remembers",
                    "names what remembers: the same picture comes again in every epoch, with the same label",
                    "and follows it through the slope in the importance, and says why it stays far from one",
                ),
            ),
            Criterion(
                "a prediction for unseen faces, with its reason",
                2,
                (
                    "missing",
                    "a prediction without a reason",
                    "one half for labels flipped by dice, with the reason",
                    "and what differs where one annotator chose the label",
                ),
            ),
        ),
    ),
    CodeTask(
        "a2.7",
        "low_shares",
        (
            Property("the mean shares are right", 3, shares_part(0)),
            Property("half the widths of their intervals are right", 2, shares_part(1)),
            Property("groups may have other numbers; the shares account for the whole low group", 1, renamed_groups),
        ),
    ),
    WrittenTask(
        "a2.7.who",
        (
            Criterion(
                "what the table shows",
                2,
                (
                    "nothing, or every difference is taken for real",
                    "describes the columns",
                    "uses the interval of two seeds, and says how wide it is",
                    "and sets skin tones against expressions, of which some agree over seeds",
                ),
            ),
            Criterion(
                "what it cannot show",
                2,
                (
                    "missing",
                    "says that two seeds are few",
                    "and that equal means over seeds do not make a single network fair",
                    "and that nothing follows for photographs, with a reason",
                ),
            ),
            Criterion(
                "what to do",
                2,
                (
                    "missing",
                    "more data, or more seeds",
                    "a measurement that would decide, with its groups and its number of seeds",
                    "and what to do in a network that is to be used, and who should decide it",
                ),
            ),
        ),
    ),
    CodeTask(
        "a2.8",
        "summary",
        (
            Property("five seeds or more, each run with and without relabeling", 2, paired_runs),
            Property("a run done again gives the accuracy and the counts of your table", 2, run_can_be_repeated),
            Property("the mean gain is computed rightly from any table", 1, summary_part(0)),
            Property("half the width of the 95 % interval is computed rightly from any table", 1, summary_part(1)),
            Property("the share of changes that ended right is recounted rightly", 2, summary_part(2)),
        ),
    ),
    WrittenTask("a2.8.report", (QUESTION, BASELINE, INTERVAL, LIMITS)),
)
