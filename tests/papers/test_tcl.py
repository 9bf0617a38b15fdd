"""The triplet-center loss and its negatives: naive loops, by hand, finite differences, invariances, bad input."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from fer_tutorial.papers.tcl import (
    PRESETS,
    STRATEGIES,
    TCL,
    CenterDistance,
    SelectiveAttention,
    Strategy,
    TCLConfig,
    center_distance,
    most_probable_wrong_class,
    nearest_wrong_class,
    nearest_wrong_class_per_dimension,
    negative_centers,
    selected_dimensions,
    triplet_center_loss,
)

DTYPES = [torch.float32, torch.float64]
DISTANCES: tuple[CenterDistance, ...] = get_args(CenterDistance)


# --- naive loops -----------------------------------------------------------------------------------------------------


def naive_distance(x: list[float], c: list[float], a: list[float], distance: str = "half_square") -> float:
    total = 0.0
    for x_j, c_j, a_j in zip(x, c, a, strict=True):
        total += a_j * (x_j - c_j) ** 2
    return 0.5 * total if distance == "half_square" else math.sqrt(total)


def naive_nearest(x: list[float], y: int, centers: list[list[float]], a: list[float]) -> int:
    wrong = [k for k in range(len(centers)) if k != y]
    return min(wrong, key=lambda k: naive_distance(x, centers[k], a))


def naive_negatives(
    strategy: str, features: Tensor, labels: Tensor, centers: Tensor, scores: Tensor, attention: Tensor, fraction: float
) -> list[list[float]]:
    c, d = centers.tolist(), features.shape[1]
    result = []
    for i, (x, y) in enumerate(zip(features.tolist(), labels.tolist(), strict=True)):
        wrong = [k for k in range(len(c)) if k != y]
        a = attention[i].tolist()
        real = c[naive_nearest(x, y, c, a)]
        synthetic = [c[min(wrong, key=lambda k, j=j: abs(x[j] - c[k][j]))][j] for j in range(d)]
        if strategy == "nearest":
            result.append(real)
        elif strategy == "fully_synthesized":
            result.append(synthetic)
        elif strategy == "semi_synthesized":
            chosen = sorted(range(d), key=lambda j: -a[j])[: round(fraction * d)]
            result.append([synthetic[j] if j in chosen else real[j] for j in range(d)])
        else:
            result.append(c[max(wrong, key=lambda k: scores[i, k].item())])
    return result


def random_batch(
    n: int = 11, classes: int = 5, d: int = 6, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """features, labels, centers, logits, attention."""
    return (
        torch.randn(n, d, dtype=dtype),
        torch.randint(classes, (n,)),
        torch.randn(classes, d, dtype=dtype),
        torch.randn(n, classes, dtype=dtype),
        torch.rand(n, d, dtype=dtype),
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("n", "classes", "d"), [(1, 2, 1), (1, 5, 6), (11, 2, 6), (11, 5, 6)])
def test_negatives_equal_the_loop(strategy: Strategy, n: int, classes: int, d: int, dtype: torch.dtype) -> None:
    x, y, c, logits, a = random_batch(n, classes, d, dtype)
    value = negative_centers(strategy, x, y, c, logits, a, select_fraction=0.3)
    assert value.dtype == dtype
    expected = naive_negatives(strategy, x, y, c, logits, a, fraction=0.3)
    torch.testing.assert_close(value, torch.tensor(expected, dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("weighted", [False, True])
def test_loss_equals_the_loop(weighted: bool, distance: CenterDistance, dtype: torch.dtype) -> None:
    x, y, c, logits, a = random_batch(dtype=dtype)
    n = negative_centers("prediction_based", x, y, c, logits)
    weights = a if weighted else torch.ones_like(a)
    expected = []
    for i in range(len(x)):
        own = naive_distance(x[i].tolist(), c[y[i]].tolist(), weights[i].tolist(), distance)
        other = naive_distance(x[i].tolist(), n[i].tolist(), weights[i].tolist(), distance)
        expected.append(max(0.0, own + 0.8 - other))
    each = triplet_center_loss(x, y, c, n, 0.8, a if weighted else None, "none", distance)
    torch.testing.assert_close(each, torch.tensor(expected, dtype=dtype))
    total = triplet_center_loss(x, y, c, n, 0.8, weights, "sum", distance)
    assert total.item() == pytest.approx(sum(expected), rel=1e-5)
    mean = triplet_center_loss(x, y, c, n, 0.8, weights, distance=distance)
    assert mean.item() == pytest.approx(sum(expected) / 11, rel=1e-5)


@pytest.mark.parametrize("distance", DISTANCES)
def test_all_distances_at_once_equal_the_loop(distance: CenterDistance) -> None:
    x, _, c, _, a = random_batch()
    value = center_distance(x[:, None], c, a[:, None], distance)  # (m, K)
    rows = zip(x.tolist(), a.tolist(), strict=True)
    expected = [[naive_distance(row, center, weights, distance) for center in c.tolist()] for row, weights in rows]
    torch.testing.assert_close(value, torch.tensor(expected, dtype=value.dtype))


# --- by hand ---------------------------------------------------------------------------------------------------------

# One face at the origin, of class 0; four centers.  The probabilities favor the farthest.
X, Y = torch.tensor([[0.0, 0.0]]), torch.tensor([0])
C = torch.tensor([[1.0, 0.0], [0.5, 5.0], [4.0, -1.0], [2.0, 2.0]])
P = torch.tensor([[0.5, 0.1, 0.3, 0.1]])


@pytest.mark.parametrize(
    ("strategy", "negative"),
    [
        ("nearest", [2.0, 2.0]),
        ("fully_synthesized", [0.5, -1.0]),
        ("semi_synthesized", [0.5, 2.0]),
        ("prediction_based", [4.0, -1.0]),
    ],
)
def test_negatives_by_hand(strategy: Strategy, negative: list[float]) -> None:
    attention = torch.tensor([[0.9, 0.8]])  # the first dimension is selected
    assert negative_centers(strategy, X, Y, C, P, attention).tolist() == [negative]


def test_loss_by_hand() -> None:
    # Own center: 1/2 · 1 = 0.5.  Negative (0.5, -1): 1/2 (0.25 + 1) = 0.625.
    negative = torch.tensor([[0.5, -1.0]])
    assert triplet_center_loss(X, Y, C, negative, margin=1.0).item() == pytest.approx(0.875)
    assert triplet_center_loss(X, Y, C, negative, margin=0.1).item() == 0
    # Weighted with (1, 0): 0.5 and 0.125.
    assert triplet_center_loss(X, Y, C, negative, 1.0, torch.tensor([[1.0, 0.0]])).item() == pytest.approx(1.375)


def test_loss_by_hand_with_the_plain_distance() -> None:
    # Own center (3, 4) at 5, negative (0, 2) at 2: in half squares 12.5 and 2.
    centers, negative = torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 2.0]])
    assert triplet_center_loss(X, Y, centers, negative, 1.0, distance="euclidean").item() == 5 + 1 - 2
    assert triplet_center_loss(X, Y, centers, negative, 1.0).item() == 12.5 + 1 - 2
    # Weighted with (1, 0.25): √(9 + 4) and √1.
    weights = torch.tensor([[1.0, 0.25]])
    value = triplet_center_loss(X, Y, centers, negative, 1.0, weights, distance="euclidean")
    assert value.item() == pytest.approx(math.sqrt(13))


def test_a_margin_of_half_squares_is_the_mean_distance_times_as_small_in_plain_distance() -> None:
    """A face 14 from its center and 14 + 1/14 from its negative: about 1 apart in half squares, 0.07 in distance."""
    x, own, negative = torch.zeros(1, 1), torch.tensor([[14.0]]), torch.tensor([[14.0 + 1 / 14]])
    mean = (center_distance(x, own, distance="euclidean") + center_distance(x, negative, distance="euclidean")) / 2
    gap = center_distance(x, negative, distance="euclidean") - center_distance(x, own, distance="euclidean")
    torch.testing.assert_close(center_distance(x, negative) - center_distance(x, own), gap * mean, rtol=1e-3, atol=0)
    assert triplet_center_loss(x, Y, own, negative, 1.0).item() == pytest.approx(0, abs=0.01)
    assert triplet_center_loss(x, Y, own, negative, 1.0, distance="euclidean").item() == pytest.approx(1 - 1 / 14)


def test_the_nearest_center_depends_on_the_weights() -> None:
    assert nearest_wrong_class(X, Y, C).tolist() == [3]
    assert nearest_wrong_class(X, Y, C, torch.tensor([[1.0, 0.01]])).tolist() == [1]


def test_selected_dimensions_by_hand() -> None:
    attention = torch.tensor([[0.4, 0.1, 0.3, 0.2]])
    chosen = [selected_dimensions(attention, fraction).sum().item() for fraction in (0, 0.25, 0.5, 1)]
    assert chosen == [0, 1, 2, 4]
    assert selected_dimensions(attention, 0.5).tolist() == [[True, False, True, False]]


# --- gradients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_gradients_by_finite_differences(strategy: Strategy, distance: CenterDistance) -> None:
    x, y, c, logits, a = random_batch(5, 4, 3)
    for value in (x, c, a):
        value.requires_grad_()

    def loss(x: Tensor, c: Tensor, a: Tensor) -> Tensor:
        negatives = negative_centers(strategy, x, y, c, logits, a)
        return triplet_center_loss(x, y, c, negatives, 2.0, a, distance=distance)

    assert torch.autograd.gradcheck(loss, (x, c, a))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("where", ["on the own center", "on the negative", "weights of zero"])
def test_gradients_of_the_plain_distance_are_finite_at_zero(where: str, dtype: torch.dtype) -> None:
    x = torch.tensor([[1.0, 2.0]], dtype=dtype, requires_grad=True)
    c = torch.tensor([[1.0, 2.0], [4.0, 6.0]], dtype=dtype, requires_grad=True)
    a = torch.full((1, 2), 0.0 if where == "weights of zero" else 1.0, dtype=dtype, requires_grad=True)
    y = torch.tensor([1 if where == "on the negative" else 0])
    loss = triplet_center_loss(x, y, c, c[1 - y], 9.0, a, distance="euclidean")
    loss.backward()
    assert loss.item() == {"on the own center": 4, "on the negative": 14, "weights of zero": 9}[where]
    # At distance 0 the root counts as flat; the other center acts as ever, with a unit vector.
    pull = {"on the own center": [0.6, 0.8], "on the negative": [-0.6, -0.8], "weights of zero": [0, 0]}[where]
    assert x.grad is not None
    assert c.grad is not None
    assert a.grad is not None
    torch.testing.assert_close(x.grad, torch.tensor([pull], dtype=dtype))
    assert c.grad.isfinite().all()
    assert a.grad.isfinite().all()


def test_pulls_of_the_plain_distance_are_unit_vectors_that_cancel_behind_either_center() -> None:
    """Own center 0, negative (-4, 0): behind the own center, near or far, a face has no gradient, nor has it behind the
    negative, where the loss is largest; anywhere else it has one."""
    c = torch.tensor([[0.0, 0.0], [-4.0, 0.0]])
    faces = torch.tensor([[3.0, 0.0], [30.0, 0.0], [-7.0, 0.0], [-1.0, 0.0], [0.0, 3.0]], requires_grad=True)
    y = torch.zeros(5, dtype=torch.int64)
    losses = triplet_center_loss(faces, y, c, c[1 - y], 5.0, None, "none", "euclidean")
    losses.sum().backward()
    expected = [[0, 0], [0, 0], [0, 0], [-2, 0], [-4 / 5, 1 - 3 / 5]]
    torch.testing.assert_close(faces.grad, torch.tensor(expected))
    assert losses[:3].tolist() == [1, 1, 9]  # D(x, c) − D(x, n) is −4, as low as it can be, and 4


def test_own_center_pulls_and_negative_pushes() -> None:
    x = X.clone().requires_grad_()
    c = C.clone().requires_grad_()
    triplet_center_loss(x, Y, c, negative_centers("nearest", x, Y, c), margin=5.0, reduction="sum").backward()
    assert x.grad is not None
    assert c.grad is not None
    torch.testing.assert_close(x.grad, (C[3] - C[0])[None])  # (x − c_y) − (x − n)
    torch.testing.assert_close(c.grad[0], C[0] - X[0])
    torch.testing.assert_close(c.grad[3], -(C[3] - X[0]))
    assert not c.grad[1:3].any()


# --- what must hold for all inputs ------------------------------------------------------------------------------------


def test_the_own_class_is_never_chosen() -> None:
    x, y, c, _, a = random_batch(40, 3, 4)
    x = c[y] + 0.01 * x  # every sample sits on its own center
    sure = 9.0 * nn.functional.one_hot(y, 3)
    assert (nearest_wrong_class(x, y, c, a) != y).all()
    assert (nearest_wrong_class_per_dimension(x, y, c) != y[:, None]).all()
    assert (most_probable_wrong_class(sure, y) != y).all()


def test_no_real_wrong_center_is_nearer_than_the_synthetic_one() -> None:
    x, y, c, _, a = random_batch(60, 6, 5)
    negatives = [negative_centers("fully_synthesized", x, y, c)]
    negatives += [negative_centers("semi_synthesized", x, y, c, None, a, share) for share in (0.75, 0.5, 0.25)]
    negatives += [negative_centers("nearest", x, y, c, None, a)]
    distances = [center_distance(x, n, a) for n in negatives]
    for closer, farther in pairwise(distances):
        assert (closer <= farther + 1e-12).all()
    assert (distances[0] < distances[-1]).any()


def test_semi_synthesized_lies_between_its_neighbors() -> None:
    x, y, c, _, a = random_batch()
    none = negative_centers("semi_synthesized", x, y, c, None, a, select_fraction=0)
    everything = negative_centers("semi_synthesized", x, y, c, None, a, select_fraction=1)
    assert torch.equal(none, negative_centers("nearest", x, y, c, None, a))
    assert torch.equal(everything, negative_centers("fully_synthesized", x, y, c))


def test_both_distances_have_the_same_nearest_center() -> None:
    x, y, c, _, a = random_batch(60, 6, 5)
    chosen = []
    for distance in DISTANCES:
        distances = center_distance(x[:, None], c, a[:, None], distance)  # (m, K)
        chosen.append(distances.scatter(1, y[:, None], torch.inf).argmin(dim=1))
    assert torch.equal(*chosen)
    assert torch.equal(chosen[0], nearest_wrong_class(x, y, c, a))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_with_two_classes_all_strategies_agree(strategy: Strategy) -> None:
    x, y, c, logits, a = random_batch(classes=2)
    assert torch.equal(negative_centers(strategy, x, y, c, logits, a), c[1 - y])


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_invariances(strategy: Strategy, distance: CenterDistance) -> None:
    x, y, c, logits, a = random_batch(20, 5, 6)

    def loss(x: Tensor, y: Tensor, c: Tensor, logits: Tensor, a: Tensor) -> Tensor:
        negatives = negative_centers(strategy, x, y, c, logits, a)
        return triplet_center_loss(x, y, c, negatives, 2.0, a, distance=distance)

    expected = loss(x, y, c, logits, a)
    order = torch.randperm(20)
    torch.testing.assert_close(loss(x[order], y[order], c, logits[order], a[order]), expected)
    names = torch.randperm(5)  # class k is now called names[k]
    renamed_centers, renamed_logits = torch.empty_like(c), torch.empty_like(logits)
    renamed_centers[names], renamed_logits[:, names] = c, logits
    torch.testing.assert_close(loss(x, names[y], renamed_centers, renamed_logits, a), expected)
    shift = torch.randn(6, dtype=torch.float64)
    torch.testing.assert_close(loss(x + shift, y, c + shift, logits, a), expected)
    dimensions = torch.randperm(6)
    torch.testing.assert_close(loss(x[:, dimensions], y, c[:, dimensions], logits, a[:, dimensions]), expected)


def test_a_tie_takes_one_of_the_two() -> None:
    c = torch.tensor([[0.0], [1.0], [-1.0]])
    assert nearest_wrong_class(torch.zeros(1, 1), Y, c).item() in (1, 2)
    assert selected_dimensions(torch.full((3, 4), 0.5), 0.5).sum(dim=1).tolist() == [2, 2, 2]


# --- selective attention ---------------------------------------------------------------------------------------------


def test_attention_starts_as_average_pooling() -> None:
    feature_map = torch.randn(3, 8, 4, 5)
    x, a, s = SelectiveAttention(8)(feature_map)
    torch.testing.assert_close(x, feature_map.mean(dim=(2, 3)))
    torch.testing.assert_close(s, torch.full((3, 4, 5), 1 / 20))
    assert ((a > 0) & (a < 1)).all()


def test_attention_pools_by_its_pixel_weights() -> None:
    attention = SelectiveAttention(8)
    assert isinstance(attention.pixel, nn.Conv2d)
    nn.init.normal_(attention.pixel.weight)
    feature_map = torch.randn(3, 8, 4, 5)
    x, _, s = attention(feature_map)
    torch.testing.assert_close(s.sum(dim=(1, 2)), torch.ones(3))
    for i in range(3):
        for j in range(8):
            total = sum(s[i, u, v] * feature_map[i, j, u, v] for u in range(4) for v in range(5))
            torch.testing.assert_close(x[i, j], total)


def test_attention_can_be_switched_off() -> None:
    feature_map = torch.randn(3, 8, 4, 5)
    module = SelectiveAttention(8, pixel=False, element=False)
    x, a, _ = module(feature_map)
    assert not list(module.parameters())
    torch.testing.assert_close(x, feature_map.mean(dim=(2, 3)))
    assert torch.equal(a, torch.ones(3, 8))


# --- the method ------------------------------------------------------------------------------------------------------


class Backbone(nn.Conv2d):
    """The smallest backbone: one convolution, which knows its ``out_channels``."""

    def __init__(self) -> None:
        super().__init__(3, 32, 3)


def toy(config: TCLConfig, n: int = 10) -> tuple[TCL, dict[str, Tensor]]:
    return TCL(Backbone(), 4, config), {"images": torch.randn(n, 3, 9, 9), "labels": torch.arange(n) % 4}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_parameter_moves(preset: str) -> None:
    method, batch = toy(PRESETS[preset])
    before = {name: value.detach().clone() for name, value in method.named_parameters()}
    optimizer = torch.optim.SGD(method.parameter_groups(0.1, 0.0))
    method.training_step(batch)["loss"].backward()
    optimizer.step()
    assert all(not torch.equal(value, before[name]) for name, value in method.named_parameters())


def test_the_centers_have_a_group_of_their_own() -> None:
    method, _ = toy(TCLConfig(center_lr_scale=3.0))
    network, centers = method.parameter_groups(0.1, 1e-4)
    assert [centers["lr"], centers["weight_decay"], network["weight_decay"]] == [pytest.approx(0.3), 0.0, 1e-4]
    assert centers["params"][0] is method.centers
    assert len(network["params"]) + 1 == len(list(method.parameters()))


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_step_is_cross_entropy_plus_lambda_times_the_loss(strategy: Strategy, distance: CenterDistance) -> None:
    method, batch = toy(TCLConfig(strategy, lambda_=0.3, distance=distance, margin=2.0))
    x, a, _ = method.attention(method.backbone(batch["images"]))
    logits = method.predict(batch)
    negatives = negative_centers(strategy, x, batch["labels"], method.centers, logits, a)
    weights = a / a.mean(dim=1, keepdim=True)
    triplet = triplet_center_loss(x, batch["labels"], method.centers, negatives, 2.0, weights, "mean", distance)
    outputs = method.training_step(batch)
    torch.testing.assert_close(outputs["loss"], nn.functional.cross_entropy(logits, batch["labels"]) + 0.3 * triplet)
    torch.testing.assert_close(method.embed(batch["images"]), x)


def test_normalized_attention_cannot_fade() -> None:
    """Ten times smaller coefficients bring the plain loss towards the margin and leave the normalized one as it was."""
    losses = {}
    for normalize in (True, False):
        torch.manual_seed(0)
        method, batch = toy(TCLConfig(margin=1e-3, normalize_attention=normalize))
        assert isinstance(method.attention.element, nn.Sequential)
        constant = nn.Parameter(torch.zeros(32))
        method.attention.element = nn.Sequential(_Constant(constant), nn.Sigmoid())
        before = method.training_step(batch)["log"]["triplet_center"]
        constant.data.fill_(-10.0)
        losses[normalize] = (before, method.training_step(batch)["log"]["triplet_center"])
    torch.testing.assert_close(*losses[True])
    assert losses[False][1] < 0.1 * losses[False][0]


class _Constant(nn.Module):
    """Coefficients that do not depend on the face."""

    def __init__(self, value: nn.Parameter) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return self.value.expand_as(x)


def test_semi_synthesized_without_element_attention_selects_by_position() -> None:
    """All coefficients are one: half of the dimensions is taken, whichever, and the distance stays unweighted."""
    method, batch = toy(TCLConfig("semi_synthesized", element_attention=False))
    assert method.training_step(batch)["loss"].isfinite()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_two_halves_gathered_equal_the_whole(reduction: str) -> None:
    method, batch = toy(TCLConfig(reduction=reduction), n=8)  # type: ignore[arg-type]
    whole = torch.autograd.grad(method.training_step(batch)["loss"], list(method.parameters()))
    halves = [{name: value[half] for name, value in batch.items()} for half in (slice(0, 4), slice(4, 8))]
    shared: dict[int, Tensor] = {}

    def step(process: int) -> Tensor:
        def gather(own: Tensor) -> Tensor:
            shared[process] = own
            return torch.cat([own, shared[1 - process]]) if 1 - process in shared else own

        return method.training_step(halves[process], gather=gather)["loss"]

    step(0)  # fills what process 0 has to share
    losses = [step(1), step(0)]
    together = torch.autograd.grad((losses[0] + losses[1]) / 2, list(method.parameters()))
    for one, two in zip(whole, together, strict=True):
        torch.testing.assert_close(one, two)


def test_one_sample_and_one_class_in_the_batch() -> None:
    method, batch = toy(TCLConfig(), n=1)
    assert method.training_step(batch)["loss"].isfinite()
    method, batch = toy(TCLConfig())
    batch["labels"] = torch.full_like(batch["labels"], 2)
    assert method.training_step(batch)["loss"].isfinite()


@pytest.mark.parametrize("distance", DISTANCES)
def test_training_separates_the_classes(distance: CenterDistance) -> None:
    labels = torch.arange(60) % 3
    images = torch.randn(60, 3, 5, 5) + 2 * nn.functional.one_hot(labels, 3)[:, :, None, None]
    method = TCL(Backbone(), 3, TCLConfig("fully_synthesized", lambda_=1.0, distance=distance))
    optimizer = torch.optim.Adam(method.parameter_groups(0.01, 0.0))
    inside = []
    for _ in range(40):
        optimizer.zero_grad()
        outputs = method.training_step({"images": images, "labels": labels})
        outputs["loss"].backward()
        optimizer.step()
        inside.append(outputs["log"]["inside_margin"].item())
    assert inside[-1] < 0.5 * inside[0]


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"negatives": "hardest"}, "fully_synthesized"),
        ({"lambda_": -1.0}, "lambda_ is -1.0"),
        ({"distance": "cosine"}, "one of 'half_square', 'euclidean'"),
        ({"margin": 0.0}, "margin is 0.0"),
        ({"margin": float("nan")}, "margin is nan"),
        ({"reduction": "none"}, "one of 'mean', 'sum'"),
        ({"select_fraction": 1.1}, "select_fraction is 1.1"),
        ({"center_lr_scale": 0.0}, "center_lr_scale is 0.0"),
    ],
)
def test_a_wrong_configuration_is_refused(wrong: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        TCLConfig(**wrong)


def test_a_single_class_is_refused() -> None:
    with pytest.raises(ValueError, match="give 2 or more"):
        TCL(Backbone(), 1)
    with pytest.raises(ValueError, match="give 2 or more"):
        nearest_wrong_class(X, Y, C[:1])
    with pytest.raises(ValueError, match="give 2 or more"):
        most_probable_wrong_class(torch.ones(1, 1), Y)


def test_what_a_strategy_lacks_is_named() -> None:
    with pytest.raises(ValueError, match="needs attention"):
        negative_centers("semi_synthesized", X, Y, C)
    with pytest.raises(ValueError, match="needs probabilities"):
        negative_centers("prediction_based", X, Y, C)
    with pytest.raises(ValueError, match="expected one of 'nearest'"):
        negative_centers("hardest", X, Y, C)  # type: ignore[arg-type]


def test_wrong_shapes_are_refused() -> None:
    x, y, c, logits, _ = random_batch()
    with pytest.raises(ValueError, match="one class a row of features"):
        nearest_wrong_class(x, y[:3], c)
    with pytest.raises(ValueError, match="do not fit"):
        most_probable_wrong_class(logits, y[:3])
    with pytest.raises(ValueError, match="negatives of shape"):
        triplet_center_loss(x, y, c, c)
    with pytest.raises(ValueError, match="weights of shape"):
        triplet_center_loss(x, y, c, c[y], weights=torch.ones(6))
    with pytest.raises(ValueError, match="labels run from 9 to 9"):
        nearest_wrong_class(x, torch.full_like(y, 9), c)
    with pytest.raises(ValueError, match="'none'"):
        triplet_center_loss(x, y, c, c[y], reduction="median")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'euclidean'"):
        center_distance(x, c[y], distance="manhattan")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="fraction is 2"):
        selected_dimensions(x, 2)
