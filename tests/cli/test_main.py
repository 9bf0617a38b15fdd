import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from fer_tutorial.cli import main as cli
from fer_tutorial.training import METHODS
from fer_tutorial.vocabulary import EXPRESSIONS

CLASSES = EXPRESSIONS[:7]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of class-named folders for each split, with stripes for faces."""
    root = tmp_path_factory.mktemp("faces")
    draw = np.random.default_rng(0)
    for split, count in (("train", 6), ("valid", 2), ("test", 2)):
        for label, name in enumerate(CLASSES):
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                image = draw.integers(0, 100, (16, 16), np.uint8)
                image[2 * label : 2 * label + 2] += 150
                Image.fromarray(image).save(root / split / name / f"{number}.png")
    return root


@pytest.fixture
def quick(folder):
    """Options that make a run take a moment."""
    data = ["--data", "folder", "--data-root", str(folder), "--size", "16"]
    return [*data, "--epochs", "1", "--batch-size", "14", "--device", "cpu", "--no-tensorboard"]


@pytest.fixture
def trained(quick, tmp_path, capsys):
    """A run of one epoch, and what it printed."""
    cli.main(["train", "softmax", *quick, "--out", str(tmp_path / "run")])
    return SimpleNamespace(folder=tmp_path / "run", said=capsys.readouterr().out)


def refused(arguments, capsys):
    """The one sentence with which arguments are refused."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert stop.value.code == 2
    assert "Traceback" not in captured.err
    assert captured.err.count("\n") == 1, captured.err
    return captured.err


def test_a_run_is_trained_evaluated_on_the_test_split_and_written(trained):
    assert "42 training, 14 validation, 14 test samples" in trained.said
    assert "accuracy" in trained.said
    assert "confusion matrix" in trained.said
    report = json.loads((trained.folder / "report.json").read_text())
    assert np.sum(report["test"]["confusion_matrix"]) == 14
    table = pd.read_csv(trained.folder / "confusion.csv", index_col=0)
    assert list(table.columns) == list(table.index) == list(CLASSES)
    for picture in ("confusion.png", "curves.png"):
        assert Image.open(trained.folder / picture).size[0] > 300


def test_evaluating_a_run_finds_its_data_and_repeats_its_numbers(trained, tmp_path, capsys):
    cli.main(["evaluate", str(trained.folder), "--out", str(tmp_path / "result.json")])
    report = json.loads((trained.folder / "report.json").read_text())["test"]
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["accuracy"] == pytest.approx(report["accuracy"])
    assert f"{report['accuracy']:.4f}" in capsys.readouterr().out
    assert (tmp_path / "result.png").exists()


def test_resuming_takes_the_settings_over(trained, quick, capsys):
    cli.main(["train", "softmax", "--resume", str(trained.folder)])
    assert "written to" in capsys.readouterr().out
    error = refused(["train", "softmax", "--resume", trained.folder, "--lr", "0.5"], capsys)
    assert "cannot be continued with other settings (train.lr 0.002 there and 0.5 here)" in error
    assert "holds a run already" in refused(["train", "softmax", *quick, "--out", trained.folder], capsys)


def test_folds_without_people_are_refused(quick, tmp_path, capsys):
    error = refused(["train", "softmax", *quick, "--folds", "2", "--out", tmp_path / "folds"], capsys)
    assert "does not say who is in each picture" in error
    assert not (tmp_path / "folds").exists()


def test_cross_validation_over_synthetic_people(tmp_path, capsys):
    settings = ["--data-options", "n=28", "cache=False", "--size", "32", "--epochs", "1", "--batch-size", "8"]
    cli.main(["train", "softmax", *settings, "--folds", "2", "--out", str(tmp_path / "folds")])
    assert "± " in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "folds" / "folds.csv")) == 2


