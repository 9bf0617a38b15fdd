"""Means over the steps of an epoch."""

import pytest
import torch

from fer_tutorial.training.averages import Averages


def outputs(loss, **log):
    return {"loss": torch.tensor(loss), "logits": torch.eye(2), "log": {k: torch.tensor(v) for k, v in log.items()}}


def test_each_quantity_is_the_mean_over_the_steps_that_report_it():
    averages = Averages()
    averages.add(outputs(1.0, gap=0.5), None)
    averages.add(outputs(3.0), None)
    averages.add(outputs(5.0, gap=1.0), None)
    assert averages.read() == {"loss": 3.0, "gap": 0.75}


def test_accuracy_is_counted_where_there_are_labels():
    averages = Averages()
    averages.add(outputs(1.0), torch.tensor([0, 1]))
    averages.add(outputs(1.0), torch.tensor([1, 1]))
    assert averages.read()["train_accuracy"] == pytest.approx(0.75)


def test_nothing_reported_is_no_mean():
    assert Averages().read() == {}


def test_sums_of_many_small_losses_stay_exact():
    """In single precision 0.1 added a hundred thousand times is off in the third digit."""
    averages = Averages()
    pair = torch.tensor([0.1 * 100_000, 100_000], dtype=torch.double)
    averages.sums["loss"] = pair
    averages.add({"loss": torch.tensor(0.1), "logits": torch.eye(2)}, None)
    assert averages.sums["loss"].dtype == torch.double
    assert averages.read()["loss"] == pytest.approx(0.1, abs=1e-9)


def test_the_loss_is_read_without_its_graph():
    loss = torch.tensor(2.0, requires_grad=True) * 3
    averages = Averages()
    averages.add({"loss": loss, "logits": torch.eye(2)}, None)
    assert not averages.sums["loss"].requires_grad
