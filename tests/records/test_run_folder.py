"""The folder of a run: what lies in it, and that a run is built again from it."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from fer_tutorial.errors import UserError
from fer_tutorial.methods import build_method
from fer_tutorial.records.run_folder import RunFolder, load_run, saved_config
from tests.helpers.quick_config import quick
from tests.helpers.striped_faces import striped


@pytest.fixture
def data():
    return striped(12)


@pytest.fixture
def method(data):
    return build_method("tcl", data, seed=3)


@pytest.fixture
def folder(tmp_path, method, data):
    files = RunFolder(tmp_path / "a" / "run")
    files.start(method, data, quick(lr=0.03), notes={"faces": "few"})
    return files


def test_a_started_run_says_all_that_is_needed_to_repeat_it(folder):
    saved = folder.read_config()
    assert (saved["method"]["name"], saved["method"]["seed"], saved["train"]["lr"]) == ("tcl", 3, 0.03)
    assert (saved["data"]["name"], saved["data"]["samples"], saved["notes"]) == ("striped", 12, {"faces": "few"})
    assert json.loads((folder.path / "environment.json").read_text())


def test_a_run_is_not_started_twice_in_one_folder(folder, method, data):
    with pytest.raises(UserError, match="holds a run already; continue it with --resume"):
        folder.start(method, data, quick(), notes={})


def test_a_folder_that_cannot_be_made_is_named(tmp_path, method, data):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be made"):
        RunFolder(tmp_path / "file" / "run").start(method, data, quick(), notes={})


def test_the_same_run_may_continue_and_another_may_not(folder, method, data):
    folder.check_same(method, data, quick(lr=0.03, progress=True))  # what the weights do not depend on is free
    with pytest.raises(UserError, match=r"train\.lr 0\.03 there and 0\.1 here"):
        folder.check_same(method, data, quick(lr=0.1))
    other = striped(12, seed=1)
    with pytest.raises(UserError, match=r"data\.labels"):
        folder.check_same(method, other, quick(lr=0.03))


def test_the_trained_method_comes_back_with_its_weights(folder, method):
    folder.save_best(method, facts={"epoch": 1})
    again = load_run(folder.path)
    assert not again.training
    assert again.spec == method.spec
    assert again.config == method.config
    images = torch.randn(2, 3, 16, 16)
    assert torch.equal(again.predict({"images": images}), method.eval().predict({"images": images}))


def test_the_settings_come_back_with_their_types(folder):
    assert saved_config(folder.path) == quick(lr=0.03)


def test_metrics_and_report_are_written_as_they_are(folder):
    folder.write_metrics(pd.DataFrame({"epoch": [0, 1], "loss": [2.0, 1.5]}))
    assert pd.read_csv(folder.path / "metrics.csv")["loss"].tolist() == [2.0, 1.5]
    folder.write_report({"test": {"accuracy": 0.5, "confusion_matrix": np.eye(2, dtype=int)}})
    assert json.loads((folder.path / "report.json").read_text())["test"]["confusion_matrix"] == [[1, 0], [0, 1]]


def test_a_folder_without_a_run_or_without_weights_is_named(tmp_path, folder):
    with pytest.raises(UserError, match="holds no run"):
        load_run(tmp_path)
    with pytest.raises(UserError, match=r"there is no checkpoint .*best\.safetensors"):
        load_run(folder.path)
