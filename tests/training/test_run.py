import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fer_tutorial.config import DataConfig
from fer_tutorial.errors import UserError
from fer_tutorial.methods import preset
from fer_tutorial.records.run_folder import load_run
from fer_tutorial.training import Plan, evaluate, run, run_folds
from fer_tutorial.training.run import saved_folds, saved_plan
from fer_tutorial.training.splits import load_split
from tests.helpers.quick_config import quick
from tests.helpers.refusals import refused

FACES = DataConfig(size=32, options={"n": 28, "cache": False})
PLAN = Plan("softmax", FACES, quick(epochs=1, batch_size=14))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run(PLAN, tmp_path_factory.mktemp("runs") / "run")


def test_a_run_in_one_call(finished):
    assert finished.split == "test"
    assert finished.samples == finished.metrics["confusion_matrix"].sum() == 28
    report = json.loads((finished.folder / "report.json").read_text())
    assert report["test"]["accuracy"] == finished.metrics["accuracy"]
    assert evaluate(load_run(finished.folder, "last"), load_split(FACES, "test"))["accuracy"] == pytest.approx(
        finished.metrics["accuracy"]
    )


def test_a_run_says_how_to_repeat_it(finished):
    plan = saved_plan(finished.folder)
    assert replace(plan, config=None) == PLAN
    assert plan.config == preset("softmax", "plain")
    assert saved_folds(finished.folder) is None


def test_a_share_is_held_out_by_person():
    said = []
    run(replace(PLAN, holdout=0.25), say=said.append)
    assert "21 training, 7 validation, 28 test samples" in said[-1]


def test_one_class_alone_teaches_nothing(tmp_path):
    for number in range(4):
        for split in ("train", "valid"):
            (tmp_path / split / "happy").mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((16, 16), number, np.uint8)).save(tmp_path / split / f"happy/{number}.png")
    plan = Plan("softmax", DataConfig("folder", str(tmp_path), size=16), quick(epochs=1))
    with refused("all 4 training samples of folder are happiness; expected two classes or more"):
        run(plan)


def test_whoever_watches_a_run_sees_its_epochs():
    rows = []
    run(PLAN, on_epoch=lambda method, row: rows.append(row["epoch"]))
    assert rows == [0]


def changed(**changes):
    return replace(PLAN, **changes)


WRONG = [
    (changed(method="dakl"), "no method named 'dakl'"),
    (changed(method=""), "no method named ''"),
    (changed(config=preset("dacl", "small")), "a DACLConfig; expected a SoftmaxConfig"),
    (changed(config={"dropout": 0}), "a dict; expected a SoftmaxConfig"),
    (changed(backbone="resnet81"), "no backbone named 'resnet81'"),
    (changed(backbone=""), "no backbone named ''"),
    (changed(pretrained="/no/weights.pth"), "no weights at /no/weights.pth"),
    (changed(normalization="imagnet"), "no normalization 'imagnet'"),
    (changed(train=quick(monitor="icc")), "monitor is 'icc'"),
    (changed(train=quick(monitor="")), "monitor is ''"),
    (changed(train=quick(precision="fp16")), "fp16"),
    (changed(holdout=0.0), "holdout is 0.0"),
    (changed(holdout=1.0), "holdout is 1.0"),
    (changed(holdout=float("nan")), "holdout is nan"),
    (changed(data=DataConfig("cats")), "no data set 'cats'"),
    (changed(data=DataConfig("folder", options={"m": 1})), "no option 'm'"),
    (changed(data=DataConfig("folder")), "--data-root"),
    (changed(data=DataConfig("folder", "/nowhere")), "nothing at /nowhere"),
    (changed(data=DataConfig(root="/tmp")), "drawn, not read"),
    (changed(data=DataConfig(options={"n": 0})), "n is 0"),
    (changed(data=DataConfig(options={"smile": 1})), "no option 'smile'"),
    (changed(method="mgln"), "needs lengths"),
]


