"""SCN against naive loops, by hand, by finite differences, under invariances and on bad input."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from fer_tutorial.papers.scn import (
    PRESETS,
    SCN,
    SCNConfig,
    high_group_size,
    importance,
    rank_regularization,
    relabel,
    weighted_cross_entropy,
)

DTYPES = [torch.float32, torch.float64]


# --- naive loops: the equations as a child would compute them --------------------------------------------------------


def naive_importance(features: Tensor, weight: Tensor, bias: float) -> list[float]:
    values = []
    for x in features.tolist():
        score = bias
        for x_j, w_j in zip(x, weight.tolist(), strict=True):
            score += x_j * w_j
        values.append(1 / (1 + math.exp(-score)))
    return values


def naive_weighted_cross_entropy(logits: Tensor, alpha: Tensor, labels: Tensor) -> float:
    total = 0.0
    for z, a, y in zip(logits.tolist(), alpha.tolist(), labels.tolist(), strict=True):
        denominator = sum(math.exp(a * z_j) for z_j in z)
        total -= math.log(math.exp(a * z[y]) / denominator)
    return total / len(labels)


def naive_rank_regularization(alpha: Tensor, beta: float, margin: float) -> float:
    ranked = sorted(alpha.tolist(), reverse=True)
    n = len(ranked)
    if n == 1:
        return 0.0
    m = min(max(int(beta * n + 1e-9), 1), n - 1)
    high, low = ranked[:m], ranked[m:]
    return max(0.0, margin - (sum(high) / len(high) - sum(low) / len(low)))


def naive_relabel(
    probabilities: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float, group: str
) -> list[int]:
    n = len(labels)
    m = min(max(int(beta * n + 1e-9), 1), max(n - 1, 1))
    border = sorted(alpha.tolist(), reverse=True)[m - 1]
    new = []
    for p, y, a in zip(probabilities.tolist(), labels.tolist(), alpha.tolist(), strict=True):
        eligible = group == "all" or a < border
        new.append(p.index(max(p)) if eligible and max(p) - p[y] > margin else y)
    return new


def random_batch(n: int = 13, classes: int = 5, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    logits = 3 * torch.randn(n, classes, dtype=dtype)
    return logits, torch.rand(n, dtype=dtype), torch.randint(classes, (n,))


@pytest.mark.parametrize("dtype", DTYPES)
def test_importance_equals_the_loop(dtype: torch.dtype) -> None:
    features, weight = torch.randn(6, 4, dtype=dtype), torch.randn(4, dtype=dtype)
    bias = torch.tensor([0.3], dtype=dtype)
    value = importance(features, weight, bias)
    assert value.dtype == dtype
    torch.testing.assert_close(value, torch.tensor(naive_importance(features, weight, bias.item()), dtype=dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 13])
def test_weighted_cross_entropy_equals_the_loop(n: int, dtype: torch.dtype) -> None:
    logits, alpha, labels = random_batch(n, dtype=dtype)
    value = weighted_cross_entropy(logits, alpha, labels)
    assert value.dtype == dtype
    assert value.item() == pytest.approx(naive_weighted_cross_entropy(logits, alpha, labels), rel=1e-5)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 64])
@pytest.mark.parametrize("beta", [0.01, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("margin", [0.0, 0.07, 0.6])
def test_rank_regularization_equals_the_loop(n: int, beta: float, margin: float) -> None:
    alpha = torch.rand(n, dtype=torch.float64)
    expected = naive_rank_regularization(alpha, beta, margin)
    assert rank_regularization(alpha, beta, margin).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("group", ["low", "all"])
@pytest.mark.parametrize("n", [1, 2, 17])
@pytest.mark.parametrize("beta", [0.1, 0.7])
def test_relabel_equals_the_loop(n: int, beta: float, group: str) -> None:
    logits, alpha, labels = random_batch(n)
    probabilities = logits.softmax(dim=1)
    result = relabel(probabilities, labels, alpha, beta, 0.2, group)  # type: ignore[arg-type]
    assert result.labels.tolist() == naive_relabel(probabilities, labels, alpha, beta, 0.2, group)
    assert torch.equal(result.changed, result.labels != labels)
    torch.testing.assert_close(result.confidence, probabilities.amax(dim=1))


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_weighted_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[math.log(9.0), 0.0], [math.log(9.0), 0.0]], dtype=torch.float64)
    alpha = torch.tensor([0.5, 1.0], dtype=torch.float64)
    # sqrt(9) / (sqrt(9) + 1) = 3/4 for the true class; then 1/10 for the wrong one.
    expected = -(math.log(3 / 4) + math.log(1 / 10)) / 2
    assert weighted_cross_entropy(logits, alpha, torch.tensor([0, 1])).item() == pytest.approx(expected)


def test_rank_regularization_by_hand() -> None:
    alpha = torch.tensor([0.1, 0.9, 0.5, 0.7, 0.3])  # M = 3: mean of 0.9, 0.7, 0.5 is 0.7; of 0.3, 0.1 is 0.2
    assert rank_regularization(alpha, 0.6, 0.6).item() == pytest.approx(0.1, abs=1e-6)
    assert rank_regularization(alpha, 0.6, 0.4).item() == 0


def test_rank_regularization_pushes_the_groups_apart() -> None:
    alpha = torch.tensor([0.6, 0.5, 0.4, 0.3], requires_grad=True)
    rank_regularization(alpha, 0.5, 0.9).backward()
    assert alpha.grad is not None
    torch.testing.assert_close(alpha.grad, torch.tensor([-0.5, -0.5, 0.5, 0.5]))


def test_relabel_by_hand() -> None:
    probabilities = torch.tensor([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.4, 0.3, 0.3], [0.8, 0.1, 0.1]])
    labels = torch.tensor([1, 1, 1, 0])
    alpha = torch.tensor([0.9, 0.1, 0.2, 0.3])
    assert relabel(probabilities, labels, alpha, beta=0.25).labels.tolist() == [1, 0, 1, 0]
    assert relabel(probabilities, labels, alpha, beta=0.25, group="all").labels.tolist() == [0, 0, 1, 0]


def test_a_difference_that_equals_delta_2_changes_nothing() -> None:
    probabilities = torch.tensor([[0.75, 0.25]])
    assert not relabel(probabilities, torch.tensor([1]), torch.tensor([0.5]), margin=0.5, group="all").changed.any()


@pytest.mark.parametrize(("n", "beta", "expected"), [(100, 0.29, 29), (3, 0.01, 1), (3, 0.99, 2), (1, 0.5, 1)])
def test_high_group_size(n: int, beta: float, expected: int) -> None:
    assert high_group_size(n, beta) == expected


# --- gradients -------------------------------------------------------------------------------------------------------


def test_gradients_by_finite_differences() -> None:
    logits, alpha, labels = random_batch(6)
    logits.requires_grad_()
    alpha.requires_grad_()
    margin = torch.tensor(0.9, dtype=torch.float64, requires_grad=True)
    features = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    weight, bias = (torch.randn(k, dtype=torch.float64, requires_grad=True) for k in (3, 1))
    assert torch.autograd.gradcheck(importance, (features, weight, bias))
    assert torch.autograd.gradcheck(lambda z, a: weighted_cross_entropy(z, a, labels), (logits, alpha))
    assert torch.autograd.gradcheck(lambda a, d: rank_regularization(a, 0.7, d), (alpha, margin))


def test_a_small_importance_blunts_prediction_and_gradient() -> None:
    gradients = []
    for value in (0.9, 0.1):
        logits = torch.tensor([[4.0, 0.0, 0.0]], requires_grad=True)
        weighted_cross_entropy(logits, torch.tensor([value]), torch.tensor([1])).backward()
        assert logits.grad is not None
        gradients.append(logits.grad.norm().item())
    assert gradients[1] < gradients[0] / 5


# --- invariances -----------------------------------------------------------------------------------------------------


def test_the_order_of_the_batch_does_not_matter() -> None:
    logits, alpha, labels = random_batch(16)
    alpha[3:7] = alpha[2]  # ties, too
    order = torch.randperm(16)
    for value in (weighted_cross_entropy, lambda z, a, y: rank_regularization(a, 0.7, 0.5)):
        torch.testing.assert_close(value(logits, alpha, labels), value(logits[order], alpha[order], labels[order]))
    before = relabel(logits.softmax(1), labels, alpha).labels
    after = relabel(logits[order].softmax(1), labels[order], alpha[order]).labels
    assert torch.equal(before[order], after)


def test_naming_the_classes_differently_does_not_matter() -> None:
    logits, alpha, labels = random_batch(16)
    names = torch.randperm(5)  # class k is now called names[k]
    renamed = torch.empty_like(logits)
    renamed[:, names] = logits
    torch.testing.assert_close(
        weighted_cross_entropy(logits, alpha, labels), weighted_cross_entropy(renamed, alpha, names[labels])
    )
    before = relabel(logits.softmax(1), labels, alpha, group="all").labels
    after = relabel(renamed.softmax(1), names[labels], alpha, group="all").labels
    assert torch.equal(names[before], after)


def test_adding_a_constant_to_the_logits_does_not_matter() -> None:
    logits, alpha, labels = random_batch()
    torch.testing.assert_close(
        weighted_cross_entropy(logits, alpha, labels), weighted_cross_entropy(logits + 5, alpha, labels)
    )


def test_importance_one_is_plain_cross_entropy() -> None:
    logits, _, labels = random_batch()
    torch.testing.assert_close(
        weighted_cross_entropy(logits, torch.ones(13, dtype=torch.float64), labels),
        nn.functional.cross_entropy(logits, labels),
    )


def test_all_importances_equal() -> None:
    alpha = torch.full((10,), 0.4, requires_grad=True)
    loss = rank_regularization(alpha, 0.7, 0.15)
    assert loss.item() == pytest.approx(0.15)
    loss.backward()
    assert alpha.grad is not None
    assert alpha.grad.isfinite().all()
    logits, _, labels = random_batch(10)
    assert not relabel(logits.softmax(1), labels, alpha.detach(), margin=0.0).changed.any()
    assert relabel(logits.softmax(1), labels, alpha.detach(), margin=0.0, group="all").changed.any()


def test_a_batch_of_one_has_no_ranking() -> None:
    alpha = torch.tensor([0.4], requires_grad=True)
    loss = rank_regularization(alpha, 0.7, 0.15)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(alpha.grad, torch.zeros(1))
    assert not relabel(torch.tensor([[0.9, 0.1]]), torch.tensor([1]), alpha.detach()).changed.any()


def test_a_part_of_the_batch_is_ranked_among_the_whole() -> None:
    logits, alpha, labels = random_batch(16)
    whole = relabel(logits.softmax(1), labels, alpha).labels
    parts = [
        relabel(logits[half].softmax(1), labels[half], alpha[half], ranked_among=alpha).labels
        for half in (slice(0, 8), slice(8, 16))
    ]
    assert torch.equal(whole, torch.cat(parts))


# --- the method ------------------------------------------------------------------------------------------------------


class Backbone(nn.Conv2d):
    """The smallest backbone: one convolution, which knows its ``out_channels``."""

    def __init__(self) -> None:
        super().__init__(3, 8, 3)


def toy(config: SCNConfig, n: int = 10) -> tuple[SCN, dict[str, Tensor]]:
    batch = {"images": torch.randn(n, 3, 9, 9), "labels": torch.arange(n) % 4, "index": torch.arange(n)}
    return SCN(Backbone(), 4, config), batch


@pytest.mark.parametrize("preset", PRESETS)
def test_every_parameter_moves(preset: str) -> None:
    method, batch = toy(PRESETS[preset])
    before = {name: value.detach().clone() for name, value in method.named_parameters()}
    optimizer = torch.optim.SGD(method.parameter_groups(0.1, 0.0))
    method.training_step(batch)["loss"].backward()
    optimizer.step()
    assert all(not torch.equal(value, before[name]) for name, value in method.named_parameters())


def test_a_learnable_margin_gives_way() -> None:
    """Lowering δ1 lowers the loss while the hinge is active: left alone, the margin shrinks to the gap there is."""
    method, batch = toy(SCNConfig(delta_1=0.5, learn_delta_1=True))
    groups = method.parameter_groups(0.1, 1e-4)
    assert [group["weight_decay"] for group in groups] == [1e-4, 0.0]
    assert sum(len(group["params"]) for group in groups) == len(list(method.parameters()))
    optimizer = torch.optim.SGD(groups)
    method.training_step(batch)["loss"].backward()
    optimizer.step()
    assert method.delta_1.item() == pytest.approx(0.5 - 0.1 * 0.5)  # gradient γ · 1
    assert "delta_1" in SCN(Backbone(), 4, SCNConfig()).state_dict()


@pytest.mark.parametrize(
    ("rule", "rank_weight", "cross_entropy_weight"),
    [("gamma_rank", 0.2, 0.8), ("gamma_cross_entropy", 0.8, 0.2), ("sum", 1.0, 1.0)],
)
def test_the_losses_combine_as_asked(rule: str, rank_weight: float, cross_entropy_weight: float) -> None:
    method, batch = toy(SCNConfig(gamma=0.2, loss_rule=rule))  # type: ignore[arg-type]
    outputs = method.training_step(batch)
    expected = (
        rank_weight * outputs["log"]["rank_regularization"] + cross_entropy_weight * outputs["log"]["cross_entropy"]
    )
    torch.testing.assert_close(outputs["loss"].detach(), expected)


def test_relabeling_starts_in_the_epoch_asked_for() -> None:
    method, batch = toy(SCNConfig(relabel_epoch=3))
    assert ["relabel" in method.training_step(batch, epoch) for epoch in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("group", ["low", "all"])
def test_the_step_relabels_by_the_scaled_probabilities(group: str) -> None:
    method, batch = toy(SCNConfig(relabel_epoch=1, delta_2=0.01, relabel_group=group))  # type: ignore[arg-type]
    method.classifier.weight.data *= 20
    alpha = method.importance(batch["images"])
    probabilities = (alpha[:, None] * method(batch["images"])).softmax(1)
    expected = relabel(probabilities, batch["labels"], alpha, margin=0.01, group=group)  # type: ignore[arg-type]
    outputs = method.training_step(batch)
    assert expected.changed.any()
    assert torch.equal(outputs["relabel"]["labels"], expected.labels)
    torch.testing.assert_close(outputs["relabel"]["confidence"], expected.confidence)
    torch.testing.assert_close(outputs["log"]["relabeled"], expected.changed.float().mean())


def test_dropout_stops_in_evaluation() -> None:
    method, batch = toy(SCNConfig(dropout=0.5))
    method.eval()
    torch.testing.assert_close(method.predict(batch), method(batch["images"]))
    torch.testing.assert_close(method.importance(batch["images"]), method.importance(batch["images"]))
    method.train()
    assert not torch.equal(method(batch["images"]), method(batch["images"]))


def test_one_sample_and_one_class() -> None:
    method, batch = toy(SCNConfig(relabel_epoch=1), n=1)
    assert method.training_step(batch)["loss"].isfinite()
    method, batch = toy(SCNConfig(relabel_epoch=1))
    batch["labels"] = torch.full_like(batch["labels"], 2)
    assert method.training_step(batch)["loss"].isfinite()


def test_two_halves_gathered_equal_the_whole() -> None:
    """What two processes with half the batch each compute, averaged as DDP does, is one process's gradient."""
    method, batch = toy(SCNConfig(delta_1=0.5, learn_delta_1=True, relabel_epoch=1, delta_2=0.0), n=8)
    whole = method.training_step(batch)
    gradients = torch.autograd.grad(whole["loss"], list(method.parameters()))

    halves = [{name: value[half] for name, value in batch.items()} for half in (slice(0, 4), slice(4, 8))]
    alphas = [method.importance(half["images"]) for half in halves]
    outputs = [
        method.training_step(half, gather=lambda own, i=i: torch.cat([own if j == i else alphas[j] for j in (0, 1)]))
        for i, half in enumerate(halves)
    ]
    # Both processes' losses see both halves' importances; summing them is what the backward of gather does.
    total = (outputs[0]["loss"] + outputs[1]["loss"]) / 2
    for one, two in zip(gradients, torch.autograd.grad(total, list(method.parameters())), strict=True):
        torch.testing.assert_close(one, two)
    relabeled = torch.cat([output["relabel"]["labels"] for output in outputs])
    assert torch.equal(relabeled, whole["relabel"]["labels"])


