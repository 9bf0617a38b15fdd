"""The key of assignment A1, center loss and DACL: what right answers do, and what earns how many marks.

This is the public sample.  Everybody can read it, so no one can be examined with it: copy it with ``fer-tutorial course
new``, change the tasks, and keep the copy to yourself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fer_tutorial.course import Draw, Wrong, expect_close, like_reference
from fer_tutorial.course.comparing import as_array, in_words, is_close
from fer_tutorial.coursework.checks import BY_AUTOGRAD, Check, Variant, results
from fer_tutorial.coursework.experiments import (
    BASELINE,
    INTERVAL,
    LIMITS,
    QUANTILES,
    QUESTION,
    SEED,
    SHARE,
    WEIGHT,
    Row,
    expect_pairs,
    mean_and_half,
    read_rows,
    run_again,
)
from fer_tutorial.coursework.task import CodeTask, Criterion, Property, WrittenTask
from fer_tutorial.papers.center_loss import center_loss

NAME = "a1"
TITLE = "A1: center loss and DACL"


def draw_variant(numbers: random.Random) -> dict[str, Any]:
    """A student's parameters."""
    return {"EXPONENT": numbers.choice([1.5, 2.5, 3.0, 4.0]), "ALPHA": numbers.choice([0.2, 0.3, 0.4, 0.6])}


# --- a1.1: a weighted center loss ---