@pytest.mark.parametrize(("plan", "sentence"), WRONG)
def test_what_cannot_be_meant_is_refused_before_a_pixel_is_made(plan, sentence, tmp_path, monkeypatch):
    def forbidden(*arguments):
        raise AssertionError("pixels were read")

    monkeypatch.setattr("fer_tutorial.datasets.source.Source.load", forbidden)
    monkeypatch.setattr("fer_tutorial.training.splits.load_split", forbidden)
    with pytest.raises(UserError, match=sentence) as told:
        run(plan, tmp_path / "run")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("wrong", [
    {"size": 0}, {"size": -1}, {"classes": 6}, {"classes": 0}, {"channels": 2}, {"channels": 0},
])  # fmt: skip
def test_data_that_cannot_be_meant(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        DataConfig(**wrong)


@pytest.mark.parametrize(("content", "sentence"), [
    ("", "is damaged"),
    ("{", "is damaged"),
    ("[]", "it holds no settings"),
    ("null", "it holds no settings"),
    ("{}", "has no method"),
    ('{"format": 99}', "has format 99 but this version knows 1 at most; update"),
    ('{"format": 1, "method": {}, "method_config": {}, "train": {}, "data": {}}', "has no notes"),
    ('{"format": 1, "method": {}, "method_config": {}, "train": {}, "data": {}, "notes": {}}', "one of None"),
])  # fmt: skip
def test_a_damaged_folder_is_neither_continued_nor_read(content, sentence, tmp_path):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=sentence):
        run(PLAN, tmp_path, resume=True)
    with pytest.raises(UserError):
        load_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.parametrize("part", ["method", "method_config", "train", "data", "notes"])
@pytest.mark.parametrize("value", [None, 3, {"strange": 1}])
def test_settings_that_are_not_those_of_a_run(part, value, finished, tmp_path):
    settings = json.loads((finished.folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(settings | {part: value}))
    with pytest.raises(UserError):
        run(PLAN, tmp_path, resume=True) if part in ("data", "train") else saved_plan(tmp_path)


def test_weights_that_are_no_weights(finished, tmp_path):
    (tmp_path / "config.json").write_bytes((finished.folder / "config.json").read_bytes())
    (tmp_path / "last.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match="is not a checkpoint"):
        run(PLAN, tmp_path, resume=True)
    with pytest.raises(UserError, match="no checkpoint"):
        load_run(tmp_path, "best")


def test_places_that_cannot_be_written(finished, tmp_path):
    (tmp_path / "file").write_text("")
    for folder, sentence in ((finished.folder, "holds a run already"), (tmp_path / "file", "is a file")):
        with pytest.raises(UserError, match=sentence):
            run(PLAN, folder)
    with pytest.raises(UserError, match="cannot be made"):
        run(PLAN, tmp_path / "file" / "run")


def test_a_run_of_another_method_is_named(finished):
    with pytest.raises(UserError, match="is one of softmax; continue it with: fer-tutorial train softmax --resume"):
        run(changed(method="scn"), finished.folder, resume=True)


def test_folds_are_of_people_and_kept_for_continuing(tmp_path):
    result = run_folds(PLAN, 2, tmp_path / "folds")
    assert result.folds["test_samples"].sum() == 28
    assert saved_folds(tmp_path / "folds") == 2
    assert saved_plan(tmp_path / "folds").method == "softmax"
    with pytest.raises(UserError, match="one of 2 folds, not of 3"):
        run_folds(PLAN, 3, tmp_path / "folds", resume=True)
    with pytest.raises(UserError, match="holds a run already"):
        run_folds(PLAN, 2, tmp_path / "folds")


@pytest.mark.parametrize("k", [-1, 0, 1, 29, 10**9])
def test_impossible_numbers_of_folds(k):
    with pytest.raises(UserError, match="use 2 to"):
        run_folds(PLAN, k)


def test_a_folder_does_not_say_who_is_pictured(tmp_path):
    for name in ("happiness", "fear"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / name / f"{number}.png")
    with pytest.raises(UserError, match="subjects=PATTERN"):
        run_folds(changed(data=DataConfig("folder", str(tmp_path))), 2)
    with pytest.raises(UserError, match="leave out one of the two"):
        run_folds(changed(holdout=0.1), 2)
