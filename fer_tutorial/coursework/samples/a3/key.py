"""The key of assignment A3, TCL: what right answers do, and what earns how many marks.

This is the public sample.  Everybody can read it, so no one can be examined with it: copy it with ``fer-tutorial course
new``, change the tasks, and keep the copy to yourself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from fer_tutorial.course import Draw, Wrong, expect_close, like_reference
from fer_tutorial.course.comparing import in_words, is_close
from fer_tutorial.coursework.checks import Check, Variant, results
from fer_tutorial.coursework.experiments import (
    BASELINE,
    LIMITS,
    QUESTION,
    SEED,
    WEIGHT,
    Column,
    Row,
    expect_pairs,
    mean_and_half,
    one_of,
    read_rows,
    run_again,
)
from fer_tutorial.coursework.task import CodeTask, Criterion, Property, WrittenTask

NAME = "a3"
TITLE = "A3: TCL"


def draw_variant(numbers: random.Random) -> dict[str, Any]:
    """A student's parameters."""
    return {"POWER": numbers.choice([1.5, 2.0, 2.5, 3.0]), "DIMENSIONS": numbers.choice([4, 8, 16, 32])}


# --- a3.1: a triplet-center loss with a power, attention and a margin for each class ---

LOSS = ("features", "labels", "centers", "negatives", "attention", "margins")


def batches(low: float, high: float) -> Callable[[Draw], Iterator[tuple[Tensor, ...]]]:
    """Faces with margins between two numbers; the last class is absent, and sizes differ."""

    def draw_them(draw: Draw) -> Iterator[tuple[Tensor, ...]]:
        for m, d, classes in ((1, 3, 2), (4, 3, 5), (6, 4, 3), (5, 6, 7)):
            labels = draw.labels(m, classes - 1)
            features, negatives = draw.numbers(m, d, low=-1, high=1), draw.numbers(m, d, low=-1, high=1)
            centers, attention = draw.numbers(classes, d, low=-1, high=1), draw.shares(m, d)
            yield features, labels, centers, negatives, attention, draw.numbers(classes, low=low, high=high)

    return draw_them


MIXED, ALL_OPEN, ALL_CLOSED = batches(-0.5, 1.5), batches(8.0, 10.0), batches(-20.0, -15.0)


def far(features: Tensor, points: Tensor, attention: Tensor) -> Tensor:
    return (attention * (features - points).square()).sum(dim=-1) / 2


def triplet(power: float) -> Callable[..., Tensor]:
    def loss(
        features: Tensor, labels: Tensor, centers: Tensor, negatives: Tensor, attention: Tensor, margins: Tensor
    ) -> Tensor:
        own, other = far(features, centers[labels], attention), far(features, negatives, attention)
        return ((own + margins[labels] - other).relu() ** power).mean()

    return loss


def triplet_value(answer: Any, draw: Draw, variant: Variant) -> None:
    for some in (MIXED, ALL_OPEN):
        like_reference(triplet(variant["POWER"]), some)(answer, draw)


def triplet_gradient(*names: str) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        like_reference(triplet(variant["POWER"]), MIXED, gradients=names)(answer, draw)

    return check


def closed_hinges(answer: Any, draw: Draw, variant: Variant) -> None:
    for inputs in ALL_CLOSED(draw):
        live = [tensor.requires_grad_() if tensor.is_floating_point() else tensor for tensor in inputs]
        value = torch.as_tensor(answer(**dict(zip(LOSS, live, strict=True))))
        expect_close(value, torch.tensor(0.0), "every margin met")
        if not value.requires_grad:  # nothing is left of the faces where all hinges are closed
            continue
        found = torch.autograd.grad(value, [live[0], live[2], live[3]], materialize_grads=True)
        if not all(torch.equal(each, torch.zeros_like(each)) for each in found):
            raise Wrong("every margin met: the gradients should be zero, and no NaN")
    for inputs in ALL_OPEN(draw):
        if is_close(answer(**dict(zip(LOSS, inputs, strict=True))), 0.0):
            raise Wrong("the loss is always zero")


