"""Center loss against naive loops, autograd, cases worked by hand and its invariances."""

import dataclasses

import pytest
import torch
from torch import nn

from fer_tutorial.papers.center_loss import PRESETS, CenterLoss, CenterLossConfig, center_loss, center_update

REDUCTIONS = ("sum", "mean", "mean_without_half")
RULES = ("paper", "autograd", "autograd_without_lambda")
M, D, K = 9, 5, 4


def make(dtype=torch.float64):
    """m = 9 embeddings of d = 5, labels of which class 3 is absent, K = 4 centers."""
    return torch.randn(M, D, dtype=dtype), torch.tensor([0, 1, 2, 0, 0, 1, 2, 2, 2]), torch.randn(K, D, dtype=dtype)


def loop_loss(x, y, c, reduction):
    total = 0.0
    for i in range(len(x)):
        for j in range(x.shape[1]):
            total += (x[i, j].item() - c[y[i], j].item()) ** 2
    return {"sum": total / 2, "mean": total / (2 * len(x)), "mean_without_half": total / len(x)}[reduction]


def loop_update(c, x, y, alpha):
    new = c.clone()
    for k in range(len(c)):
        numerator, count = torch.zeros_like(c[k]), 0
        for i in range(len(x)):
            if y[i] == k:
                numerator += c[k] - x[i]
                count += 1
        new[k] = c[k] - alpha * numerator / (1 + count)
    return new


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_loss_equals_a_naive_loop(reduction):
    x, y, c = make()
    assert center_loss(x, y, c, reduction).item() == pytest.approx(loop_loss(x, y, c, reduction), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_update_equals_a_naive_loop(alpha):
    x, y, c = make()
    torch.testing.assert_close(center_update(c, x, y, alpha), loop_update(c, x, y, alpha))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gradients_by_finite_differences(reduction):
    x, y, c = make()
    assert torch.autograd.gradcheck(
        lambda x, c: center_loss(x, y, c, reduction), (x.requires_grad_(), c.requires_grad_())
    )


@pytest.mark.parametrize(("reduction", "factor"), [("sum", 1), ("mean", 1 / M), ("mean_without_half", 2 / M)])
def test_gradients_are_those_of_the_table(reduction, factor):
    x, y, c = make()
    center_loss(x.requires_grad_(), y, c.requires_grad_(), reduction).backward()
    difference = (x - c[y]).detach()
    torch.testing.assert_close(x.grad, factor * difference)  # Eq. (3), and the other rows of the table
    sums = torch.stack([-difference[y == k].sum(0) for k in range(K)])
    torch.testing.assert_close(c.grad, factor * sums)  # plain autograd: no 1 + n_k


def test_by_hand():
    x, y, c = torch.tensor([[1.0, 2.0], [3.0, 2.0]]), torch.tensor([1, 1]), torch.tensor([[9.0, 9.0], [1.0, 0.0]])
    # squared distances to (1, 0): 0 + 4 = 4 and 4 + 4 = 8
    assert center_loss(x, y, c).item() == 6
    assert center_loss(x, y, c, "mean").item() == 3
    assert center_loss(x, y, c, "mean_without_half").item() == 6
    # Δc = ((0, -2) + (-2, -2)) / (1 + 2) = (-2/3, -4/3), half of it is taken
    torch.testing.assert_close(center_update(c, x, y, 0.5), torch.tensor([[9.0, 9.0], [4 / 3, 2 / 3]]))


def test_a_repeated_update_converges_to_the_class_mean():
    x, y, c = make()
    for _ in range(200):
        c = center_update(c, x, y, 0.5)
    for k in range(3):
        torch.testing.assert_close(c[k], x[y == k].mean(0))


def test_order_of_the_batch_does_not_matter():
    x, y, c = make()
    order = torch.randperm(M)
    torch.testing.assert_close(center_loss(x[order], y[order], c), center_loss(x, y, c))
    torch.testing.assert_close(center_update(c, x[order], y[order], 0.5), center_update(c, x, y, 0.5))


def test_names_of_the_classes_do_not_matter():
    x, y, c = make()
    new_name = torch.tensor([2, 0, 3, 1])
    renamed = torch.empty_like(c)
    renamed[new_name] = c
    torch.testing.assert_close(center_loss(x, new_name[y], renamed), center_loss(x, y, c))
    torch.testing.assert_close(center_update(renamed, x, new_name[y], 0.5)[new_name], center_update(c, x, y, 0.5))


def test_moving_features_and_centers_together_changes_nothing():
    x, y, c = make()
    shift = torch.randn(D, dtype=x.dtype)
    torch.testing.assert_close(center_loss(x + shift, y, c + shift), center_loss(x, y, c))
    torch.testing.assert_close(center_update(c + shift, x + shift, y, 0.5), center_update(c, x, y, 0.5) + shift)
    assert not torch.isclose(center_loss(x + shift, y, c), center_loss(x, y, c))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 3e-2)]
)
def test_dtypes(dtype, tolerance):
    x, y, c = make(dtype)
    loss = center_loss(x, y, c)
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(loop_loss(x, y, c, "sum"), rel=tolerance)
    # Under mixed precision the features are narrower than the centers, which keep their dtype.
    wide = c.to(torch.float64)
    new = center_update(wide, x, y, 0.5)
    assert new.dtype == torch.float64
    torch.testing.assert_close(new, loop_update(wide, x.double(), y, 0.5), rtol=tolerance, atol=tolerance)


