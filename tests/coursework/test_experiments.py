import pytest

from fer_tutorial.course import Wrong
from fer_tutorial.coursework.experiments import (
    COUNT,
    QUANTILES,
    SEED,
    SHARE,
    WEIGHT,
    expect_pairs,
    mean_and_half,
    one_of,
    read_rows,
    run_again,
)

COLUMNS = {"seed": SEED, "start": one_of([5, 40]), "accuracy": SHARE, "right": COUNT, "weight": WEIGHT}
ROW = {"seed": 0, "start": 5, "accuracy": 0.5, "right": 3, "weight": 0.1}


class Table:
    def __init__(self, rows):
        self.rows = rows

    def value(self, name):
        assert name == "results"
        return self.rows


def runs(*seeds, settings=(5, 40)):
    return [{**ROW, "seed": seed, "start": start} for start in settings for seed in seeds]


def test_a_table_is_read():
    assert read_rows(Table([ROW]), COLUMNS) == [ROW]


@pytest.mark.parametrize(("rows", "sentence"), [
    (ROW, "a list of rows with seed, start, accuracy, right, weight"),
    ([{"seed": 0}], "a list of rows"),
    ([{**ROW, "more": 1}], "a list of rows"),
    ([ROW, {**ROW, "seed": True}], "seed should hold whole numbers from 0 to 9999"),
    ([{**ROW, "seed": 10_000}], "seed should hold"),
    ([{**ROW, "start": 6}], "start should hold 5 or 40"),
    ([{**ROW, "start": 5.0}], "start should hold"),
    ([{**ROW, "accuracy": 51.0}], "accuracy should hold numbers from 0 to 1"),
    ([{**ROW, "accuracy": float("nan")}], "accuracy should hold"),
    ([{**ROW, "right": -1}], "right should hold whole numbers"),
    ([{**ROW, "weight": "0"}], "weight should hold"),
])  # fmt: skip
def test_what_is_no_such_table(rows, sentence):
    with pytest.raises(Wrong, match=sentence):
        read_rows(Table(rows), COLUMNS)


def test_pairs():
    assert expect_pairs(runs(3, 1, 4, 2, 9), "start", 2) == [5, 40]


@pytest.mark.parametrize(("rows", "sentence"), [
    (runs(1, 2, 3, 4), "five seeds or more, got 4"),
    (runs(1, 2, 3, 4, 5, settings=[5]), "2 values of start, got 1"),
    (runs(1, 2, 3, 4, 4), "the same seeds, each once"),
    (runs(1, 2, 3, 4, 5)[:-1], "the same seeds, each once"),
    ([], "2 values of start, got 0"),
])  # fmt: skip
def test_what_are_no_pairs(rows, sentence):
    with pytest.raises(Wrong, match=sentence):
        expect_pairs(rows, "start", 2)


def test_the_interval_is_students():
    scipy_stats = pytest.importorskip("scipy.stats")
    for n, quantile in QUANTILES.items():
        assert scipy_stats.t.ppf(0.975, n - 1) == pytest.approx(quantile, abs=1e-4)
    assert mean_and_half([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx((3.0, 2.7764 * 2.5**0.5 / 5**0.5))


def test_a_given_function_is_called_with_the_students_parameters(folder, tmp_path):
    for name in ("key.py", "assignment.ipynb"):
        text = (folder / name).read_text()
        (tmp_path / name).write_text(text.replace('import torch"', 'def given(x):\\n    return FACTOR * x"'))
    assert run_again(str(tmp_path / "key.py"), "given", {"FACTOR": 3.0}, 2) == 6.0
    assert run_again(str(tmp_path / "key.py"), "given", {"FACTOR": 4.0}, 2) == 8.0