def test_half_precision_keeps_importances_apart() -> None:
    method, batch = toy(SCNConfig())
    with torch.autocast("cpu", torch.bfloat16):
        alpha = method.importance(batch["images"])
        assert method.training_step(batch)["loss"].dtype == torch.float32
    assert alpha.dtype == torch.float32


def test_it_learns_to_doubt_the_flipped_labels() -> None:
    """Where a label contradicts the image, the importance ends up lower."""
    clean = torch.arange(64) % 2
    images = torch.randn(64, 3, 5, 5) * 0.3 + (2.0 * clean - 1)[:, None, None, None]
    flipped = torch.arange(64) < 8
    images[flipped, 2] += 3  # they look odd as well: importance sees the image, never the label
    labels = torch.where(flipped, 1 - clean, clean)
    method = SCN(Backbone(), 2, SCNConfig(delta_1=0.3, relabel_epoch=21))
    optimizer = torch.optim.Adam(method.parameter_groups(0.03, 0.0))
    for epoch in range(21):
        optimizer.zero_grad()
        outputs = method.training_step({"images": images, "labels": labels}, epoch)
        outputs["loss"].backward()
        optimizer.step()
    alpha = method.importance(images)
    assert alpha[~flipped].mean() - alpha[flipped].mean() > 0.2


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"beta": 0.0}, "beta is 0.0"),
        ({"beta": float("nan")}, "beta is nan"),
        ({"delta_1": -0.1}, "delta_1 is -0.1"),
        ({"delta_2": 1.0}, "delta_2 is 1.0"),
        ({"gamma": 1.5}, "gamma is 1.5"),
        ({"relabel_epoch": 0}, "counted from 1"),
        ({"relabel_group": "high"}, "'low', 'all'"),
        ({"loss_rule": "product"}, "'gamma_rank'"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_a_wrong_configuration_is_refused(wrong: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SCNConfig(**wrong)


def test_wrong_shapes_are_refused() -> None:
    logits, alpha, labels = random_batch(4)
    with pytest.raises(ValueError, match=r"squeeze\(-1\)"):
        weighted_cross_entropy(logits, alpha[:, None], labels)
    with pytest.raises(ValueError, match=r"squeeze\(-1\)"):
        rank_regularization(torch.tensor(0.5))
    with pytest.raises(ValueError, match="do not fit"):
        weighted_cross_entropy(logits, alpha, labels[:3])
    with pytest.raises(ValueError, match="do not fit"):
        importance(torch.randn(4, 3), torch.randn(2))
    with pytest.raises(ValueError, match="batch is empty"):
        rank_regularization(torch.empty(0))
    with pytest.raises(ValueError, match="labels run from 9 to 9"):
        weighted_cross_entropy(logits, alpha, torch.full((4,), 9))


def test_a_single_class_is_refused() -> None:
    with pytest.raises(ValueError, match="give 2 or more"):
        SCN(Backbone(), 1)
    with pytest.raises(ValueError, match="give 2 or more"):
        relabel(torch.ones(3, 1), torch.zeros(3, dtype=torch.long), torch.rand(3))
