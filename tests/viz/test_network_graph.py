"""A graph repeats nothing, keeps only what is asked for, and folds batch normalization where it may."""

from types import SimpleNamespace

import pytest
import torch

from fer_tutorial.viz.network_graph import Constant, Graph, Value


@pytest.fixture
def graph():
    """A graph into which the layer ``here`` is being translated, whose result has the shape (1, 2)."""
    return Graph(node=SimpleNamespace(name="here", meta={"val": torch.zeros(1, 2)}))


X = Value("x", (1, 2))


def test_the_same_step_is_there_once(graph):
    first = graph.add("relu", [X])
    assert graph.add("relu", [X]) is first
    assert graph.add("clamp", [X], low=0) != graph.add("clamp", [X], low=1)
    assert list(graph.steps) == ["here", "here_", "here__"]


def test_constants_of_the_same_numbers_are_there_once(graph):
    one, same = (Constant(name, torch.tensor([1.0, 2.0]), False) for name in ("one", "same"))
    learned = Constant("learned", torch.tensor([1.0, 2.0]), True)
    for constant in (one, same, learned):
        graph.add("add", [X, constant])
    assert set(graph.constants) == {"one", "learned"}
    assert len(graph.steps) == 2


def test_only_what_leads_to_the_wanted_stays(graph):
    wanted = graph.add("add", [graph.add("relu", [X]), Constant("one", torch.ones(2), False)])
    graph.add("multiply", [wanted, Constant("two", torch.full((2,), 2.0), False)])
    graph.prune([wanted.name])
    assert [step.operation for step in graph.steps.values()] == ["relu", "add"]
    assert set(graph.constants) == {"one"}


def normalized(graph, weight):
    """A linear layer of that weight, normalized by 3 x + 1."""
    layer = graph.add("linear", [X, Constant("weight", weight, True)], part="_layer")
    statistics = [Constant(name, torch.full((2,), number), True) for name, number in (("scale", 3.0), ("shift", 1.0))]
    return layer, graph.add("affine", [layer, *statistics])


def test_normalization_becomes_part_of_the_layer(graph):
    _, result = normalized(graph, torch.eye(2))
    graph.fold()
    graph.prune([result.name])
    [step] = graph.steps.values()
    assert step.operation == "linear"
    weight, bias = (graph.constants[name].tensor for name in step.sources[1:])
    assert torch.equal(weight, 3 * torch.eye(2))
    assert torch.equal(bias, torch.ones(2))


def test_a_layer_that_serves_another_is_not_folded(graph):
    layer, result = normalized(graph, torch.eye(2))
    both = graph.add("add", [layer, result])
    graph.fold()
    graph.prune([both.name])
    assert [step.operation for step in graph.steps.values()] == ["linear", "affine", "add"]


def test_a_layer_that_is_asked_for_itself_stays_as_it_was(graph):
    layer, result = normalized(graph, torch.eye(2))
    graph.fold()
    graph.prune([layer.name, result.name])
    weights = [graph.constants[step.sources[1]].tensor for step in graph.steps.values()]
    assert torch.equal(weights[0], torch.eye(2))
    assert torch.equal(weights[1], 3 * torch.eye(2))
