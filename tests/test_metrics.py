import numpy as np
import pandas as pd
import pingouin
import pytest
import torch

from fer_tutorial.metrics import action_unit_metrics, better, expression_metrics, icc_3_1


def pingouin_icc(predicted, coded):
    n = len(coded)
    table = pd.DataFrame(
        {"sample": [*range(n), *range(n)], "rater": ["p"] * n + ["c"] * n, "score": [*predicted, *coded]}
    )
    result = pingouin.intraclass_corr(table, targets="sample", raters="rater", ratings="score")
    return result.loc[result["Type"].isin(["ICC3", "ICC(C,1)"]), "ICC"].item()


def test_icc_is_pingouins():
    draw = np.random.default_rng(0)
    coded = draw.integers(0, 6, (40, 3)).astype(np.float32)
    predicted = (coded * [0.5, 1.0, 0.0] + draw.normal(0, 1, (40, 3))).astype(np.float32)
    ours = icc_3_1(torch.from_numpy(predicted), torch.from_numpy(coded))
    for unit in range(3):
        assert ours[unit].item() == pytest.approx(pingouin_icc(predicted[:, unit], coded[:, unit]), abs=1e-6)


def test_icc_leaves_out_what_is_not_coded():
    draw = np.random.default_rng(1)
    coded, predicted = draw.uniform(0, 5, (30, 1)), draw.uniform(0, 5, (30, 1))
    coded[::3] = np.nan
    ours = icc_3_1(torch.from_numpy(predicted), torch.from_numpy(coded))
    known = ~np.isnan(coded[:, 0])
    assert ours.item() == pytest.approx(pingouin_icc(predicted[known, 0], coded[known, 0]), abs=1e-9)


def test_icc_by_hand():
    # Shrout and Fleiss's mean squares of two raters who agree up to a constant: no residual, so 1; a flipped sign: −1.
    coded = torch.tensor([[1.0], [2.0], [4.0]])
    assert icc_3_1(coded + 1, coded).item() == pytest.approx(1)
    assert icc_3_1(-coded, coded).item() == pytest.approx(-1)
    assert icc_3_1(torch.zeros(3, 1), torch.zeros(3, 1)).isnan().item()


def test_action_unit_metrics_by_hand():
    nan = float("nan")
    metrics = action_unit_metrics(
        torch.tensor([[1.0, 0.0], [2.0, 3.0], [3.0, 9.0]]), torch.tensor([[1.0, 1.0], [4.0, 3.0], [3.0, nan]]), (6, 12)
    )
    assert metrics["mae_per_unit"] == pytest.approx({6: 2 / 3, 12: 0.5})
    assert metrics["mse_per_unit"] == pytest.approx({6: 4 / 3, 12: 0.5})
    assert metrics["mae"] == pytest.approx(7 / 12)


def test_expression_metrics_against_loops():
    draw = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(60, 5, generator=draw), torch.randint(0, 4, (60,), generator=draw)  # class 4 is absent
    metrics = expression_metrics(logits, labels)
    predicted = logits.argmax(1)
    recalls, f1 = [], []
    for k in range(5):
        true, said = labels == k, predicted == k
        hits = (true & said).sum().item()
        if true.any():
            recalls.append(hits / true.sum().item())
        f1.append(2 * hits / (true.sum().item() + said.sum().item()))
    assert metrics["accuracy"] == pytest.approx((predicted == labels).float().mean().item())
    assert metrics["mean_class_accuracy"] == pytest.approx(np.mean(recalls))
    assert metrics["macro_f1"] == pytest.approx(np.mean(f1))
    assert np.isnan(metrics["class_accuracy"][4])
    matrix = np.zeros((5, 5), int)
    for truth, guess in zip(labels, predicted, strict=True):
        matrix[truth, guess] += 1
    assert (metrics["confusion_matrix"] == matrix).all()


def test_better():
    assert better(0.5, None, "accuracy")
    assert better(0.6, 0.5, "accuracy")
    assert not better(0.5, 0.5, "accuracy")
    assert better(0.4, 0.5, "mae")