@pytest.mark.parametrize("name", METHODS)
def test_help_of_every_method(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", name, "--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "--epochs" in said
    assert f"Presets of {name}" in said.replace("\n", " ")


@pytest.mark.parametrize("arguments", [["--help"], ["train"], ["train", "--help"]])
def test_help_lists_what_there_is(arguments, capsys):
    cli.main(arguments)
    said = capsys.readouterr().out
    assert "dacl" in said
    assert said.startswith("usage: fer-tutorial")


def test_presets_set_the_training_as_well():
    official = cli.preset_defaults("dacl", "official")
    assert (official.train.optimizer, official.train.lr, official.train.epochs) == ("sgd", 0.01, 60)
    assert (official.backbone, official.faces.size, official.normalization) == ("resnet18", 224, "dacl")
    assert cli.preset_defaults("scn", None).backbone == "small_cnn"


def test_hyper_parameters_are_options(quick, tmp_path):
    cli.main(["train", "dacl", *quick, "--method.lambda_", "0.2", "--out", str(tmp_path / "run")])
    assert json.loads((tmp_path / "run" / "config.json").read_text())["method_config"]["lambda_"] == 0.2


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["trian"], "there is no command 'trian' (did you mean 'train'?)"),
    (["train", "dakl"], "there is no method 'dakl' (did you mean 'dacl'?)"),
    (["train", "dacl", "--foo", "3"], "unknown option '--foo'"),
    (["train", "dacl", "--preset", "oficial"], "dacl has no preset 'oficial'"),
    (["train", "dacl", "--data", "ferplus", "--data-root", "/no/such/folder"], "/no/such/folder"),
    (["train", "dacl", "--data", "cats"], "there is no data set 'cats'"),
    (["train", "dacl", "--data-options", "n"], "expected NAME=VALUE"),
    (["train", "dacl", "--epochs", "0"], "epochs is 0; expected 1 or more"),
    (["train", "dacl", "--method.lambda_", "-1"], "lambda_ is -1.0; expected 0 or more"),
    (["train", "dacl", "--resume", "/no/such/run"], "holds no run"),
    (["evaluate", "/no/such/run"], "holds no run"),
    (["datasets", "fer3000"], "there is no card for 'fer3000'"),
    (["faces", "--n", "0"], "n is 0"),
])  # fmt: skip
def test_wrong_input_is_one_sentence_and_status_2(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(arguments, capsys)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there(quick, tmp_path, capsys):
    error = refused(["train", "dacl", *quick, "--device", "cuda", "--out", tmp_path / "run"], capsys)
    assert "torch finds no GPU" in error
    assert not (tmp_path / "run").exists()


def test_data_that_lack_what_a_method_needs(quick, tmp_path, capsys):
    assert "mgln" in (error := refused(["train", "mgln", *quick, "--out", tmp_path / "run"], capsys))
    assert "needs landmarks and lengths" in error
    assert not (tmp_path / "run").exists()


def test_a_network_of_another_class_count(trained, folder, capsys):
    settings = json.loads((trained.folder / "config.json").read_text())
    settings["method"]["num_classes"] = 5
    (trained.folder / "config.json").write_text(json.dumps(settings))
    assert "classifier.weight has shape (7, 128) there and (5, 128) here" in refused(
        ["evaluate", trained.folder], capsys
    )


def test_an_empty_folder(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    error = refused(["train", "dacl", "--data", "folder", "--data-root", tmp_path / "empty"], capsys)
    assert "empty" in error


@pytest.mark.parametrize("name", ["sheet.png", "faces.npz", "folder"])
def test_faces_are_written(name, tmp_path, capsys):
    cli.main(["faces", "--out", str(tmp_path / name), "--n", "6", "--size", "32", "--options", "nuisance=0"])
    assert "6 faces written" in capsys.readouterr().out
    if name == "faces.npz":
        arrays = np.load(tmp_path / name)
        assert arrays["images"].shape == (6, 32, 32, 3)
        assert arrays["landmarks"].shape == (6, 68, 2)
    elif name == "folder":
        assert len(list(tmp_path.glob("folder/*/*.png"))) == 6
    else:
        assert Image.open(tmp_path / name).size[0] > 32


def test_data_sets_are_listed(capsys):
    cli.main(["datasets"])
    assert "ferplus" in capsys.readouterr().out
    cli.main(["datasets", "ferplus"])
    assert "MIT" in capsys.readouterr().out


def test_packed_data_train(folder, tmp_path, capsys):
    cli.main(["pack", "folder", "--data-root", str(folder), "--out", str(tmp_path / "pack"), "--size", "16"])
    packed = ["--data", "packed", "--data-root", str(tmp_path / "pack"), "--size", "16", "--epochs", "1"]
    cli.main(["train", "softmax", *packed, "--batch-size", "14", "--out", str(tmp_path / "run")])
    assert (tmp_path / "run" / "report.json").exists()


def test_the_installed_command():
    done = subprocess.run([sys.executable, "-m", "fer_tutorial.cli", "evaluate"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
