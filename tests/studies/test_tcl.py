"""The triplet-center study's own arithmetic: how compact and how far apart classes are."""

from __future__ import annotations

import pytest
import torch

from studies.tcl import READINGS, between_within


def test_between_over_within_equals_the_loop() -> None:
    x, labels = torch.randn(30, 4, dtype=torch.float64), torch.arange(30) % 3
    means = [[x[labels == k, j].mean().item() for j in range(4)] for k in range(3)]
    middle = [sum(means[k][j] for k in range(3)) / 3 for j in range(4)]
    between = sum((means[k][j] - middle[j]) ** 2 for k in range(3) for j in range(4)) / 3
    within = sum((x[i, j].item() - means[labels[i]][j]) ** 2 for i in range(30) for j in range(4)) / 30
    assert between_within(x, labels) == pytest.approx(between / within)


def test_scale_place_and_a_turn_of_the_embedding_do_not_matter() -> None:
    x, labels = torch.randn(30, 4, dtype=torch.float64), torch.arange(30) % 3
    turn = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64))[0]
    assert between_within(7 * x @ turn + 3, labels) == pytest.approx(between_within(x, labels))


def test_a_class_without_faces_is_left_out() -> None:
    x = torch.tensor([[0.0], [2.0], [10.0], [12.0]])
    assert between_within(x, torch.tensor([0, 0, 5, 5])) == 25


def test_readings_change_the_attention_alone() -> None:
    changed = {key for changes in READINGS.values() for key in changes or {}}
    assert changed == {"pixel_attention", "element_attention", "normalize_attention"}