def test_loss_compiles_without_a_graph_break():
    x, y, c = make(torch.float32)
    compiled = torch.compile(center_loss, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x, y, c), center_loss(x, y, c))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"features": torch.zeros(M, D, 2, 2)}, "pool or flatten"),
        ({"features": torch.zeros(M, D + 1)}, "with the same d"),
        ({"labels": torch.zeros(M + 1, dtype=torch.int64)}, "one class a row"),
        ({"labels": torch.zeros(M)}, "expected torch.int64"),
        ({"labels": torch.full((M,), K)}, "labels run from 4 to 4 but there are 4 classes"),
        ({"labels": torch.full((M,), -1)}, "labels run from -1 to -1"),
        ({"features": torch.zeros(0, D), "labels": torch.zeros(0, dtype=torch.int64)}, "the batch is empty"),
    ],
)
def test_bad_input_is_named(change, sentence):
    arguments = dict(zip(("features", "labels", "centers"), make(torch.float32), strict=True)) | change
    with pytest.raises(ValueError, match=sentence):
        center_loss(**arguments)
    with pytest.raises(ValueError, match=sentence):
        center_update(**arguments, alpha=0.5)


def test_unknown_reduction():
    with pytest.raises(ValueError, match="expected one of 'sum', 'mean'"):
        center_loss(*make(), reduction="max")


@pytest.mark.parametrize(
    "change",
    [
        {"lambda_": -0.1},
        {"lambda_": float("nan")},
        {"alpha": 1.5},
        {"update_rule": "mine"},
        {"reduction": "max"},
        {"embedding_dim": 0},
        {"center_start": "one"},
        {"center_momentum": 1.0},
        {"center_momentum": -0.1},
        {"center_weight_decay": -1e-3},
        {"center_weight_decay": float("nan")},
    ],
)
def test_bad_config(change):
    with pytest.raises(ValueError, match="expected"):
        CenterLossConfig(**change)


def test_preset_is_the_papers():
    assert (PRESETS["paper"].lambda_, PRESETS["paper"].alpha) == (0.003, 0.5)


def test_official_preset_is_that_of_the_authors_two_files():
    official = PRESETS["official"]
    assert (official.lambda_, official.reduction, official.update_rule) == (0.008, "mean", "paper")
    assert (official.alpha, official.center_momentum, official.center_weight_decay) == (0.1, 0.9, 1e-3)
    assert official.center_start == "xavier"


class TinyBackbone(nn.Sequential):
    out_channels = 6

    def __init__(self):
        super().__init__(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU())


def make_method(**config):
    torch.manual_seed(1)
    return CenterLoss(TinyBackbone(), K, CenterLossConfig(**config))


def make_batch(m=M):
    return {"images": torch.randn(m, 3, 8, 8), "labels": torch.arange(m) % K}


def step(method, batch, lr=0.1):
    """One step of training as the engine does it."""
    optimizer = torch.optim.SGD(method.parameter_groups(lr, weight_decay=0.0), momentum=0.9)
    outputs = method.training_step(batch)
    outputs["loss"].backward()
    optimizer.step()
    method.after_step(batch, outputs)
    return outputs


@pytest.mark.parametrize("embedding_dim", [None, 2])
def test_shapes(embedding_dim):
    method, batch = make_method(embedding_dim=embedding_dim), make_batch()
    outputs = method.training_step(batch)
    assert method.centers.shape == (K, embedding_dim or 6)
    assert method.embed(batch["images"]).shape == (M, embedding_dim or 6)
    assert outputs["logits"].shape == (M, K)
    assert outputs["loss"].shape == outputs["log"]["center_loss"].shape == ()
    torch.testing.assert_close(method.predict(batch), outputs["logits"])


@pytest.mark.parametrize("config", [{"update_rule": rule} for rule in RULES] + [{"center_momentum": 0.9}])
def test_everything_moves(config):
    method, batch = make_method(embedding_dim=2, **config), make_batch()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    step(method, batch)
    still = [name for name, value in method.state_dict().items() if torch.equal(value, before[name])]
    assert still == []


def test_papers_rule_is_the_function_and_ignores_lambda():
    batch = make_batch()
    for lambda_ in (0.003, 3.0):
        method = make_method(lambda_=lambda_)
        features = method.embed(batch["images"])
        expected = center_update(method.centers, features, batch["labels"], 0.5)
        step(method, batch)
        torch.testing.assert_close(method.centers, expected)


def test_autograds_step_is_scaled_by_lambda_and_by_m():
    batch, lambda_, alpha = make_batch(), 0.3, 0.5
    method = make_method(update_rule="autograd", lambda_=lambda_, alpha=alpha)
    features = method.embed(batch["images"]).detach()
    sums = torch.stack([features[batch["labels"] == k].sum(0) for k in range(K)])  # the centers start at 0
    step(method, batch)
    torch.testing.assert_close(method.centers.detach(), alpha * lambda_ * sums / M)


