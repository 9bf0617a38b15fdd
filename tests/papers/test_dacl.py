"""DACL against naive loops, autograd, cases worked by hand and its invariances."""

import pytest
import torch
from torch import nn

from fer_tutorial.papers.center_loss import CenterLoss, CenterLossConfig, center_loss, center_update
from fer_tutorial.papers.dacl import (
    DACL,
    PRESETS,
    ContextEncoder,
    DACLConfig,
    MultiHeadAttention,
    sparse_center_loss,
    sparse_center_loss_gradients,
    sparse_center_update,
)

M, D, K = 9, 5, 4


def make(dtype=torch.float64):
    """m = 9 embeddings of d = 5, attention, labels of which class 3 is absent, K = 4 centers."""
    x, a, c = torch.randn(M, D, dtype=dtype), torch.rand(M, D).to(dtype), torch.randn(K, D, dtype=dtype)
    return x, a, torch.tensor([0, 1, 2, 0, 0, 1, 2, 2, 2]), c


def loop_loss(x, a, y, c):
    total = 0.0
    for i in range(len(x)):
        for j in range(x.shape[1]):
            total += a[i, j].item() * (x[i, j].item() - c[y[i], j].item()) ** 2
    return total / (2 * len(x))


def loop_update(c, x, a, y, alpha):
    new = c.clone()
    for k in range(len(c)):
        numerator, count = torch.zeros_like(c[k]), 0
        for i in range(len(x)):
            if y[i] == k:
                numerator += a[i] * (c[k] - x[i])
                count += 1
        new[k] = c[k] - alpha * numerator / (1 + count)
    return new


def test_loss_equals_a_naive_loop():
    x, a, y, c = make()
    assert sparse_center_loss(x, a, y, c).item() == pytest.approx(loop_loss(x, a, y, c), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_update_equals_a_naive_loop(alpha):
    x, a, y, c = make()
    torch.testing.assert_close(sparse_center_update(c, x, a, y, alpha), loop_update(c, x, a, y, alpha))


def test_gradients_by_finite_differences():
    x, a, y, c = make()
    inputs = tuple(tensor.requires_grad_() for tensor in (x, a, c))
    assert torch.autograd.gradcheck(lambda x, a, c: sparse_center_loss(x, a, y, c), inputs)


def test_gradients_written_by_hand_equal_autograds():
    x, a, y, c = make()
    inputs = tuple(tensor.requires_grad_() for tensor in (x, a, c))
    by_autograd = torch.autograd.grad(sparse_center_loss(x, a, y, c), inputs)
    by_hand = sparse_center_loss_gradients(x, a, y, c)
    for autograd, hand in zip(by_autograd, by_hand, strict=True):
        torch.testing.assert_close(hand, autograd)


def test_gradient_to_the_attention_is_never_negative():
    x, a, y, c = make()
    x[0] = c[y[0]]
    to_attention = sparse_center_loss_gradients(x, a, y, c)[1]
    assert (to_attention[0] == 0).all()
    assert (to_attention[1:] > 0).all()


def test_by_hand():
    x, y = torch.tensor([[1.0, 2.0], [3.0, 2.0]]), torch.tensor([1, 1])
    a, c = torch.tensor([[0.5, 1.0], [0.25, 0.5]]), torch.tensor([[9.0, 9.0], [1.0, 0.0]])
    # x - c = (0, 2) and (2, 2); weighted squares 0 + 4 and 1 + 2; 7 / (2 · 2)
    assert sparse_center_loss(x, a, y, c).item() == 1.75
    # Σ a (c - x) = (0, -2) + (-0.5, -1) = (-0.5, -3); over 1 + 2; half of it is taken
    expected = torch.tensor([[9.0, 9.0], [1 + 0.25 / 3, 0.5]])
    torch.testing.assert_close(sparse_center_update(c, x, a, y, 0.5), expected)


def test_attention_one_is_center_loss():
    x, a, y, c = make()
    ones = torch.ones_like(a)
    torch.testing.assert_close(sparse_center_loss(x, ones, y, c), center_loss(x, y, c, "mean"))
    torch.testing.assert_close(sparse_center_update(c, x, ones, y, 0.5), center_update(c, x, y, 0.5))


def test_attention_zero_is_no_loss_and_no_step():
    x, a, y, c = make()
    zeros = torch.zeros_like(a)
    assert sparse_center_loss(x, zeros, y, c).item() == 0
    assert torch.equal(sparse_center_update(c, x, zeros, y, 0.5), c)


def test_order_of_the_batch_does_not_matter():
    x, a, y, c = make()
    p = torch.randperm(M)
    torch.testing.assert_close(sparse_center_loss(x[p], a[p], y[p], c), sparse_center_loss(x, a, y, c))
    torch.testing.assert_close(sparse_center_update(c, x[p], a[p], y[p], 0.5), sparse_center_update(c, x, a, y, 0.5))


def test_names_of_the_classes_do_not_matter():
    x, a, y, c = make()
    new_name = torch.tensor([2, 0, 3, 1])
    renamed = torch.empty_like(c)
    renamed[new_name] = c
    torch.testing.assert_close(sparse_center_loss(x, a, new_name[y], renamed), sparse_center_loss(x, a, y, c))
    new = sparse_center_update(renamed, x, a, new_name[y], 0.5)
    torch.testing.assert_close(new[new_name], sparse_center_update(c, x, a, y, 0.5))


def test_moving_features_and_centers_together_changes_nothing():
    x, a, y, c = make()
    shift = torch.randn(D, dtype=x.dtype)
    torch.testing.assert_close(sparse_center_loss(x + shift, a, y, c + shift), sparse_center_loss(x, a, y, c))
    torch.testing.assert_close(
        sparse_center_update(c + shift, x + shift, a, y, 0.5), sparse_center_update(c, x, a, y, 0.5) + shift
    )
    assert not torch.isclose(sparse_center_loss(x + shift, a, y, c), sparse_center_loss(x, a, y, c))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 3e-2)]
)
def test_dtypes(dtype, tolerance):
    x, a, y, c = make(dtype)
    loss = sparse_center_loss(x, a, y, c)
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(loop_loss(x, a, y, c), rel=tolerance)
    # Under mixed precision features and attention are narrower than the centers, which keep their dtype.
    wide = c.to(torch.float64)
    new = sparse_center_update(wide, x, a, y, 0.5)
    assert new.dtype == torch.float64
    torch.testing.assert_close(new, loop_update(wide, x.double(), a.double(), y, 0.5), rtol=tolerance, atol=tolerance)


