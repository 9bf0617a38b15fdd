"""Every method keeps the contract that ``fer_tutorial.methods`` writes down."""

import pytest
import torch

from fer_tutorial.config import TrainConfig
from fer_tutorial.methods import METHODS, ExpressionMethod, Method, Relabel, StepOutputs, build_method
from fer_tutorial.training.engine import parameter_groups
from tests.helpers.striped_faces import striped
from tests.helpers.two_processes import DATA, configuration

M = 8  # samples of the batch
EXPRESSION_METHODS = [name for name in METHODS if name != "g2rl"]


def method_and_batch(name):
    """A method in training mode, and a batch for it; SCN's configuration relabels from the first epoch on."""
    data = striped(n=M, channels=3, **DATA.get(name, {}))
    arrays = {field: torch.tensor(value) for field, value in data.arrays().items()}
    arrays["images"] = arrays["images"].movedim(-1, -3).float() / 255
    return build_method(name, data, config=configuration(name)).train(), arrays


def outputs_of(name):
    method, batch = method_and_batch(name)
    return method.training_step(batch)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_the_members_of_the_protocol(name):
    method, _ = method_and_batch(name)
    assert isinstance(method, Method)
    assert isinstance(method, torch.nn.Module)
    assert isinstance(method.backbone, torch.nn.Module)
    assert method.spec.name == name
    assert method.config == configuration(name)


@pytest.mark.parametrize("name", METHODS)
def test_the_outputs_have_the_keys_of_the_contract_alone(name):
    outputs = outputs_of(name)
    assert {"loss", "logits"} <= set(outputs) <= set(StepOutputs.__annotations__)
    assert outputs["loss"].shape == ()
    assert outputs["loss"].requires_grad
    assert len(outputs["logits"]) == M


@pytest.mark.parametrize("name", METHODS)
def test_what_is_logged_or_kept_has_no_gradient(name):
    outputs = outputs_of(name)
    log, kept = outputs.get("log", {}), outputs.get("kept", {})
    assert not {"loss", "train_accuracy", "epoch", "lr"} & set(log)  # columns of metrics.csv that are not the method's
    assert all(value.shape == () and value.isfinite() for value in log.values())
    assert not any(value.requires_grad for value in (*log.values(), *kept.values()))


def test_relabelling_says_labels_and_confidence_of_every_sample():
    relabel = outputs_of("scn")["relabel"]
    assert set(relabel) == set(Relabel.__annotations__)
    assert relabel["labels"].shape == relabel["confidence"].shape == (M,)
    assert relabel["labels"].dtype == torch.int64
    assert not relabel["confidence"].requires_grad


@pytest.mark.parametrize("name", METHODS)
def test_a_prediction_has_a_row_a_sample_and_needs_no_labels(name):
    method, batch = method_and_batch(name)
    del batch["labels"], batch["action_units"]
    columns = 12 if method.task == "action_units" else 7
    assert method.eval().predict(batch).shape == (M, columns)


@pytest.mark.parametrize("name", EXPRESSION_METHODS)
def test_an_embedding_has_a_row_a_face(name):
    method, batch = method_and_batch(name)
    faces = batch["images"] if batch["images"].ndim == 4 else batch["images"][:, -1]
    assert isinstance(method, ExpressionMethod)
    embedding = method.eval().embed(faces)
    assert embedding.shape[0] == M
    assert embedding.ndim == 2
    assert embedding.std(dim=0).max() > 0  # it tells faces apart


@pytest.mark.parametrize("name", ["softmax", "center_loss", "dacl", "scn", "tcl"])
def test_the_classifier_reads_the_embedding(name):
    method, batch = method_and_batch(name)
    method.eval()
    torch.testing.assert_close(method.classifier(method.embed(batch["images"])), method.predict(batch))


@pytest.mark.parametrize("name", METHODS)
def test_the_optimiser_gets_every_parameter_once(name):
    method, _ = method_and_batch(name)
    groups = parameter_groups(method, TrainConfig(lr=0.1, weight_decay=0.01))
    given = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(given) == sorted(id(parameter) for parameter in method.parameters())
    assert (groups[0]["lr"], groups[0]["weight_decay"]) == (0.1, 0.01)


@pytest.mark.parametrize("name", METHODS)
def test_what_follows_a_step_has_something_to_do(name):
    """A method without anything to do after the optimiser's step does not say that it has."""
    method, batch = method_and_batch(name)
    outputs = method.training_step(batch)
    before = {key: value.clone() for key, value in method.state_dict().items()}
    if hasattr(method, "after_step"):
        method.after_step(batch, outputs)
        assert any(not torch.equal(value, before[key]) for key, value in method.state_dict().items())
    else:
        assert name in ("softmax", "scn", "tcl", "mgln", "g2rl")


def test_the_needs_are_fields_of_the_data():
    fields = set(striped(n=2, sequence=2, size=32).arrays())
    for name in METHODS:
        assert set(method_and_batch(name)[0].needs) <= fields
