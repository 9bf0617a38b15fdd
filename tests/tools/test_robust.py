"""A tiny notebook that trains, under other roundings: the claim that turns is found, the one that holds is counted."""

import json

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from tools import robust
from tools.notebook_settings import ROUNDINGS
from tools.robust import Setting

TRAINING = """\
import torch
torch.manual_seed(0)
layer = torch.nn.Linear(3, 1)
undisturbed = layer.weight.sum().item()
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
before = layer.weight.sum().item()
layer(torch.ones(1, 3)).sum().backward()
optimizer.step()
after = layer.weight.sum().item()"""
CLAIMS = """\
assert before >= undisturbed, "an accident"
assert after < before
assert 1 + 1 == 2"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A notebook with one claim that turns, one that is far from turning, and arithmetic."""
    monkeypatch.setattr(robust, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(robust, "SUMMARIES", tmp_path / "summaries")
    path = tmp_path / "tiny.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(TRAINING), new_code_cell(CLAIMS)]), path)
    return path


def test_it_says_which_claim_turns_how_near_the_other_came_and_goes_on_where_it_stopped(tiny, monkeypatch, capsys):
    chosen = [Setting("sse-1", ROUNDINGS["sse"]), Setting("disturbed-1", seed=1), Setting("disturbed-2", seed=2)]
    monkeypatch.setattr(robust, "settings", lambda runs: chosen[: runs + 1])
    assert robust.main(["--runs", "1", str(tiny)]) == 1
    assert len(list((tiny.parent / "runs").iterdir())) == 2
    made = (tiny.parent / "runs" / "tiny-disturbed-1.json").stat().st_mtime_ns
    capsys.readouterr()
    assert robust.main(["--runs", "2", str(tiny)]) == 1
    assert (tiny.parent / "runs" / "tiny-disturbed-1.json").stat().st_mtime_ns == made  # not run again

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("tiny.ipynb: 2 live claims, 1 the same everywhere")
    assert lines[1].startswith(" ✗ cell   1")
    assert lines[1].endswith("before >= undisturbed")
    assert lines[2].startswith("   cell   1    3 of  3  nearest ")
    kept = json.loads((tiny.parent / "summaries" / "tiny.json").read_text())
    assert kept["settings"] == ["sse-1", "disturbed-1", "disturbed-2"]
    turned, held = kept["live"]
    assert (turned["passed"], turned["runs"], turned["failed_in"]) == (2, 3, ["disturbed-1"])
    assert -0.01 < turned["nearest"] < 0
    assert (held["passed"], held["runs"], held["failed_in"]) == (3, 3, [])
    assert 0.1 < held["nearest"] < 1
    assert kept["same_everywhere"] == ["1 + 1 == 2"]
    assert kept["environment"]["processor"]


def test_a_part_of_the_settings_keeps_no_summary(tiny, monkeypatch):
    monkeypatch.setattr(robust, "robust", lambda paths, chosen, jobs: {})
    assert robust.main([str(tiny), "--runs", "1", "--only", "disturbed"]) == 0
    assert not (tiny.parent / "summaries").exists()


def test_a_run_is_made_again_when_what_it_was_made_from_has_changed(tiny, monkeypatch):
    monkeypatch.setattr(robust.notebooks, "REPOSITORY", tiny.parent)
    module, other = (tiny.parent / "fer_tutorial" / f"{name}.py" for name in ("used", "unused"))
    module.parent.mkdir()
    runs = []

    def run(path, setting):
        runs.append(setting)
        return {"claims": [], "files": [str(module), json.__file__], "stopped": ""}

    monkeypatch.setattr(robust, "run", run)

    def made(change=lambda: None):
        change()
        before = len(runs)
        robust.recorded(tiny, Setting("disturbed-1", seed=1))
        return len(runs) > before

    assert made(lambda: module.write_text("a = 1"))
    assert not made()
    assert not made(lambda: other.write_text("b = 1"))  # not imported
    assert made(lambda: module.write_text("a = 2"))
    assert made(lambda: nbformat.write(new_notebook(cells=[new_code_cell("assert 2 > 1")]), tiny))
    assert made(module.unlink)
    assert not made()


def test_a_notebook_that_stops_is_reported_with_the_claims_it_made(tiny):
    cells = [new_code_cell(code) for code in ("assert 2 > 1", "1 / 0", "assert 0")]
    nbformat.write(new_notebook(cells=cells), tiny)
    result = robust.run(tiny, Setting("sse-1", ROUNDINGS["sse"]))
    assert result["stopped"] == "cell 1: ZeroDivisionError: division by zero"
    assert [claim["claim"] for claim in result["claims"]] == ["2 > 1"]
    summary = {"tiny": robust.summarize({"sse-1": result})}
    assert robust.failed(summary)
    assert "✗ stopped under sse-1: cell 1" in robust.table(summary)


def test_a_claim_in_a_loop_is_one_claim_with_its_nearest_margin():
    def result(margins):
        return {
            "claims": [{"cell": 1, "claim": "a > b", "passed": m > 0, "margin": m, "sides": str(m)} for m in margins],
            "stopped": "",
        }

    (claim,) = robust.summarize({"one": result([0.5, 0.2]), "two": result([0.4, -0.1])})["live"]
    assert (claim["passed"], claim["runs"], claim["nearest"], claim["failed_in"]) == (1, 2, -0.1, ["two"])
    assert claim["deviations"] == pytest.approx(0.05 / 0.2121, rel=1e-3)


def test_settings_are_those_the_processor_has_with_one_thread_and_two(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = robust.settings(runs=3)
    assert [setting.name for setting in found] == [
        *("sse-1", "sse-2", "avx2-1", "avx2-2", "stand-in", "disturbed-1", "disturbed-2", "disturbed-3")
    ]
    assert found[3].environment == {
        **{"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
        **{"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
    }
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    names = [setting.name for setting in robust.settings(runs=0)]
    assert "gpu" in names
    assert "stand-in" not in names


def test_a_path_that_is_no_notebook_is_named(capsys):
    assert robust.main(["nothing.ipynb"]) == 2
    assert "nothing.ipynb is not a notebook" in capsys.readouterr().err