def test_loss_compiles_without_a_graph_break():
    inputs = make(torch.float32)
    compiled = torch.compile(sparse_center_loss, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(*inputs), sparse_center_loss(*inputs))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"features": torch.zeros(M, D, 2, 2)}, "pool or flatten"),
        ({"features": torch.zeros(M, D + 1)}, "with the same d"),
        ({"attention": torch.zeros(M, 1)}, "one number for every dimension"),
        ({"labels": torch.zeros(M + 1, dtype=torch.int64)}, "one class a row"),
        ({"labels": torch.zeros(M)}, "expected torch.int64"),
        ({"labels": torch.full((M,), K)}, "labels run from 4 to 4 but there are 4 classes"),
        ({"labels": torch.full((M,), -1)}, "labels run from -1 to -1"),
        (
            {
                "features": torch.zeros(0, D),
                "attention": torch.zeros(0, D),
                "labels": torch.zeros(0, dtype=torch.int64),
            },
            "the batch is empty",
        ),
    ],
)
def test_bad_input_is_named(change, sentence):
    names = ("features", "attention", "labels", "centers")
    arguments = dict(zip(names, make(torch.float32), strict=True)) | change
    with pytest.raises(ValueError, match=sentence):
        sparse_center_loss(**arguments)
    with pytest.raises(ValueError, match=sentence):
        sparse_center_loss_gradients(**arguments)
    with pytest.raises(ValueError, match=sentence):
        sparse_center_update(**arguments, alpha=0.5)


def test_heads_equal_one_softmax_a_dimension():
    heads, code = MultiHeadAttention(code_dim=6, feature_dim=D).double(), torch.randn(M, 6, dtype=torch.float64)
    weight, bias = heads.heads.weight.view(D, 2, 6), heads.heads.bias.view(D, 2)
    a = heads(code)
    for i in range(M):
        for j in range(D):
            out, in_ = weight[j] @ code[i] + bias[j]  # index 1 is "in"
            torch.testing.assert_close(a[i, j], in_.exp() / (in_.exp() + out.exp()))
            torch.testing.assert_close(a[i, j], (in_ - out).sigmoid())


