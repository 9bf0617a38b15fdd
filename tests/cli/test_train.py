import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from fer_tutorial.cli import main as cli
from fer_tutorial.cli.train import next_folder, preset_defaults
from fer_tutorial.methods import METHODS
from fer_tutorial.vocabulary import EXPRESSIONS

CLASSES = EXPRESSIONS[:7]


def test_a_run_is_trained_evaluated_on_the_test_split_and_written(trained):
    assert "42 training, 14 validation, 14 test samples" in trained.said
    assert "accuracy" in trained.said
    assert "confusion matrix" in trained.said
    report = json.loads((trained.folder / "report.json").read_text())
    assert np.sum(report["test"]["confusion_matrix"]) == 14
    assert "seconds" in report
    table = pd.read_csv(trained.folder / "confusion.csv", index_col=0)
    assert list(table.columns) == list(table.index) == list(CLASSES)
    for picture in ("confusion.png", "curves.png"):
        assert Image.open(trained.folder / picture).size[0] > 300


def test_resuming_takes_the_settings_over(trained, quick, capsys, refused):
    cli.main(["train", "softmax", "--resume", str(trained.folder)])
    assert "written to" in capsys.readouterr().out
    said = refused("train", "softmax", "--resume", trained.folder, "--lr", "0.5")
    assert "cannot be continued with other settings (train.lr 0.002 there and 0.5 here)" in said
    assert "holds a run already" in refused("train", "softmax", *quick, "--out", trained.folder)


def test_a_run_of_another_method_says_how_it_is_continued(trained, refused):
    said = refused("train", "scn", "--resume", trained.folder)
    assert f"is one of softmax; continue it with: fer-tutorial train softmax --resume {trained.folder}" in said


def test_a_run_becomes_longer_where_its_schedule_allows(quick, tmp_path, refused):
    constant, cosine = tmp_path / "constant", tmp_path / "cosine"
    cli.main(["train", "softmax", *quick, "--schedule", "constant", "--out", str(constant)])
    cli.main(["train", "softmax", "--resume", str(constant), "--epochs", "2"])
    assert len(pd.read_csv(constant / "metrics.csv")) == 2
    cli.main(["train", "softmax", *quick, "--out", str(cosine)])
    assert "--schedule constant" in refused("train", "softmax", "--resume", cosine, "--epochs", "2")


def test_people_are_cross_validated_and_the_folds_are_kept(synthetic, tmp_path, capsys, refused):
    folder = tmp_path / "folds"
    cli.main(["train", "softmax", *synthetic, "--folds", "2", "--out", str(folder)])
    assert "± " in capsys.readouterr().out
    table = (folder / "folds.csv").read_text()
    assert table.count("\n") == 3
    (folder / "folds.csv").unlink()
    cli.main(["train", "softmax", "--resume", str(folder)])
    assert (folder / "folds.csv").read_text() == table
    assert "a cross-validation of 2 folds, so --folds 3" in refused(
        "train", "softmax", "--resume", folder, "--folds", "3"
    )
    assert "one of softmax; continue it with: fer-tutorial train softmax --resume " + str(folder) + "\n" in refused(
        "train", "tcl", "--resume", folder
    )


def test_folds_without_people_are_refused_and_say_how_names_tell(quick, tmp_path, refused):
    said = refused("train", "softmax", *quick, "--folds", "2", "--out", tmp_path / "folds")
    assert "does not say who is in each picture" in said
    assert "--data-options subjects=" in said
    assert not (tmp_path / "folds").exists()


