"""Every method keeps the contract that ``fer_tutorial.methods`` writes down."""

import subprocess
import sys
from dataclasses import is_dataclass

import pytest
import torch

from fer_tutorial.config import TrainConfig
from fer_tutorial.errors import UserError
from fer_tutorial.methods import (
    METHODS,
    ExpressionMethod,
    Method,
    Relabel,
    StepOutputs,
    build_method,
    config_class,
    network_class,
    presets,
    register_method,
)
from fer_tutorial.training.engine import parameter_groups
from tests.helpers.contract import missing_members
from tests.helpers.striped_faces import striped
from tests.helpers.two_processes import DATA, configuration

M = 8  # samples of the batch
EXPRESSION_METHODS = [name for name in METHODS if network_class(name).task == "expression"]


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
    assert not missing_members(method, Method)
    assert isinstance(method, torch.nn.Module)
    assert isinstance(method.backbone, torch.nn.Module)
    assert method.spec.name == name
    assert method.config == configuration(name)


def test_a_network_that_is_no_method_is_told_from_one():
    lacks = missing_members(torch.nn.Linear(1, 1), ExpressionMethod)
    assert lacks == {"task", "needs", "config", "spec", "backbone", "training_step", "predict", "embed"}


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


def test_relabeling_says_labels_and_confidence_of_every_sample():
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
    assert not missing_members(method, ExpressionMethod)
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
def test_the_optimizer_gets_every_parameter_once(name):
    method, _ = method_and_batch(name)
    groups = parameter_groups(method, TrainConfig(lr=0.1, weight_decay=0.01))
    given = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(given) == sorted(id(parameter) for parameter in method.parameters())
    assert (groups[0]["lr"], groups[0]["weight_decay"]) == (0.1, 0.01)


@pytest.mark.parametrize("name", [name for name in METHODS if hasattr(network_class(name), "after_step")])
def test_what_follows_a_step_changes_something(name):
    """A method without anything to do after the optimizer's step does not say that it has."""
    method, batch = method_and_batch(name)
    outputs = method.training_step(batch)
    before = {key: value.clone() for key, value in method.state_dict().items()}
    method.after_step(batch, outputs)
    assert any(not torch.equal(value, before[key]) for key, value in method.state_dict().items())


def test_the_needs_are_fields_of_the_data():
    fields = set(striped(n=2, sequence=2, size=32).arrays())
    for name in METHODS:
        assert set(method_and_batch(name)[0].needs) <= fields


# --- the table ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METHODS)
def test_presets_are_of_one_dataclass(name):
    assert is_dataclass(config_class(name))
    assert {type(config) for config in presets(name).values()} == {config_class(name)}


def test_names_and_hyper_parameters_are_known_without_torch():
    """The command line shows the help of any method without the seconds that importing torch takes."""
    program = """
import sys
import fer_tutorial.config, fer_tutorial.recipes
from fer_tutorial.methods import METHODS, config_class, method_entry, preset, presets
for name in METHODS:
    config_class(name)()
    preset(name, next(iter(presets(name))))
    method_entry(name)
print("torch" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_a_registered_method_is_built_by_its_name(monkeypatch):
    monkeypatch.setattr("fer_tutorial.methods.METHODS", dict(METHODS))

    class Louder(network_class("softmax")):
        """Softmax under another name."""

    register_method("louder", Louder, presets("softmax"), "softmax under another name")
    method = build_method("louder", striped(channels=3))
    assert type(method) is Louder
    assert method.spec.name == "louder"
    with pytest.raises(UserError, match="a method named 'louder' already"):
        register_method("louder", Louder, presets("softmax"), "again")


def test_what_cannot_be_a_method_is_not_registered():
    with pytest.raises(UserError, match="Linear has no task, needs, training_step, predict; see"):
        register_method("linear", torch.nn.Linear, presets("softmax"), "a layer")
    with pytest.raises(UserError, match="other has no preset"):
        register_method("other", network_class("softmax"), {}, "without hyper-parameters")
    assert not {"linear", "other"} & set(METHODS)


def test_what_a_paper_refuses_is_the_users_error():
    one_class = striped(n=4, classes=1, channels=3)
    with pytest.raises(UserError, match="give 2 or more"):
        build_method("scn", one_class)