def all_moved(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, labels, centers, negatives, attention, margins in ALL_OPEN(draw):
        rest = {"labels": labels, "attention": attention, "margins": margins}
        before = answer(features=features, centers=centers, negatives=negatives, **rest)
        by = draw.numbers(features.shape[1])
        after = answer(features=features + by, centers=centers + by, negatives=negatives + by, **rest)
        expect_close(after, before, "faces, centers and negatives moved by one vector", tolerance=1e-3)
        other = answer(features=features, centers=centers + by, negatives=negatives, **rest)
        if is_close(other, before):
            raise Wrong("centers that moved cost the same")


# --- a3.2: the linear form ---

FORM = ("w", "b")


def form(centers: Tensor, negatives: Tensor, attention: Tensor) -> tuple[Tensor, Tensor]:
    w = attention * (negatives - centers)
    return w, (attention * (centers.square() - negatives.square())).sum(dim=1) / 2


def forms(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    for m, d in ((1, 3), (4, 2), (3, 5)):
        yield draw.numbers(m, d), draw.numbers(m, d), draw.shares(d)


def form_part(which: int) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        def right(centers: Tensor, negatives: Tensor, attention: Tensor) -> Tensor:
            return form(centers, negatives, attention)[which]

        like_reference(right, forms)(results(answer, FORM, which), draw)

    return check


def far_away(answer: Any, draw: Draw, variant: Variant) -> None:
    for inputs in forms(draw):
        centers, negatives, attention = (tensor.double() for tensor in inputs)
        given = answer(centers=centers, negatives=negatives, attention=attention)
        w, b = (torch.as_tensor(given[part]) for part in (0, 1))
        expect_close(tuple(w.shape), tuple(centers.shape), "the shape of w")
        for scale in (1.0, 1e4):
            x = scale * draw.numbers(*centers.shape).double()
            right = far(x, centers, attention) - far(x, negatives, attention)
            expect_close(
                ((w * x).sum(dim=1) + b) / scale, right / scale, f"faces {scale:g} times as far", tolerance=1e-3
            )


def swapped(answer: Any, draw: Draw, variant: Variant) -> None:
    for centers, negatives, attention in forms(draw):
        one = answer(centers=centers, negatives=negatives, attention=attention)
        other = answer(centers=negatives, negatives=centers, attention=attention)
        for name, first, second in zip(FORM, one, other, strict=True):
            first, second = torch.as_tensor(first), torch.as_tensor(second)
            expect_close(second, -first, f"{name}, with center and negative changed for each other")
            if not first.any():
                raise Wrong(f"{name} is always zero")


# --- a3.3: the nearest wrong classes ---


def nearest(features: Tensor, labels: Tensor, centers: Tensor, attention: Tensor, count: int) -> Tensor:
    rows = []
    for x, y, a in zip(features, labels.tolist(), attention, strict=True):
        distances = [(far(x, c, a).item(), k) for k, c in enumerate(centers) if k != y]
        rows.append([k for _, k in sorted(distances)[:count]])
    return torch.tensor(rows)


def crowds(near: bool) -> Callable[[Draw], Iterator[tuple[Any, ...]]]:
    """Faces beside their own center, or anywhere."""

    def draw_them(draw: Draw) -> Iterator[tuple[Any, ...]]:
        for m, d, classes, count in ((1, 2, 3, 1), (4, 3, 5, 2), (7, 4, 6, 3), (9, 2, 7, 4)):
            centers, labels = draw.numbers(classes, d), draw.labels(m, classes)
            features = centers[labels] + draw.numbers(m, d, low=-0.1, high=0.1) if near else draw.numbers(m, d)
            yield features, labels, centers, draw.shares(m, d), count

    return draw_them


def nearest_like(some: Callable[[Draw], Iterator[tuple[Any, ...]]]) -> Check:
    return lambda answer, draw, variant: like_reference(nearest, some)(answer, draw)


def tied_centers(draw: Draw) -> Iterator[tuple[Any, ...]]:
    """Corners of a square around the face, and its own center; several are equally far, exactly."""
    corners = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0], [0.5, 0.5]])
    for own in range(5):
        order = draw.order(5)
        yield torch.zeros(1, 2), torch.tensor([own]), corners[order], torch.full((1, 2), 0.5), 4
    yield torch.zeros(3, 2), torch.tensor([0, 7, 3]), torch.ones(8, 2), torch.full((3, 2), 0.5), 3


def few_classes(draw: Draw) -> Iterator[tuple[Any, ...]]:
    for classes in (2, 3, 5):
        labels = torch.arange(classes)[draw.order(classes)]
        yield draw.numbers(classes, 3), labels, draw.numbers(classes, 3), draw.shares(classes, 3), classes - 1