@pytest.mark.parametrize("arguments", [
    ["--folds", "2", "--holdout", "0.3"],
    ["--folds", "2", "--patience", "3"],
    ["--folds", "2", "--monitor", "macro_f1"],
    ["--folds", "2", "--restore-best"],
    ["--resume", "RUN", "--out", "elsewhere"],
    ["--resume", "RUN", "--preset", "plain"],
    ["--resume", "RUN", "--pretrained", "weights.safetensors"],
    ["--resume=RUN", "--out=elsewhere"],
])  # fmt: skip
def test_an_option_without_effect_is_refused(arguments, trained, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    typed = [word.replace("RUN", str(trained.folder)) for word in arguments]
    assert "has no effect with" in refused("train", "softmax", *typed)
    assert sorted(tmp_path.rglob("*")) == before


def test_folds_of_an_ordinary_run_are_refused(trained, refused):
    said = refused("train", "softmax", "--resume", trained.folder, "--folds", "2")
    assert "holds no cross-validation, so --folds 2 has no effect" in said


def test_a_layout_without_a_test_split_is_trained_and_says_so(folder, quick, tmp_path, capsys, refused):
    two = tmp_path / "two"
    for split in ("train", "valid"):
        shutil.copytree(folder / split, two / split)
    quick[quick.index("--data-root") + 1] = str(two)
    cli.main(["train", "softmax", *quick, "--out", str(tmp_path / "run")])
    said = capsys.readouterr().out
    assert "has no test split: the report is on the validation split" in said
    assert "valid split of folder, 14 samples" in said
    assert "valid" in json.loads((tmp_path / "run" / "report.json").read_text())


def test_a_layout_without_a_validation_split_names_the_option(folder, quick, tmp_path, capsys, refused):
    two = tmp_path / "two"
    for split in ("train", "test"):
        shutil.copytree(folder / split, two / split)
    quick[quick.index("--data-root") + 1] = str(two)
    assert "--holdout 0.1" in refused("train", "softmax", *quick, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    cli.main(["train", "softmax", *quick, "--holdout", "0.2", "--out", str(tmp_path / "run")])
    said = capsys.readouterr().out
    assert "does not say who is pictured" in said
    assert "14 test samples" in said


@pytest.mark.parametrize("name", METHODS)
def test_help_of_every_method(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", name, "--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "--epochs" in said
    assert f"Presets of {name}" in said.replace("\n", " ")


def test_presets_set_the_training_as_well():
    official = preset_defaults("dacl", "official")
    assert (official.train.optimizer, official.train.lr, official.train.epochs) == ("sgd", 0.01, 60)
    assert (official.backbone, official.faces.size, official.normalization) == ("resnet18", 224, "dacl")
    assert preset_defaults("scn", None).backbone == "small_cnn"


def test_hyper_parameters_are_options(quick, tmp_path):
    cli.main(["train", "dacl", *quick, "--method.lambda_", "0.2", "--out", str(tmp_path / "run")])
    assert json.loads((tmp_path / "run" / "config.json").read_text())["method_config"]["lambda_"] == 0.2


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--preset", "oficial"], "dacl has no preset 'oficial'"),
    (["--preset", ""], "dacl has no preset ''"),
    (["--backbone", "resnet81"], "--backbone is 'resnet81' (did you mean 'resnet18'?)"),
    (["--normalization", "imagnet"], "--normalization is 'imagnet' (did you mean 'imagenet'?)"),
    (["--pretrained", "/no/weights.pth"], "there are no weights at /no/weights.pth"),
    (["--monitor", "icc"], "monitor is 'icc'; expected accuracy"),
    (["--precision", "fp16", "--device", "cpu"], "fp16"),
    (["--data", "ferplus", "--data-root", "/no/such/folder"], "/no/such/folder"),
    (["--data", "cats"], "there is no data set 'cats'"),
    (["--data", ""], "there is no data set ''"),
    (["--data", "webemotion"], "there is no reader for webemotion"),
    (["--data", "folder"], "--data-root"),
    (["--data-options", "n"], "expected NAME=VALUE"),
    (["--data-options", "m=3"], "no option 'm'"),
    (["--data-options", "size=32"], "use --size"),
    (["--data-options", "root=/x"], "use --data-root"),
    (["--data-root", "/tmp"], "drawn, not read"),
    (["--epochs", "0"], "epochs is 0; expected 1 or more"),
    (["--epochs", "-3"], "epochs is -3"),
    (["--lr", "nan"], "lr is nan"),
    (["--size", "0"], "size is 0"),
    (["--classes", "6"], "classes is 6"),
    (["--holdout", "1.5"], "holdout is 1.5"),
    (["--folds", "1"], "use 2 to"),
    (["--folds", "100000"], "cannot be split into 100000 folds"),
    (["--method.lambda_", "-1"], "lambda_ is -1.0; expected 0 or more"),
    (["--resume", "/no/such/run"], "holds no run"),
    (["--resume", ""], "holds no run"),
])  # fmt: skip
def test_wrong_input_is_one_sentence_and_nothing_is_written(arguments, sentence, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sentence in refused("train", "dacl", *arguments)
    assert not list(tmp_path.iterdir())


def test_wrong_names_are_found_before_a_face_is_drawn(refused, monkeypatch):
    def forbidden(*arguments, **options):
        raise AssertionError("faces were drawn")

    monkeypatch.setattr("fer_tutorial.faces.sample_faces", forbidden)
    for wrong in (["--monitor", "icc"], ["--pretrained", "/no"], ["--precision", "fp16", "--device", "cpu"]):
        refused("train", "dacl", *wrong)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there(quick, tmp_path, refused):
    said = refused("train", "dacl", *quick, "--device", "cuda", "--out", tmp_path / "run")
    assert "torch finds no GPU" in said
    assert not (tmp_path / "run").exists()


def test_data_that_lack_what_a_method_needs(quick, tmp_path, refused):
    said = refused("train", "mgln", *quick, "--out", tmp_path / "run")
    assert "mgln" in said
    assert "needs landmarks and lengths" in said
    assert not (tmp_path / "run").exists()


def test_an_empty_folder(tmp_path, refused):
    (tmp_path / "empty").mkdir()
    assert "empty" in refused("train", "dacl", "--data", "folder", "--data-root", tmp_path / "empty")


def test_a_place_where_no_folder_can_be(quick, tmp_path, refused):
    (tmp_path / "file").write_text("here already")
    assert "is a file" in refused("train", "softmax", *quick, "--out", tmp_path / "file")
    assert "cannot be made" in refused("train", "softmax", *quick, "--out", tmp_path / "file" / "run")
    assert (tmp_path / "file").read_text() == "here already"


def test_runs_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(next_folder("dacl-synthetic")) == "runs/dacl-synthetic-001"
    (tmp_path / "runs" / "dacl-synthetic-001").mkdir(parents=True)
    assert str(next_folder("dacl-synthetic")) == "runs/dacl-synthetic-002"
