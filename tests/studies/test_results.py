"""Every committed study is readable, says where it is from, and has each run once."""

from pathlib import Path

import pytest

from fer_tutorial.records.study import ABOUT_A_RUN, Study

RESULTS = Path(__file__).parents[2] / "data/results"


def test_nothing_lies_there_but_studies():
    assert [path.name for path in RESULTS.iterdir() if not (path / "about.json").is_file()] == []


@pytest.mark.parametrize("name", sorted(path.name for path in RESULTS.iterdir()))
def test_a_committed_study(name):
    study = Study.read(name, RESULTS)
    about, runs = study.about, study.runs
    assert about["question"].endswith("?")
    assert not runs.duplicated(about["arm"]).any()
    assert list(runs)[-len(ABOUT_A_RUN) :] == list(ABOUT_A_RUN)
    assert set(runs["commit"]) <= {part["commit"] for part in about["parts"]}
    assert all(part["command"] and part["environment"]["packages"]["torch"] for part in about["parts"])
    for path in study.path.glob("*.csv"):
        table = study.table(path.stem)
        assert len(table)
        keys = set(table[about["arm"]].astype(str).itertuples(index=False, name=None))
        assert keys <= set(runs[about["arm"]].astype(str).itertuples(index=False, name=None))
    made = study.made()
    assert made.count("\n") >= 2
    assert "/home" not in (study.path / "about.json").read_text()