def worked_case(**config):
    """The chapter's three faces and two centers, as a method whose embeddings are the given features."""
    method = CenterLoss(OneMap(), num_classes=2, config=CenterLossConfig(**config))
    method.centers.copy_(torch.tensor([[0.0, 0.0], [4.0, 2.0]]))
    images = torch.tensor([[1.0, 2.0], [3.0, 0.0], [4.0, 0.0]])[:, :, None, None]
    return method, {"images": images, "labels": torch.tensor([0, 0, 1])}


class OneMap(nn.Identity):
    out_channels = 2


def follow(method, batch):
    method.after_step(batch, method.training_step(batch))
    return method.centers


@pytest.mark.parametrize("lambda_", [0.1, 1.0])
def test_step_without_lambda_by_hand(lambda_):
    method, batch = worked_case(
        lambda_=lambda_, alpha=0.5, reduction="mean_without_half", update_rule="autograd_without_lambda"
    )
    # 2/3 Σ (c - x) is 2/3 (-4, -2) for class 0 and 2/3 (0, 2) for class 1; half of it is taken
    expected = torch.tensor([[1.3333, 0.6667], [4.0, 2 - 0.6667]])
    torch.testing.assert_close(follow(method, batch), expected, atol=1e-4, rtol=0)


def test_momentum_and_weight_decay_of_the_centers_by_hand():
    method, batch = worked_case(alpha=0.1, center_momentum=0.9, center_weight_decay=0.01)
    # Δc = (-4, -2) / 3 and (0, 2) / 2; decay adds 0.01 (0, 0) and 0.01 (4, 2); a tenth of the sum is taken
    first = torch.tensor([[0.4 / 3, 0.2 / 3], [4 - 0.004, 2 - 0.102]])
    torch.testing.assert_close(follow(method, batch), first)
    # Now c_0 = (2/15, 1/15), so that Δc_0 = 2 (c_0 - (2, 1)) / 3 = (-56/45, -28/45) and 0.01 c_0 = (1/750, 1/1500)
    step = 0.9 * (-2 / 15) + 0.1 * (-56 / 45 + 1 / 750)
    assert follow(method, batch)[0].tolist() == pytest.approx([2 / 15 - step, 1 / 15 - step / 2])


def test_xavier_fills_evenly_with_variance_one_over_d():
    class Wide(nn.Identity):
        out_channels = 300

    centers = CenterLoss(Wide(), num_classes=40, config=CenterLossConfig(center_start="xavier")).centers
    assert centers.var().item() == pytest.approx(1 / 300, rel=0.05)
    assert 0.095 < centers.abs().max().item() <= 0.1  # sqrt(3 / 300)


def test_centers_of_the_optimizer_keep_their_own_decay_and_momentum():
    method = make_method(update_rule="autograd", center_momentum=0.5, center_weight_decay=0.1)
    group = method.parameter_groups(lr=0.1, weight_decay=5e-4)[1]
    assert (group["momentum"], group["weight_decay"]) == (0.5, 0.1)
    assert "velocity" not in method.state_dict()


def test_lambda_zero_is_softmax_training():
    batch = make_batch()
    outputs = make_method(lambda_=0.0).training_step(batch)
    assert outputs["loss"].item() == outputs["log"]["softmax_loss"].item() != 0


def test_weight_decay_spares_the_centers():
    groups = make_method(update_rule="autograd").parameter_groups(lr=0.1, weight_decay=5e-4)
    assert [(g["lr"], g["weight_decay"]) for g in groups] == [(0.1, 5e-4), (0.5, 0.0)]
    assert sum(len(g["params"]) for g in groups) == len(list(make_method(update_rule="autograd").parameters()))


@pytest.mark.parametrize("update_rule", RULES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_two_processes_equal_one(run_processes, update_rule, reduction):
    batch = make_batch(8)
    halves = [{name: value[half] for name, value in batch.items()} for half in (slice(0, 4), slice(4, 8))]
    whole = make_method(update_rule=update_rule, reduction=reduction, lambda_=0.5)
    outputs = whole.training_step(batch)
    outputs["loss"].backward()
    whole.after_step(batch, outputs)

    split = make_method(update_rule=update_rule, reduction=reduction, lambda_=0.5)
    split_outputs = run_processes(split, halves)
    torch.stack([o["loss"] for o in split_outputs]).mean().backward()
    split.after_step(halves[0], split_outputs[0])

    torch.testing.assert_close(split_outputs[1]["log"]["center_loss"], outputs["log"]["center_loss"])
    for (name, a), b in zip(whole.named_parameters(), split.parameters(), strict=True):
        torch.testing.assert_close(b.grad, a.grad, msg=lambda text, name=name: f"{name}: {text}")
    torch.testing.assert_close(split.centers, whole.centers)


def test_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRESETS["paper"].alpha = 1.0