def weighted_batches(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Features, labels, centers, weights; classes are absent, and sizes differ."""
    for m, d, classes in ((1, 3, 2), (4, 3, 5), (6, 4, 3), (5, 6, 7)):
        labels = draw.labels(m, classes - 1)  # the last class is absent
        # Near each other, so that high powers of distances do not drown small gradients in rounding.
        features, centers = draw.numbers(m, d, low=-0.5, high=0.5), draw.numbers(classes, d, low=-0.5, high=0.5)
        yield features, labels, centers, draw.numbers(classes, low=0.3, high=2.0)


def weighted(exponent: float) -> Callable[..., Tensor]:
    def loss(features: Tensor, labels: Tensor, centers: Tensor, weights: Tensor) -> Tensor:
        distances = (features - centers[labels]).norm(dim=1)
        return (weights[labels] * distances**exponent).sum() / weights[labels].sum()

    return loss


def weighted_value(answer: Any, draw: Draw, variant: Variant) -> None:
    like_reference(weighted(variant["EXPONENT"]), weighted_batches)(answer, draw)


def weighted_gradient(*names: str) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        like_reference(weighted(variant["EXPONENT"]), weighted_batches, gradients=names)(answer, draw)

    return check


def face_on_its_center(answer: Any, draw: Draw, variant: Variant) -> None:
    features, labels, centers, weights = list(weighted_batches(draw))[1]
    features[0] = centers[labels[0]]
    features.requires_grad_()
    inputs = {"features": features, "labels": labels, "centers": centers, "weights": weights}
    (found,) = torch.autograd.grad(answer(**inputs), features)
    if not found[1:].any():
        raise Wrong("no gradient reaches the features")
    expect_close(found[0], torch.zeros_like(found[0]), "the gradient to a face that lies on its center")


def told(value: Any, features: Tensor) -> None:
    """Invariances mean nothing of an answer that never looks: a face further away must cost more."""
    if not float(torch.as_tensor(value)) > 0 or features.numel() < 1:
        raise Wrong("the loss of faces that are not at their centers should be positive")


def order_and_place(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, labels, centers, weights in list(weighted_batches(draw))[1:]:
        rest = {"weights": weights}
        before = answer(features=features, labels=labels, centers=centers, **rest)
        told(before, features)
        order, shift = draw.order(len(features)), draw.numbers(features.shape[1])
        moved = answer(features=(features + shift)[order], labels=labels[order], centers=centers + shift, **rest)
        expect_close(moved, before, "faces in another order, and all moved by one vector")
        far = answer(features=features + 1.0, labels=labels, centers=centers, **rest)
        if is_close(far, before):
            raise Wrong("faces moved away from their centers cost the same")


def scales(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, labels, centers, weights in list(weighted_batches(draw))[1:]:
        rest = {"labels": labels, "weights": weights}
        before = answer(features=features, centers=centers, **rest)
        told(before, features)
        after = answer(features=3 * features, centers=3 * centers, **rest)
        expect_close(after, 3 ** variant["EXPONENT"] * torch.as_tensor(before), "everything three times as large")


def weights_are_relative(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, labels, centers, weights in list(weighted_batches(draw))[1:]:
        rest = {"features": features, "labels": labels, "centers": centers}
        before = answer(**rest, weights=weights)
        told(before, features)
        expect_close(answer(**rest, weights=2 * weights), before, "all weights twice as large")
    labels = torch.tensor([0, 1, 1])
    rest = {"features": draw.numbers(3, 2), "labels": labels, "centers": draw.numbers(2, 2)}
    if is_close(answer(**rest, weights=torch.tensor([1.0, 1.0])), answer(**rest, weights=torch.tensor([1.0, 5.0]))):
        raise Wrong("the weights make no difference")


# --- a1.2: many steps of the centers at once ---


def histories(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, float]]:
    """Centers, and of each batch how many faces of each class it had, and their sum; classes are absent at times."""
    for steps, classes, d, alpha in ((1, 2, 3, 0.5), (3, 4, 2, 0.3), (5, 3, 4, 1.0), (7, 5, 3, 0.05)):
        counts = draw.integers(steps, classes, low=0, high=4)
        counts[0, 0] = 2
        counts[:, -1] = 0  # a class that never comes
        sums = draw.numbers(steps, classes, d) * counts[:, :, None]
        yield draw.numbers(classes, d), sums, counts, alpha


def many_steps(centers: Tensor, sums: Tensor, counts: Tensor, alpha: float) -> Tensor:
    for total, n in zip(sums, counts[:, :, None], strict=True):
        centers = centers - alpha * (n * centers - total) / (1 + n)
    return centers


def no_batches(answer: Any, draw: Draw, variant: Variant) -> None:
    for centers, sums, counts, alpha in histories(draw):
        inputs = {"centers": centers, "sums": sums, "counts": counts, "alpha": alpha}
        if is_close(answer(**inputs), centers):
            raise Wrong(f"{in_words(inputs)}: the centers do not move")
        inputs |= {"sums": sums[:0], "counts": counts[:0]}
        expect_close(answer(**inputs), centers, in_words(inputs))


def absent_classes(answer: Any, draw: Draw, variant: Variant) -> None:
    for centers, sums, counts, alpha in histories(draw):
        given = answer(centers=centers, sums=sums, counts=counts, alpha=alpha)
        if type(given) is not Tensor or given.shape != centers.shape or is_close(given, centers):
            raise Wrong("the centers do not move")
        if not torch.equal(given[-1], centers[-1]):
            raise Wrong("the center of a class that never came has moved")


def between(answer: Any, draw: Draw, variant: Variant) -> None:
    for centers, _, counts, alpha in list(histories(draw))[1:]:
        means = draw.numbers(*centers.shape)
        given = answer(centers=centers, sums=means * counts[:, :, None], counts=counts, alpha=alpha)
        expect_close(tuple(torch.as_tensor(given).shape), tuple(centers.shape), "the shape of the centers")
        low, high = torch.minimum(centers, means) - 1e-4, torch.maximum(centers, means) + 1e-4
        if is_close(given, centers) or not ((low <= given) & (given <= high)).all():
            raise Wrong("where every batch has the same mean, a center should lie between its start and that mean")


def classes_apart(answer: Any, draw: Draw, variant: Variant) -> None:
    for centers, sums, counts, alpha in list(histories(draw))[1:]:
        order = draw.order(len(centers))
        before = answer(centers=centers, sums=sums, counts=counts, alpha=alpha)
        if is_close(before, centers):
            raise Wrong("the centers do not move")
        after = answer(centers=centers[order], sums=sums[:, order], counts=counts[:, order], alpha=alpha)
        expect_close(after, torch.as_tensor(before)[order], "classes in another order")


# --- a1.3: gradients by hand ---


def weighted_gradients(exponent: float) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    def gradients(features: Tensor, labels: Tensor, centers: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        live = [tensor.clone().requires_grad_() for tensor in (features, centers, weights)]
        loss = weighted(exponent)(live[0], labels, live[1], live[2])
        to_features, to_centers, to_weights = torch.autograd.grad(loss, live)
        return to_features, to_centers, to_weights

    return gradients


GRADIENTS = ("the gradients to features", "centers", "weights")


def by_hand(which: int) -> Check:
    """Only one of the three gradients."""

    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        reference = weighted_gradients(variant["EXPONENT"])

        def right(features: Tensor, labels: Tensor, centers: Tensor, weights: Tensor) -> Tensor:
            return reference(features, labels, centers, weights)[which]

        def batches(draw: Draw) -> Iterator[tuple[Tensor, ...]]:
            yield from weighted_batches(draw)
            features, labels, centers, weights = list(weighted_batches(draw))[2]
            features[0] = centers[labels[0]]
            yield features, labels, centers, weights

        like_reference(right, batches)(results(answer, GRADIENTS, which), draw)

    return check


# --- a1.4: which implementation? ---

IMPLEMENTATIONS = ("paper", "caffe", "pytorch", "dacl")


def observed(draw: Draw, name: str) -> tuple[dict[str, Tensor], float, float]:
    """What one training step of an implementation shows, with the λ of the paper that pulls alike and its own α."""
    m, d, classes = 3 + int(draw.integers(1, low=1, high=6)), 3, 5
    labels = torch.cat([torch.tensor([0, 0, 1]), draw.integers(m - 3, low=2, high=3)])
    features, centers = draw.numbers(m, d), draw.numbers(classes, d)
    lambda_, alpha = draw.numbers(1, low=0.01, high=0.9).item(), draw.numbers(1, low=0.1, high=0.9).item()
    difference = features - centers[labels]
    part = {"paper": 1.0, "caffe": 1 / m, "pytorch": 2 / m, "dacl": 1 / m}[name]
    sums = torch.zeros_like(centers).index_add(0, labels, difference)
    counts = torch.bincount(labels, minlength=classes)[:, None]
    rates = {"paper": 1 / (1 + counts), "caffe": 1 / (1 + counts), "pytorch": torch.tensor(part)}
    move = alpha * sums * rates.get(name, torch.tensor(lambda_ * part))
    inputs = {"features": features, "labels": labels, "centers": centers, "loss": part * difference.square().sum() / 2}
    return {**inputs, "gradient": lambda_ * part * difference, "move": move}, lambda_ * part, alpha


def recognized(part: int) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        for name in [name for _ in range(5) for name in IMPLEMENTATIONS]:
            inputs, lambda_, alpha = observed(draw, name)
            given = results(answer, ("a name", "the paper's lambda", "alpha"), part)(**inputs)
            right = (name, lambda_, alpha)[part]
            if part:
                expect_close(given, right, in_words(inputs), tolerance=1e-3)
            elif given != right:
                raise Wrong(f"{in_words(inputs)}: this was {name}")

    return check


# --- a1.5: attention that cannot fade for a class ---


def attended(draw: Draw) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    for m, d, classes in ((3, 2, 2), (6, 4, 3), (7, 3, 5)):
        labels = torch.cat([torch.tensor([0, 0]), draw.labels(m - 2, classes - 1)])
        yield draw.numbers(m, d), draw.shares(m, d), labels, draw.numbers(classes, d)


def one_class_fades(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, attention, labels, centers in attended(draw):
        rest = {"labels": labels, "centers": centers}
        before = answer(features=features, attention=attention, **rest)
        other = answer(features=features, attention=attention.flip(1), **rest)
        if is_close(before, other):
            raise Wrong("the attention makes no difference")
        faded = torch.where((labels == 0)[:, None], 0.1 * attention, attention)
        after = answer(features=features, attention=faded, **rest)
        expect_close(after, before, "the attention of one class is a tenth of what it was")


def constant_attention(answer: Any, draw: Draw, variant: Variant) -> None:
    def plain(features: Tensor, attention: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
        return center_loss(features, labels, centers, "mean")

    def batches(draw: Draw) -> Iterator[tuple[Tensor, ...]]:
        for features, _, labels, centers in attended(draw):
            shares = draw.shares(len(centers))
            yield features, shares[labels][:, None].expand_as(features).clone(), labels, centers

    like_reference(plain, batches, gradients=("features", "centers"))(answer, draw)


def no_reward(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, attention, labels, centers in attended(draw):
        attention.requires_grad_()
        value = answer(features=features, attention=attention, labels=labels, centers=centers)
        if type(value) is not Tensor or not value.requires_grad:
            raise Wrong("no gradient reaches the attention")
        (found,) = torch.autograd.grad(value, attention)
        if found.abs().max() < 1e-5:
            raise Wrong("no gradient reaches the attention")
        reward = torch.zeros(len(centers)).index_add(0, labels, (attention * found).sum(1))
        expect_close(reward, torch.zeros_like(reward), "the sum of a times its gradient over a class", tolerance=1e-3)


def faces_still_differ(answer: Any, draw: Draw, variant: Variant) -> None:
    for features, attention, labels, centers in attended(draw):
        rest = {"labels": labels, "centers": centers}
        before = answer(features=features, attention=attention, **rest)
        single = attention.clone()
        single[0] *= 0.2
        after = answer(features=features, attention=single, **rest)
        if as_array(before, "the loss").shape or is_close(after, before):
            raise Wrong("one face's attention, a fifth of what it was, makes no difference within its class")


# --- a1.6: a training loop to mend ---

LAMBDA, RATE, DECAY = 0.1, 0.2, 0.05
TRAINED = ("projection", "classifier", "centers")


def trained(alpha: float, steps: int) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    def train(
        features: Tensor, labels: Tensor, projection: Tensor, classifier: Tensor, centers: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        for x, y in zip(features[:steps], labels[:steps], strict=True):
            live = [projection.clone().requires_grad_(), classifier.clone().requires_grad_()]
            embeddings = x @ live[0]
            loss = F.cross_entropy(embeddings @ live[1].T, y) + LAMBDA * center_loss(embeddings, y, centers, "mean")
            steps_of_network = torch.autograd.grad(loss, live)
            projection, classifier = (
                weight - RATE * (gradient + DECAY * weight)
                for weight, gradient in zip((projection, classifier), steps_of_network, strict=True)
            )
            difference = centers[y] - embeddings.detach()
            sums = torch.zeros_like(centers).index_add(0, y, difference)
            centers = centers - alpha * sums / (1 + torch.bincount(y, minlength=len(centers))[:, None])
        return projection, classifier, centers

    return train


def courses(steps: int) -> Callable[[Draw], Iterator[tuple[Tensor, ...]]]:
    """Batches whose last class never comes."""

    def draw_them(draw: Draw) -> Iterator[tuple[Tensor, ...]]:
        for m, width, d, classes in ((4, 3, 2, 3), (6, 5, 3, 4)):
            features, labels = draw.numbers(steps, m, width, low=-1, high=1), draw.integers(steps, m, low=0, high=1)
            network = draw.numbers(width, d, low=-1, high=1), draw.numbers(classes, d, low=-1, high=1)
            yield features, labels, *network, draw.numbers(classes, d)

    return draw_them


def mended(steps: int, *parts: int) -> Check:
    """Some of the three results, after a number of batches."""

    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        def right(features: Tensor, labels: Tensor, projection: Tensor, classifier: Tensor, centers: Tensor) -> Any:
            return results(trained(variant["ALPHA"], steps), TRAINED, *parts)(
                features=features, labels=labels, projection=projection, classifier=classifier, centers=centers
            )

        names = [TRAINED[part] for part in parts] if len(parts) > 1 else ()
        like_reference(right, courses(steps), results=names)(results(answer, TRAINED, *parts), draw)

    return check


def absent_center_stays(answer: Any, draw: Draw, variant: Variant) -> None:
    for inputs in courses(3)(draw):
        names = ("features", "labels", "projection", "classifier", "centers")
        moved = results(answer, TRAINED, 2)(**dict(zip(names, inputs, strict=True)))
        expect_close(moved[-1], inputs[-1][-1], "the center of a class that never came", tolerance=1e-6)
        if is_close(moved, inputs[-1]):
            raise Wrong("the centers do not move")


# --- a1.8: an experiment ---

COLUMNS = {"seed": SEED, "weight": WEIGHT, "accuracy": SHARE}
MOST_APART = 0.02  # of the same run on another machine


def paired_runs(answer: Any, draw: Draw, variant: Variant) -> None:
    rows = read_rows(answer, COLUMNS)
    if expect_pairs(rows, "weight", 2)[0] != 0:
        raise Wrong("expected runs with weight 0")


def run_can_be_repeated(answer: Any, draw: Draw, variant: Variant) -> None:
    paired_runs(answer, draw, variant)
    rows = read_rows(answer, COLUMNS)
    row = rows[int(draw.integers(1, low=0, high=len(rows) - 1))]
    again = run_again(__file__, "test_accuracy", variant, row["seed"], float(row["weight"]))
    if abs(again - row["accuracy"]) > MOST_APART:
        raise Wrong("one of your runs, done again with its seed and weight, gives another accuracy")


def interval(results: list[Row]) -> tuple[float, float]:
    pairs: dict[int, dict[float, float]] = {}
    for row in results:
        pairs.setdefault(row["seed"], {})[row["weight"]] = row["accuracy"]
    return mean_and_half([runs[max(runs)] - runs[0] for runs in pairs.values()])


def tables(draw: Draw) -> Iterator[tuple[list[Row]]]:
    """Rows in any order."""
    for n in QUANTILES:
        rows = [
            {"seed": seed, "weight": weight, "accuracy": draw.numbers(1, low=0.3, high=0.7).item()}
            for seed in range(n)
            for weight in (0, 0.25)
        ]
        yield ([rows[place] for place in draw.order(2 * n)],)


def interval_part(part: int) -> Check:
    def check(answer: Any, draw: Draw, variant: Variant) -> None:
        for (rows,) in tables(draw):
            given = results(answer, ("the mean gain", "half the width of its interval"), part)(results=rows)
            expect_close(given, interval(rows)[part], f"a table of {len(rows) // 2} seeds", tolerance=2e-3)

    return check


# --- what earns what ---

TASKS = (
    CodeTask(
        "a1.1",
        "weighted_center_loss",
        (
            Property("the value is right, in both precisions, for absent classes and one face", 4, weighted_value),
            Property("the gradient to the features is right", 2, weighted_gradient("features")),
            Property("the gradient to the centers is right", 1, weighted_gradient("centers")),
            Property("the gradient to the weights is right", 1, weighted_gradient("weights")),
            Property("a face on its center gets the gradient zero, not NaN", 1, face_on_its_center),
            Property("neither order nor place of all faces matters", 1, order_and_place),
            Property("three times the distances cost three to your exponent times as much", 1, scales),
            Property("only the weights' proportions matter", 1, weights_are_relative),
        ),
    ),
    CodeTask(
        "a1.2",
        "centers_after",
        (
            Property(
                "it equals the steps one after the other",
                5,
                lambda answer, draw, variant: like_reference(many_steps, histories)(answer, draw),
            ),
            Property("a class that never comes keeps its center, to the last bit", 2, absent_classes),
            Property("where all batches have one mean, centers lie between their start and that mean", 2, between),
            Property("classes do not influence each other", 2, classes_apart),
            Property("no batch, no step", 1, no_batches),
        ),
    ),
    CodeTask(
        "a1.3",
        "weighted_center_loss_gradients",
        (
            Property("the gradient to the features is right, also for a face on its center", 4, by_hand(0)),
            Property("the gradient to the centers is right, also for absent classes", 4, by_hand(1)),
            Property("the gradient to the weights is right, also for absent classes", 4, by_hand(2)),
        ),
        forbidden=BY_AUTOGRAD,
    ),
    CodeTask(
        "a1.4",
        "which_implementation",
        (
            Property("it names the implementation, twenty times of twenty", 6, recognized(0)),
            Property("it converts λ to the paper's", 2, recognized(1)),
            Property("it reads off α", 2, recognized(2)),
        ),
    ),
    CodeTask(
        "a1.5",
        "unfading_center_loss",
        (
            Property("attention that fades for a whole class changes nothing", 2, one_class_fades),
            Property("attention that is constant within each class gives center loss", 2, constant_attention),
            Property("within a class, attention times its gradient sums to zero", 2, no_reward),
            Property("the attention of a single face still counts", 2, faces_still_differ),
        ),
    ),
    WrittenTask(
        "a1.5.why",
        (
            Criterion(
                "why it works, and what it does not cure",
                4,
                (
                    "nothing, or a retelling of the code",
                    "says that the division takes the common factor out, without what follows for the gradient",
                    "and that the gradient then has no part along the attention itself",
                    "and names something that it leaves uncured, such as attention on one face or dimension alone",
                ),
            ),
        ),
    ),
    CodeTask(
        "a1.6",
        "train",
        (
            Property("after one batch the centers are right", 3, mended(1, 2)),
            Property("after one batch the network is right", 2, mended(1, 0, 1)),
            Property("the center of a class that never comes does not decay", 2, absent_center_stays),
            Property("after four batches everything is right", 3, mended(4, 0, 1, 2)),
        ),
    ),
    WrittenTask(
        "a1.7",
        (
            Criterion(
                "the sign of the gradient to the attention, and what it means",
                3,
                (
                    "missing or wrong",
                    "says that the loss falls with the attention",
                    "derives the sign from the formula",
                    "and says that nothing in the loss pulls the other way",
                ),
            ),
            Criterion(
                "what Adam's scaling does to small gradients",
                3,
                (
                    "missing or wrong",
                    "says that Adam takes larger steps",
                    "says that its steps do not shrink with the gradient",
                    "and compares the sizes of the steps with numbers from the chapter",
                ),
            ),
            Criterion(
                "the part of weight decay",
                3,
                (
                    "missing or wrong",
                    "mentions that weights shrink",
                    "says which weights, and to what attention that leads",
                    "and tells this part from that of the loss",
                ),
            ),
            Criterion(
                "a prediction for a tenth of λ, with its reason",
                3,
                (
                    "missing",
                    "a prediction without a reason",
                    "one that follows from the text",
                    "and how to test it",
                ),
            ),
        ),
    ),
    CodeTask(
        "a1.8",
        "mean_gain",
        (
            Property("five seeds or more, each run with and without center loss", 2, paired_runs),
            Property("a run done again gives the accuracy of your table", 2, run_can_be_repeated),
            Property("the mean gain is computed rightly from any table", 2, interval_part(0)),
            Property("half the width of the 95 % interval is computed rightly from any table", 2, interval_part(1)),
        ),
    ),
    WrittenTask(
        "a1.8.report",
        (QUESTION, BASELINE, INTERVAL, LIMITS),
    ),
)
