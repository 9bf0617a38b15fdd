import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_tutorial.cli import main as cli
from fer_tutorial.datasets import load_data, pack
from fer_tutorial.datasets.source import Source


@pytest.fixture
def report(trained):
    return json.loads((trained.folder / "report.json").read_text())["test"]


def evaluated(tmp_path, *arguments):
    cli.main(["evaluate", *map(str, arguments), "--out", str(tmp_path / "result.json")])
    return json.loads((tmp_path / "result.json").read_text())


def repacked(data, folder, class_names, positions, chosen=slice(None)):
    """Pack ``data`` with its labels renumbered: class ``i`` becomes ``positions[i]``, called ``class_names[...]``."""
    data = data.subset(np.arange(len(data))[chosen])
    labels = np.array(positions)[data.labels]
    table = {"labels": labels, "index": data.index}
    source = Source("other", "test", class_names, table, data.images.shape[1:], lambda a, b: data.images[a:b])
    pack(source, folder / "test", progress=False)
    return folder


def test_evaluating_a_run_finds_its_data_and_repeats_its_numbers(trained, report, tmp_path, capsys):
    assert evaluated(tmp_path, trained.folder)["accuracy"] == pytest.approx(report["accuracy"])
    assert f"{report['accuracy']:.4f}" in capsys.readouterr().out
    assert (tmp_path / "result.png").exists()


def test_classes_in_another_order_are_matched_by_name(trained, report, folder, tmp_path):
    data = load_data("folder", folder, "test", size=16)
    order = [6, 2, 0, 5, 1, 3, 4]  # class i becomes class order[i]
    names = tuple(data.class_names[order.index(number)] for number in range(7))
    root = repacked(data, tmp_path / "pack", names, order)
    result = evaluated(tmp_path, trained.folder, "--data", "packed", "--data-root", root)
    assert result == report
    assert list(pd.read_csv(tmp_path / "result.csv").columns[1:]) == list(data.class_names)


def test_a_set_with_some_of_the_classes(trained, folder, tmp_path, capsys):
    data = load_data("folder", folder, "test", size=16)
    root = repacked(data, tmp_path / "pack", ("happiness", "neutral"), [1, 0, 0, 0, 0, 0, 0], data.labels < 2)
    result = evaluated(tmp_path, trained.folder, "--data", "packed", "--data-root", root)
    assert np.shape(result["confusion_matrix"]) == (7, 7)
    assert np.sum(result["confusion_matrix"]) == 4
    assert result["class_accuracy"][2:] == [None] * 5
    assert result["restricted"]["class_names"] == ["neutral", "happiness"]
    assert np.sum(result["restricted"]["confusion_matrix"]) == 4
    assert result["restricted"]["accuracy"] >= result["accuracy"]
    assert "if only neutral, happiness compete" in capsys.readouterr().out


def test_accuracy_by_group(trained, folder, tmp_path, capsys):
    data = load_data("folder", folder, "test", size=16)
    who = np.array([["old" if row % 2 else "young", "tall"] for row in range(len(data))])
    table = {"labels": data.labels, "index": data.index, "groups": who}
    source = Source(
        "other", "test", data.class_names, table, data.images.shape[1:], lambda a, b: data.images[a:b],
        group_names=("age", "height"),
    )  # fmt: skip
    pack(source, tmp_path / "pack" / "test", progress=False)
    options = (trained.folder, "--data", "packed", "--data-root", tmp_path / "pack")
    result = evaluated(tmp_path, *options)
    table = pd.read_csv(tmp_path / "result_groups.csv")
    assert table["group"].tolist() == ["old", "young", "tall"]
    assert table["accuracy"].iloc[-1] == pytest.approx(result["accuracy"])
    assert (tmp_path / "result_groups.png").exists()
    assert "age: young" in capsys.readouterr().out
    evaluated(tmp_path, *options, "--cross", "height", "age")
    assert pd.read_csv(tmp_path / "result_groups.csv")["group"].tolist() == ["tall, old", "tall, young"]


def test_expressions_that_the_network_does_not_know_are_left_out_and_counted(trained, report, folder, tmp_path, capsys):
    for number in range(3):
        (tmp_path / "eight" / "contempt").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((16, 16), 50 * number, np.uint8)).save(
            tmp_path / "eight" / "contempt" / f"{number}.png"
        )
    for name in (folder / "test").iterdir():
        (tmp_path / "eight" / name.name).symlink_to(name)
    data = load_data("folder", tmp_path / "eight", "all", size=16, num_classes=8)
    root = repacked(data, tmp_path / "pack", data.class_names, range(8))
    settings = ["--data", "packed", "--data-root", root]
    # A pack of eight classes is read with eight, whatever the network knows.
    result = evaluated(tmp_path, trained.folder, *settings)
    assert result["left_out"] == 3
    assert result["accuracy"] == report["accuracy"]
    said = capsys.readouterr().out
    assert "14 samples" in said
    assert "left out: 3 samples" in said


def test_classes_that_are_no_expressions_are_refused(trained, folder, tmp_path, refused):
    data = load_data("folder", folder, "test", size=16)
    root = repacked(data, tmp_path / "pack", ("smile", "frown"), [0, 1, 1, 1, 1, 1, 1])
    said = refused("evaluate", trained.folder, "--data", "packed", "--data-root", root)
    assert "neutral, happiness" in said
    assert "smile, frown" in said


def test_options_of_the_reader_are_added_to_the_runs_own(synthetic, tmp_path, capsys):
    cli.main(["train", "softmax", *synthetic, "--out", str(tmp_path / "run")])
    capsys.readouterr()
    cli.main(["evaluate", str(tmp_path / "run"), "--data-options", "n=9"])
    assert "on the test split of synthetic, 9 samples" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--data-options", "labels=vote"], "no option 'labels'"),
    (["--data-options", "size=32"], "use --size"),
    (["--data-root", "/nowhere"], "nothing at /nowhere"),
    (["--data", "synthetic", "--data-root", "/nowhere"], "drawn, not read"),
    (["--data", "cats"], "there is no data set 'cats'"),
    (["--split", "tset"], "'tset'"),
    (["--weights", "last", "--split", ""], "''"),
])  # fmt: skip
def test_wrong_input(arguments, sentence, trained, refused):
    assert sentence in refused("evaluate", trained.folder, *arguments)


def test_a_folder_without_a_run(tmp_path, refused):
    assert "holds no run" in refused("evaluate", "/no/such/run")
    assert "holds no run" in refused("evaluate", "")
    (tmp_path / "file").write_text("no folder")
    assert "holds no run" in refused("evaluate", tmp_path / "file")


def test_a_network_of_another_class_count(trained, refused):
    settings = json.loads((trained.folder / "config.json").read_text())
    settings["method"]["num_classes"] = 5
    (trained.folder / "config.json").write_text(json.dumps(settings))
    said = refused("evaluate", trained.folder)
    assert "classifier.weight has shape (7, 128) there and (5, 128) here" in said