def test_heads_see_only_their_own_pair():
    heads = MultiHeadAttention(code_dim=6, feature_dim=D)
    code = torch.randn(M, 6)
    before = heads(code)
    with torch.no_grad():
        heads.heads.bias[2 * 3 + 1] += 5.0  # "in" of dimension 3
    after = heads(code)
    assert (after[:, 3] > before[:, 3]).all()
    others = [j for j in range(D) if j != 3]
    torch.testing.assert_close(after[:, others], before[:, others])


def test_encoder_is_three_layers_with_batch_norm_and_tanh_at_the_end():
    encoder = ContextEncoder(in_features=3 * 2 * 2, sizes=(8, 6, 4))
    kinds = [type(layer).__name__ for layer in encoder]
    assert kinds == ["Flatten"] + ["Linear", "BatchNorm1d", "ReLU"] * 2 + ["Linear", "BatchNorm1d", "Tanh"]
    code = encoder(torch.randn(M, 3, 2, 2))
    assert code.shape == (M, 4)
    assert code.min() < 0
    assert code.abs().max() < 1


class TinyBackbone(nn.Sequential):
    out_channels = 6

    def __init__(self):
        super().__init__(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU())


class Official(nn.Module):
    """Stands for a ResNet-18: 512 channels."""

    out_channels = 512


def test_official_attention_has_91_86_million_parameters():
    with torch.device("meta"):
        method = DACL(Official(), num_classes=7, config=PRESETS["official"], map_size=(7, 7))
    assert sum(p.numel() for p in method.attention_network.parameters()) == 91_862_208


def test_centers_start_with_the_official_spread():
    centers = DACL(Official(), num_classes=7, config=DACLConfig(encoder_sizes=(2, 2, 2)), map_size=(1, 1)).centers
    assert centers.shape == (7, 512)
    assert centers.std().item() == pytest.approx(0.535, abs=0.02)


def make_method(**config):
    """A small DACL; the same seed whatever the configuration."""
    torch.manual_seed(1)
    return DACL(TinyBackbone(), K, DACLConfig(encoder_sizes=(16, 12, 8), **config), map_size=(8, 8))


@pytest.mark.parametrize(("start", "spread"), [("kaiming", 0.24), ("torch", 0.12)])
def test_attention_starts_with_the_spread_that_the_docstring_states(start, spread):
    config = DACLConfig(encoder_sizes=(64, 64, 64), attention_start=start)
    method = DACL(Official(), num_classes=7, config=config, map_size=(1, 1))
    a = method.attention_network(torch.randn(64, 512, 1, 1).relu())
    assert a.std(dim=1).mean().item() == pytest.approx(spread, abs=0.015)
    assert a.mean().item() == pytest.approx(0.5, abs=0.02)


def test_every_linear_layer_of_the_attention_starts_as_in_the_official_code():
    method = DACL(Official(), num_classes=7, config=DACLConfig(encoder_sizes=(80, 70, 64)), map_size=(1, 1))
    layers = [layer for layer in method.attention_network.modules() if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in layers] == [512, 80, 70, 64]
    for layer in layers:
        assert layer.weight.std().item() == pytest.approx((2 / layer.in_features) ** 0.5, rel=0.05)
        assert (layer.bias == 0).all()


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


def test_shapes():
    method, batch = make_method(), make_batch()
    outputs = method.training_step(batch)
    assert outputs["logits"].shape == (M, K)
    assert outputs["loss"].shape == ()
    assert method.attention(batch["images"]).shape == (M, 6)
    torch.testing.assert_close(method.predict(batch), outputs["logits"])


def test_what_is_logged_of_the_attention():
    method, batch = make_method(), make_batch()
    outputs = method.training_step(batch)
    a, log = outputs["kept"]["attention"], outputs["log"]
    torch.testing.assert_close(log["mean_attention"], a.sum() / a.numel())
    spread = sum(((row - row.mean()) ** 2).mean() ** 0.5 for row in a) / M
    torch.testing.assert_close(log["attention_spread"], spread)