# --- a3.4: negatives of blocks ---

BLOCKS = ("features", "labels", "centers", "size")


def of_blocks(features: Tensor, labels: Tensor, centers: Tensor, size: int) -> Tensor:
    parts = []
    for start in range(0, features.shape[1], size):
        x, c = features[:, start : start + size], centers[:, start : start + size]
        distances = (x[:, None] - c).square().sum(dim=2)
        distances = distances.scatter(1, labels[:, None], torch.inf)
        parts.append(c[distances.argmin(dim=1)])
    return torch.cat(parts, dim=1)


def blocks(draw: Draw) -> Iterator[tuple[Any, ...]]:
    """Dimensions that blocks divide, and that they do not; single faces, two classes, one dimension."""
    for m, d, classes, size in ((1, 4, 3, 2), (4, 5, 4, 2), (3, 1, 3, 1), (5, 7, 2, 3), (6, 8, 5, 1), (7, 6, 6, 4)):
        # Off the middle of any two coordinates, so that no two centers are equally far in a dimension.
        yield draw.numbers(m, d) + 0.003, draw.labels(m, classes), draw.numbers(classes, d), size


def blocks_value(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(of_blocks, blocks)(answer, draw)


def blocks_gradient(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(of_blocks, blocks, gradients=("centers",))(answer, draw)


def never_the_own(answer: Any, draw: Draw, variant: Variant) -> None:
    for m, d, classes, size in ((4, 5, 4, 2), (6, 6, 3, 1), (5, 7, 6, 3)):
        centers, labels = draw.numbers(classes, d), draw.labels(m, classes)
        features = centers[labels] + draw.numbers(m, d, low=-0.01, high=0.01)
        inputs = dict(zip(BLOCKS, (features, labels, centers, size), strict=True))
        expect_close(answer(**inputs), of_blocks(features, labels, centers, size), "faces beside their own centers")


def smaller_is_nearer(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, labels, centers, _ in blocks(draw):
        d, before = features.shape[1], torch.zeros(len(features))
        for size in (1, 2, 4, 8):  # each block is two of those before, or what is left of them
            given = torch.as_tensor(answer(**dict(zip(BLOCKS, (features, labels, centers, size), strict=True))))
            expect_close(tuple(given.shape), tuple(features.shape), "the shape of the negatives")
            if not all(given[:, j, None].isclose(centers[:, j]).any(dim=1).all() for j in range(d)):
                raise Wrong("a coordinate of a negative should be a center's")
            distance = (features - given).square().sum(dim=1)
            if (distance < before - 1e-4).any():
                raise Wrong("larger blocks should never give a nearer negative")
            before = distance
        own = (features - centers[labels]).square().sum(dim=1)
        if torch.equal(before, own) and len(centers) > 2:
            raise Wrong("the negative is the own center")


def one_large_block(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, labels, centers, _ in blocks(draw):
        d = features.shape[1]
        for size in (d, d + 3):
            right = centers[nearest(features, labels, centers, torch.ones_like(features), 1)[:, 0]]
            inputs = dict(zip(BLOCKS, (features, labels, centers, size), strict=True))
            expect_close(answer(**inputs), right, "one block of all dimensions")


def classes_renamed(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, labels, centers, size in list(blocks(draw))[1:]:
        order = draw.order(len(centers))
        before = answer(features=features, labels=labels, centers=centers, size=size)
        if is_close(before, features):
            raise Wrong("the negatives are the faces themselves")
        after = answer(features=features, labels=order.argsort()[labels], centers=centers[order], size=size)
        expect_close(after, before, "classes with other numbers")
        by = draw.numbers(features.shape[1])
        moved = answer(features=features + by, labels=labels, centers=centers + by, size=size)
        expect_close(moved, torch.as_tensor(before) + by, "faces and centers moved by one vector")


def many_faces(answer: Any, draw: Draw, variant: Variant) -> None:
    features, centers, labels = draw.numbers(40_000, 64), draw.numbers(7, 64), draw.labels(40_000, 7)
    given = answer(features=features, labels=labels, centers=centers, size=4)
    given, right = torch.as_tensor(given), of_blocks(features, labels, centers, 4)
    where = "40 000 faces of 64 dimensions"
    expect_close(tuple(given.shape), tuple(right.shape), where)
    # Among so many some blocks tie, and rounding decides: what must be right is how far the negatives are.
    expect_close((features - given).square().sum(dim=1), (features - right).square().sum(dim=1), where)
    if (given != right).float().mean() > 0.001:
        raise Wrong(f"{where}: too many coordinates are another center's")


# --- a3.5: a negative put together of two ---

PARENTS = ("synthetic", "real", "attention", "counts")


def together(synthetic: Tensor, real: Tensor, attention: Tensor, counts: Tensor) -> Tensor:
    order = attention.argsort(dim=1, descending=True, stable=True)
    ranks = torch.empty_like(order).scatter(1, order, torch.arange(order.shape[1]).expand_as(order))
    return torch.where(ranks < counts[:, None], synthetic, real)


def parents(draw: Draw, ties: bool = False) -> Iterator[tuple[Tensor, ...]]:
    for m, d in ((1, 3), (4, 5), (7, 4), (5, 8)):
        attention = torch.stack([(draw.order(d) + 1) / (d + 1) for _ in range(m)])
        if ties:
            attention = draw.integers(m, d, low=1, high=2) / 4
        yield draw.numbers(m, d), draw.numbers(m, d), attention, draw.integers(m, low=0, high=d)


def together_value(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(together, parents)(answer, draw)


def ends_are_parents(answer: Any, draw: Draw, variant: Variant) -> None:
    for synthetic, real, attention, counts in parents(draw):
        rest = {"synthetic": synthetic, "real": real, "attention": attention}
        for count, right in ((0, real), (real.shape[1], synthetic)):
            expect_close(answer(**rest, counts=torch.full_like(counts, count)), right, f"counts of {count}")


def tied_attention(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(together, lambda numbers: parents(numbers, ties=True))(answer, draw)


def together_gradient(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(together, parents, gradients=("synthetic", "real"))(answer, draw)


# --- a3.6: expected distances ---

EXPECTED = ("the nearest center's", "the synthesized negative's")


@lru_cache(maxsize=64)
def expected(dimensions: int, wrong: int) -> tuple[float, float]:
    """By simulation; the error is about half a percent."""
    numbers = torch.Generator().manual_seed(dimensions * 100 + wrong)
    near, full, rounds = 0.0, 0.0, 20
    for _ in range(rounds):
        n = 100_000 // dimensions
        gaps = torch.randn(n, 1, dimensions, generator=numbers) - torch.randn(n, wrong, dimensions, generator=numbers)
        squares = gaps.square()
        near += squares.sum(dim=2).min(dim=1).values.mean().item() / 2 / rounds
        full += squares.min(dim=1).values.sum(dim=1).mean().item() / 2 / rounds
    return near, full


def distances_of(which: int, *wrong: int) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        for dimensions in (variant["DIMENSIONS"], 1, 2):
            for count in wrong:
                inputs = {"dimensions": dimensions, "wrong": count}
                given = results(answer, EXPECTED, which)(**inputs)
                expect_close(given, expected(dimensions, count)[which], in_words(inputs), tolerance=0.03)

    return check


def only_one_wrong(answer: Any, draw: Draw, variant: Variant) -> None:
    for dimensions in (1, 3, variant["DIMENSIONS"]):
        inputs = {"dimensions": dimensions, "wrong": 1}
        for which in (0, 1):
            given = results(answer, EXPECTED, which)(**inputs)
            expect_close(given, float(dimensions), in_words(inputs), tolerance=0.03)


def one_dimension(answer: Any, draw: Draw, variant: Variant) -> None:
    for count in (2, 6):
        one, other = (results(answer, EXPECTED, which)(dimensions=1, wrong=count) for which in (0, 1))
        expect_close(one, float(other), f"one dimension, {count} wrong classes", tolerance=0.03)
        if is_close(one, results(answer, EXPECTED, 0)(dimensions=1, wrong=1), tolerance=0.1):
            raise Wrong("more wrong classes make no difference")


# --- a3.8: an experiment ---

LOSSES = ("fully_synthesized", "nearest", "softmax")
RARE = (4, 5, 6)
RECALLS = Column(
    "lists of seven numbers from 0 to 1",
    lambda value: (
        type(value) is list and len(value) == 7 and all(type(each) in (int, float) and 0 <= each <= 1 for each in value)
    ),
)
COLUMNS = {"seed": SEED, "loss": one_of(LOSSES), "weight": WEIGHT, "recalls": RECALLS}
MOST_APART = 0.04  # of the mean recall of the same run on another machine
GAIN = ("the mean gain", "half the width of its interval")
QUANTILES_OF_TWO = {5: 3.4954, 6: 3.1634, 8: 2.8412, 10: 2.6850, 12: 2.5931}  # of Student's t, 98.75 %


def paired_runs(answer: Any, draw: Draw, variant: Variant) -> None:
    rows = read_rows(answer, COLUMNS)
    expect_pairs(rows, "loss", len(LOSSES))
    for loss in LOSSES:
        weights = {row["weight"] for row in rows if row["loss"] == loss}
        if len(weights) != 1 or (weights == {0}) != (loss == "softmax"):
            raise Wrong("expected one weight for all runs of a loss, and 0 for softmax alone")


def run_can_be_repeated(answer: Any, draw: Draw, variant: Variant) -> None:
    paired_runs(answer, draw, variant)
    rows = read_rows(answer, COLUMNS)
    row = rows[int(draw.integers(1, low=0, high=len(rows) - 1))]
    again = run_again(__file__, "test_recalls", variant, row["seed"], row["loss"], float(row["weight"]))
    if max(abs(one - other) for one, other in zip(again, row["recalls"], strict=True)) > MOST_APART:
        raise Wrong("one of your runs, done again with its seed, loss and weight, gives other recalls")


def rare_gain(results: list[Row], loss: str) -> tuple[float, float]:
    means: dict[str, dict[int, float]] = {}
    for row in results:
        means.setdefault(row["loss"], {})[row["seed"]] = sum(row["recalls"][k] for k in RARE) / len(RARE)
    return mean_and_half([means[loss][seed] - means["softmax"][seed] for seed in means[loss]], QUANTILES_OF_TWO)


def tables(draw: Draw) -> Iterator[list[Row]]:
    """Rows in any order."""
    for n in QUANTILES_OF_TWO:
        rows: list[Row] = [
            {"seed": seed, "loss": loss, "weight": 0.5 * (loss != "softmax"), "recalls": draw.shares(7).tolist()}
            for seed in range(n)
            for loss in LOSSES
        ]
        yield [rows[place] for place in draw.order(len(rows))]


def gain_part(part: int) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        for rows in tables(draw):
            for loss in LOSSES[:2]:
                given = results(answer, GAIN, part)(results=rows, loss=loss)
                where = f"{loss} in a table of {len(rows) // 3} seeds"
                expect_close(given, rare_gain(rows, loss)[part], where, tolerance=2e-3)

    return check


# --- what earns what ---

TASKS = (
    CodeTask(
        "a3.1",
        "powered_triplet_loss",
        (
            Property("the value is right, where hinges are open and where they are not", 4, triplet_value),
            Property("the gradient to the features is right", 2, triplet_gradient("features")),
            Property("the gradients to centers and negatives are right", 2, triplet_gradient("centers", "negatives")),
            Property("the gradient to the attention is right", 2, triplet_gradient("attention")),
            Property("where all margins are met there is neither loss nor gradient", 1, closed_hinges),
            Property("it does not matter where the whole scene stands", 1, all_moved),
        ),
    ),
    CodeTask(
        "a3.2",
        "linear_form",
        (
            Property("w is right", 3, form_part(0)),
            Property("b is right", 3, form_part(1)),
            Property("w and b give the difference of the distances, also of faces far away", 2, far_away),
            Property("center and negative changed for each other turn both signs", 2, swapped),
        ),
    ),
    CodeTask(
        "a3.3",
        "nearest_wrong_classes",
        (
            Property("the classes and their order are right for faces anywhere", 4, nearest_like(crowds(near=False))),
            Property("the own class is not among them, however near", 3, nearest_like(crowds(near=True))),
            Property("of equally far classes the lowest number comes first", 2, nearest_like(tied_centers)),
            Property("all wrong classes can be asked for, also of two classes", 1, nearest_like(few_classes)),
        ),
    ),
    CodeTask(
        "a3.4",
        "block_negatives",
        (
            Property("the negatives are right, also where blocks do not divide the dimensions", 4, blocks_value),
            Property("the gradient to the centers is right", 2, blocks_gradient),
            Property("the own center gives nothing, however near it is", 2, never_the_own),
            Property(
                "larger blocks never give nearer negatives, and coordinates are those of centers", 2, smaller_is_nearer
            ),
            Property("one block of all dimensions gives the nearest wrong center", 1, one_large_block),
            Property("neither the numbers of the classes matter nor where the scene stands", 1, classes_renamed),
            Property("40 000 faces of 64 dimensions take no more than time and memory allow", 2, many_faces),
        ),
    ),
    CodeTask(
        "a3.5",
        "put_together",
        (
            Property("the negative is right for counts that differ from face to face", 3, together_value),
            Property("counts of none and of all give the parents", 1, ends_are_parents),
            Property("of equal attention the lower dimension comes first", 2, tied_attention),
            Property("gradients reach both parents, each where it was taken", 2, together_gradient),
        ),
    ),
    CodeTask(
        "a3.6",
        "expected_distances",
        (
            Property(
                "the nearest center's distance is right for six wrong classes and others", 2, distances_of(0, 6, 3)
            ),
            Property("the synthesized negative's is right for six wrong classes and others", 2, distances_of(1, 6, 3)),
            Property("with one wrong class both are d", 1, only_one_wrong),
            Property("in one dimension both are the same, and less for more classes", 1, one_dimension),
        ),
        seconds=60.0,
    ),
    WrittenTask(
        "a3.6.why",
        (
            Criterion(
                "the expected distance of the synthesized negative, derived",
                3,
                (
                    "missing, or a simulation only",
                    "says that it is d times that of one dimension",
                    "and writes that one as an expectation of a minimum, with what is independent named",
                    "and gives an integral for it, and its number",
                ),
            ),
            Criterion(
                "how the ratio grows with d",
                2,
                (
                    "missing",
                    "a table of numbers",
                    "says that one distance is proportional to d and the other nearly so, with another factor",
                    "and why it has a limit: in many dimensions the nearest center is hardly nearer than any",
                ),
            ),
            Criterion(
                "why a margin does not transfer",
                3,
                (
                    "missing",
                    "says that distances differ",
                    "compares the margin with both distances, in numbers, for the own dimension",
                    "and says what that means for the share of open hinges, and what could be done",
                ),
            ),
        ),
    ),
    WrittenTask(
        "a3.7",
        (
            Criterion(
                "linearity: what the loss does to a face",
                3,
                (
                    "missing, or that faces are pulled to their centers",
                    "gives the gradient",
                    "and says that it does not depend on where the face stands",
                    "and follows what that does to a face far from all centers",
                ),
            ),
            Criterion(
                "what the loss does to the centers",
                3,
                (
                    "missing",
                    "says that centers are learned",
                    "gives their gradient, own center and negative",
                    "and says why they stay together: adds it over all, or compares its size with the faces' way",
                ),
            ),
            Criterion(
                "what the picture shows, and what it cannot",
                3,
                (
                    "takes the plane for the space",
                    "says that two of many dimensions are shown",
                    "and that they were chosen by the faces' variance, which may hide how far the centers are",
                    "and confirms it with the numbers that the chapter prints",
                ),
            ),
            Criterion(
                "what would change it",
                3,
                (
                    "missing",
                    "another loss, without a reason",
                    "a change whose effect follows from a formula",
                    "and how to see whether it worked, in a number that does not depend on the scale",
                ),
            ),
        ),
    ),
    CodeTask(
        "a3.8",
        "rare_gain",
        (
            Property("five seeds or more, each run with all three losses", 2, paired_runs),
            Property("a run done again gives the recalls of your table", 2, run_can_be_repeated),
            Property("the mean gain of the rare classes is computed rightly from any table", 2, gain_part(0)),
            Property("half the width of its interval, of two comparisons, is computed rightly", 2, gain_part(1)),
        ),
    ),
    WrittenTask(
        "a3.8.report",
        (
            QUESTION,
            BASELINE,
            Criterion(
                "two comparisons, and the choice of the measure",
                3,
                (
                    "not mentioned",
                    "says that there are two comparisons, or seven classes",
                    "reads both intervals as what two comparisons allow",
                    "and says what the mean over rare classes hides, and what choosing the measure afterwards would do",
                ),
            ),
            LIMITS,
        ),
    ),
)
