"""What people see of a run, and what they do not see when they ask for silence."""

import pandas as pd
import pytest

from fer_tutorial.records.run_folder import RunFolder
from fer_tutorial.training.progress import Reporter

ROW = {"epoch": 0, "loss": 1.23456, "mean_class_accuracy": 0.5, "lr": 0.01}


def report(rows, **how):
    settings = {"total": 4, "done": 0, "visible": False, "files": None, "tensorboard": False} | how
    with Reporter(**settings) as reporter:
        for n in range(1, len(rows) + 1):
            reporter.step()
            reporter.epoch(rows[:n])


def test_a_line_an_epoch_under_one_heading(capsys):
    report([ROW, ROW | {"epoch": 1, "loss": 1.0}], visible=True)
    output = capsys.readouterr()
    lines = [line.split() for line in (output.out + output.err).splitlines() if "batch" not in line and line.strip()]
    assert lines == [["epoch", "loss", "mean", "class"], ["0", "1.2346", "0.5000"], ["1", "1.0000", "0.5000"]]


def test_silence(capsys):
    report([ROW])
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "")


def test_the_table_of_all_epochs_is_in_the_folder(tmp_path):
    report([ROW, ROW | {"epoch": 1}], files=RunFolder(tmp_path))
    table = pd.read_csv(tmp_path / "metrics.csv")
    assert list(table.columns) == list(ROW)  # all of them, not only what is printed
    assert table["epoch"].tolist() == [0, 1]
    assert table["loss"][0] == pytest.approx(1.23456)


def test_tensorboard_has_its_files_where_asked_for(tmp_path):
    report([ROW], files=RunFolder(tmp_path), tensorboard=True)
    assert list((tmp_path / "tensorboard").glob("events*"))