@pytest.mark.parametrize("update_rule", ["paper", "autograd"])
def test_everything_moves(update_rule):
    method, batch = make_method(update_rule=update_rule, lambda_=1.0), make_batch()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    step(method, batch)
    still = [name for name, value in method.state_dict().items() if torch.equal(value, before[name])]
    # A bias in front of batch normalization has no gradient but rounding.
    assert [name for name in still if not name.startswith("attention_network.0.")] == []


def test_official_rule_is_the_function_and_ignores_lambda():
    batch = make_batch()
    for lambda_ in (0.01, 10.0):
        method = make_method(lambda_=lambda_)
        centers, (x, a) = method.centers.clone(), method.embed_with_attention(batch["images"])
        step(method, batch)
        torch.testing.assert_close(method.centers, sparse_center_update(centers, x, a, batch["labels"], 0.5))


def test_autograds_step_is_scaled_by_lambda_and_by_m():
    batch, lambda_ = make_batch(), 0.3
    method = make_method(update_rule="autograd", lambda_=lambda_)
    centers = method.centers.detach().clone()
    x, a = (tensor.detach() for tensor in method.embed_with_attention(batch["images"]))
    step(method, batch)
    to_centers = sparse_center_loss_gradients(x, a, batch["labels"], centers)[2]
    torch.testing.assert_close(method.centers.detach(), centers - 0.5 * lambda_ * to_centers)


def test_attention_does_not_touch_the_logits():
    method, batch = make_method(), make_batch()
    outputs = method.training_step(batch)
    outputs["logits"].sum().backward()
    assert all(p.grad is None for p in method.attention_network.parameters())
    assert all(p.grad is not None for p in method.classifier.parameters())


def test_attention_falls_where_only_the_sparse_loss_trains_it():
    method, batch = make_method(lambda_=1.0), make_batch(32)
    optimizer = torch.optim.SGD(method.attention_network.parameters(), lr=0.5)
    means = []
    for _ in range(20):
        optimizer.zero_grad()
        outputs = method.training_step(batch)
        outputs["loss"].backward()
        optimizer.step()
        means.append(outputs["log"]["mean_attention"].item())
    assert means[-1] < means[0] - 0.05


def test_mean_one_lets_the_attention_choose_but_not_fade():
    method, batch = make_method(mean_one=True), make_batch()
    a = method.attention(batch["images"])
    torch.testing.assert_close(a.mean(dim=1), torch.ones(M))
    assert a.std() > 0
    before = method.training_step(batch)["log"]["sparse_center_loss"]
    method.attention_network[2] = nn.Sequential(Dimmed(), method.attention_network[2])
    torch.testing.assert_close(method.training_step(batch)["log"]["sparse_center_loss"], before)


class Dimmed(nn.Module):
    def forward(self, attention):
        return 0.01 * attention


def gradients_of_the_backbone(method, batch):
    method.training_step(batch)["loss"].backward()
    return [parameter.grad for parameter in method.backbone.parameters()]


def test_attention_one_trains_the_backbone_as_center_loss_with_the_same_centers():
    batch = make_batch()
    method = make_method(attention="one", lambda_=0.5)
    plain = CenterLoss(TinyBackbone(), K, CenterLossConfig(lambda_=0.5, reduction="mean"))
    plain.load_state_dict(method.state_dict())  # the same names: backbone, classifier, centers
    outputs, plain_outputs = method.training_step(batch), plain.training_step(batch)
    torch.testing.assert_close(outputs["loss"], plain_outputs["loss"])
    pairs = zip(gradients_of_the_backbone(method, batch), gradients_of_the_backbone(plain, batch), strict=True)
    for gradient, expected in pairs:
        torch.testing.assert_close(gradient, expected)
    method.after_step(batch, outputs)
    plain.after_step(batch, plain_outputs)
    torch.testing.assert_close(method.centers, plain.centers)


def test_attention_one_has_no_attention_network_and_says_so():
    method, batch = make_method(attention="one"), make_batch()
    assert not [name for name, _ in method.named_parameters() if name.startswith("attention")]
    assert (method.attention(batch["images"]) == 1).all()
    log = method.training_step(batch)["log"]
    assert (log["mean_attention"].item(), log["attention_spread"].item()) == (1, 0)


