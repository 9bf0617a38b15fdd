"""What a run leaves for its reader: numbers in tables, and the same numbers as pictures."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_tutorial.records.report import write_confusion, write_curves, write_results

HISTORY = pd.DataFrame({"epoch": [0, 1], "loss": [2.0, 1.0], "accuracy": [0.3, 0.6], "lr": [0.1, 0.01]})
MATRIX = np.array([[3, 1], [0, 4]])


def size(path):
    with Image.open(path) as picture:
        return picture.size


def test_the_confusion_matrix_is_a_table_of_counts_and_a_picture(tmp_path):
    write_confusion(tmp_path / "confusion", MATRIX, ("neutral", "happiness"))
    table = pd.read_csv(tmp_path / "confusion.csv", index_col="truth")
    assert list(table.index) == list(table.columns) == ["neutral", "happiness"]
    np.testing.assert_array_equal(table, MATRIX)
    assert min(size(tmp_path / "confusion.png")) > 200


def test_classes_without_names_are_numbered(tmp_path):
    write_confusion(tmp_path / "confusion", MATRIX, ())
    assert list(pd.read_csv(tmp_path / "confusion.csv", index_col="truth").columns) == ["0", "1"]


@pytest.mark.parametrize(("columns", "panels"), [([], 1), (["accuracy"], 2), (["accuracy", "lr"], 2)])
def test_curves_have_a_panel_for_the_loss_and_for_every_metric(tmp_path, columns, panels):
    write_curves(tmp_path / "curves.png", HISTORY[["epoch", "loss", *columns]])
    width, height = size(tmp_path / "curves.png")
    assert width == pytest.approx(panels * height * 3.6 / 3, rel=0.01)


def test_the_report_of_a_run(tmp_path):
    spec = SimpleNamespace(name="softmax", class_names=("neutral", "happiness"))
    write_results(
        tmp_path, HISTORY, {"accuracy": 0.875, "confusion_matrix": MATRIX}, spec, split="test", samples=8, seconds=1.26
    )
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["method"], report["test_samples"], report["seconds"]) == ("softmax", 8, 1.3)
    assert report["test"] == {"accuracy": 0.875, "confusion_matrix": [[3, 1], [0, 4]]}
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "curves.png", "confusion.csv", "confusion.png"}


def test_intensities_have_no_confusion_matrix_and_no_figure_stays_open(tmp_path):
    spec = SimpleNamespace(name="g2rl", class_names=())
    before = plt.get_fignums()
    write_results(
        tmp_path, HISTORY.rename(columns={"accuracy": "icc"}), {"icc": 0.5}, spec, split="test", samples=8, seconds=1
    )
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "curves.png"}
    assert plt.get_fignums() == before
