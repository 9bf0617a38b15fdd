"""The page "Add a paper": its example is a method like the others, and what the page shows runs."""

import importlib
import math
import re
import sys
from pathlib import Path

import pytest
import torch

from fer_tutorial.methods import METHODS, ExpressionMethod, Relabel, StepOutputs, build_method
from fer_tutorial.training import evaluate, train
from tests.helpers.contract import missing_members
from tests.helpers.quick_config import quick
from tests.helpers.striped_faces import striped

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGE = (BOOK / "add_a_paper.md").read_text(encoding="utf-8")


@pytest.fixture
def example(monkeypatch):
    """The example's module, registered for the length of a test."""
    monkeypatch.setattr("fer_tutorial.methods.METHODS", METHODS.copy())
    monkeypatch.syspath_prepend(BOOK / "examples")
    sys.modules.pop("additive_margin", None)
    yield importlib.import_module("additive_margin")
    sys.modules.pop("additive_margin")


def test_the_loss_equals_the_loop(example):
    cosines, labels = torch.rand(5, 3, dtype=torch.double) * 2 - 1, torch.tensor([0, 1, 2, 1, 0])
    total = 0.0
    for row, y in zip(cosines.tolist(), labels.tolist(), strict=True):
        own = math.exp(8 * (row[y] - 0.2))
        total -= math.log(own / (own + sum(math.exp(8 * c) for k, c in enumerate(row) if k != y)))
    assert example.additive_margin_loss(cosines, labels, margin=0.2, scale=8.0).item() == pytest.approx(total / 5)


def test_the_gradient_is_right(example):
    cosines, labels = torch.rand(4, 3, dtype=torch.double, requires_grad=True), torch.tensor([0, 1, 2, 1])
    assert torch.autograd.gradcheck(lambda c: example.additive_margin_loss(c, labels, 0.35, 4.0), cosines)


def test_it_keeps_the_contract_and_trains_through_the_engine(example, tmp_path):
    data = striped(n=64, channels=3)
    method = build_method("additive_margin", data)
    assert not missing_members(method, ExpressionMethod)
    before = evaluate(method, data)["accuracy"]
    run = train(method, data, data, quick(epochs=1, lr=0.1), folder=tmp_path / "run")
    assert list(run.history) == ["epoch", "loss", "own_cosine", "train_accuracy", "lr", *list(run.history)[5:]]
    assert run.history["loss"].notna().all()
    assert run.metrics["accuracy"] > before
    first_line = (tmp_path / "run" / "metrics.csv").read_text().splitlines()[0]
    assert "own_cosine" in first_line.split(",")


def test_the_example_is_as_short_as_the_page_says(example):
    assert "```{literalinclude} examples/additive_margin.py" in PAGE
    code = Path(example.__file__).read_text(encoding="utf-8").splitlines()
    lines = [line for line in code if line.strip()]
    assert len(lines) <= 60


def test_what_the_page_shows_runs(example, capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "add_a_paper.md", "exec"), {})
    assert "own_cosine" in capsys.readouterr().out


def test_the_page_names_every_key_of_the_contract():
    for key in (*StepOutputs.__annotations__, *Relabel.__annotations__):
        assert f"`{key}`" in PAGE


def test_the_files_that_the_page_names_exist():
    named = re.findall(r"`((?:book|fer_tutorial|tests|studies)/[\w/.]+)`", PAGE)
    assert len(named) > 5
    assert [name for name in named if not (BOOK.parent / name).exists()] == []