def test_network_and_centers_start_alike_with_the_attention_and_without():
    learned, one = make_method().state_dict(), make_method(attention="one").state_dict()
    assert set(learned) - set(one) == {name for name in learned if name.startswith("attention_network.")}
    assert all(torch.equal(value, learned[name]) for name, value in one.items())


def test_sparse_center_loss_reaches_the_backbone_through_the_attention_too():
    """The gradient is the sum of two: one of x with a held still, one of a with x and the centers held still."""
    method, batch = make_method(), make_batch()
    features, attention = method.embed_with_attention(batch["images"])
    weights = list(method.backbone.parameters())

    def gradients(x, a):
        loss = sparse_center_loss(x, a, batch["labels"], method.centers)
        return torch.autograd.grad(loss, weights, retain_graph=True)

    whole = gradients(features, attention)
    by_features, by_attention = gradients(features, attention.detach()), gradients(features.detach(), attention)
    for total, pull, fading in zip(whole, by_features, by_attention, strict=True):
        torch.testing.assert_close(total, pull + fading)
        assert fading.abs().max() > 1e-4


def test_lambda_zero_is_softmax_training():
    outputs = make_method(lambda_=0.0).training_step(make_batch())
    assert outputs["loss"].item() == outputs["log"]["softmax_loss"].item() != 0


def test_weight_decay_spares_the_centers():
    method = make_method(update_rule="autograd")
    groups = method.parameter_groups(lr=0.1, weight_decay=5e-4)
    assert [(g["lr"], g["weight_decay"]) for g in groups] == [(0.1, 5e-4), (0.5, 0.0)]
    assert sum(len(g["params"]) for g in groups) == len(list(method.parameters()))


@pytest.mark.parametrize("update_rule", ["paper", "autograd"])
def test_two_processes_equal_one(run_processes, update_rule):
    batch = make_batch(8)
    halves = [{name: value[half] for name, value in batch.items()} for half in (slice(0, 4), slice(4, 8))]
    # Batch statistics are each process's own affair, so batch normalization is left out of the comparison.
    whole = make_method(update_rule=update_rule, lambda_=0.5).eval()
    outputs = whole.training_step(batch)
    outputs["loss"].backward()
    whole.after_step(batch, outputs)

    split = make_method(update_rule=update_rule, lambda_=0.5).eval()
    split_outputs = run_processes(split, halves)
    torch.stack([o["loss"] for o in split_outputs]).mean().backward()
    split.after_step(halves[0], split_outputs[0])

    torch.testing.assert_close(split_outputs[1]["log"]["sparse_center_loss"], outputs["log"]["sparse_center_loss"])
    for (name, a), b in zip(whole.named_parameters(), split.parameters(), strict=True):
        torch.testing.assert_close(b.grad, a.grad, msg=lambda text, name=name: f"{name}: {text}")
    torch.testing.assert_close(split.centers, whole.centers)


@pytest.mark.parametrize(
    "change",
    [
        {"lambda_": -0.1},
        {"lambda_": float("nan")},
        {"alpha": 1.5},
        {"update_rule": "mine"},
        {"update_rule": "autograd_without_lambda"},
        {"attention": "two"},
        {"attention_start": "zero"},
        {"encoder_sizes": (8, 8)},
        {"encoder_sizes": (8, 0, 8)},
    ],
)
def test_bad_config(change):
    with pytest.raises(ValueError, match="expected"):
        DACLConfig(**change)


def test_official_preset():
    official = PRESETS["official"]
    assert (official.lambda_, official.alpha, official.encoder_sizes) == (0.01, 0.5, (3584, 512, 64))
    assert (official.attention, official.attention_start, official.mean_one) == ("learned", "kaiming", False)
    assert official == DACLConfig()


def test_a_batch_of_one_is_refused_in_training_and_fine_afterwards():
    """Batch normalization has nothing to compare one sample with; torch's own sentence gives no advice."""
    method, batch = make_method(), make_batch(m=1)
    with pytest.raises(ValueError, match=r"single sample.*batch size of 2 or more"):
        method.training_step(batch)
    assert method.eval().predict(batch).shape == (1, K)
    assert method.attention(batch["images"]).shape[0] == 1
