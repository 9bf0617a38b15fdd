"""A study is resumed, shared between processes, kept from what does not belong to it, and read back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.records.study import Result, Study

PLAN = [{"variant": variant, "seed": seed} for seed in range(3) for variant in ("plain", "fancy")]


def toy(arm, journal=None, fail=(), pause=0.0):
    """A run that notes in a file that it was made."""
    if journal is not None:
        with open(journal, "a") as file:
            file.write(f"{arm['variant']} {arm['seed']} {os.getpid()}\n")
    time.sleep(pause)
    if (arm["variant"], arm["seed"]) in fail:
        raise RuntimeError("no luck")
    accuracy = 0.5 + 0.1 * arm["seed"] + 0.01 * (arm["variant"] == "fancy") * (1 + arm["seed"])
    epochs = pd.DataFrame({"epoch": [0, 1], "accuracy": [0.1, accuracy]})
    counts = pd.DataFrame({"true": ["a", "b"], "count": [1, arm["seed"]]})
    return Result({"accuracy": accuracy, "extra": None if arm["variant"] == "plain" else 1}, epochs, {"counts": counts})


def in_company(arm, journal):
    """A run that waits until another process has made one as well."""
    result = toy(arm, journal)
    while len(pids(journal)) < 2:
        time.sleep(0.02)
    return result


def pids(journal):
    return {int(line.split()[2]) for line in journal.read_text().splitlines()}


def study(folder, **settings):
    return Study("toy", "Is fancy better?", {"size": 3} | settings, folder)


def keys(table):
    return sorted(zip(table["variant"], table["seed"], strict=True))


def check_whole(folder, name="toy"):
    """Every run of the plan once in every table."""
    read = Study.read(name, folder)
    wanted = sorted((arm["variant"], arm["seed"]) for arm in PLAN)
    assert keys(read.runs) == wanted
    for table in (read.epochs, read.table("counts")):
        assert keys(table) == sorted(wanted * 2)
    return read


def test_tables_say_what_was_measured_and_where_it_is_from(tmp_path):
    study(tmp_path, augment={"flip": 0.5}).run(PLAN, toy, command=["python", "toy.py"])
    read = check_whole(tmp_path)
    about_a_run = ["seconds", "commit", "processor", "date"]
    assert list(read.runs) == ["variant", "seed", "accuracy", "extra", *about_a_run]
    fancy = read.runs[read.runs["variant"] == "fancy"].set_index("seed")
    assert fancy["accuracy"].tolist() == pytest.approx([0.51, 0.62, 0.73])
    assert read.runs["extra"].isna().sum() == 3
    assert (read.question, read.settings) == ("Is fancy better?", {"size": 3, "augment": {"flip": 0.5}})
    assert read.about["arm"] == ["variant", "seed"]
    (part,) = read.about["parts"]
    assert part["command"] == ["python", "toy.py"]
    assert part["environment"]["threads"] == 1
    assert read.runs["processor"].str.contains(part["environment"]["cpu_capability"]).all()
    assert read.made().startswith("python toy.py\n    on ")
    assert "6 runs with 3 seeds" in read.made()


def test_the_verdict_comes_from_the_tables(tmp_path):
    study(tmp_path).run(PLAN, toy)
    comparison = Study.read("toy", tmp_path).paired({"variant": "fancy"}, {"variant": "plain"}, "accuracy")
    assert comparison.differences == pytest.approx((0.01, 0.02, 0.03))
    assert comparison.sentence() == (
        "accuracy of fancy against plain: +2.00 points (95 % interval -0.48 to +4.48): cannot be told by 3 seeds."
    )


def test_what_is_done_is_not_done_again(tmp_path):
    journal = tmp_path / "journal"
    one_run = partial(toy, journal=journal)
    study(tmp_path).run(PLAN[:2], one_run)
    before = (tmp_path / "toy/runs.csv").read_text()
    study(tmp_path).run(PLAN, one_run)
    study(tmp_path).run(PLAN, one_run)
    assert len(journal.read_text().splitlines()) == len(PLAN)
    assert (tmp_path / "toy/runs.csv").read_text().startswith(before)
    assert len(check_whole(tmp_path).about["parts"]) == 1


def test_values_of_an_arm_come_back_as_they_were(tmp_path):
    plan = [
        {"lambda_": value, "seed": 0, "mean_one": flag, "noise": noise}
        for value in (0.1, 1e-05, 1 / 3, 1.0)
        for flag in (True, False)
        for noise in (None, "0.2", "annotator")
    ]
    calls = []

    def one_run(arm):
        calls.append(arm)
        return Result({"accuracy": 1 / 7})

    study(tmp_path).run(plan, one_run)
    study(tmp_path).run(plan, one_run)
    assert calls == plan
    runs = Study.read("toy", tmp_path).runs
    assert runs["lambda_"].tolist() == [arm["lambda_"] for arm in plan]
    assert runs["mean_one"].tolist() == [arm["mean_one"] for arm in plan]
    assert (runs["accuracy"] == 0.142857).all()


def test_two_processes_write_all_rows_once(tmp_path):
    journal = tmp_path / "journal"
    study(tmp_path).run(PLAN, partial(in_company, journal=journal), processes=2)
    check_whole(tmp_path)
    assert len(pids(journal)) == 2
    assert os.getpid() not in pids(journal)


KILLED = """
import sys
from functools import partial
from tests.records.test_study import PLAN, study, toy
if __name__ == "__main__":
    study(sys.argv[1]).run(PLAN, partial(toy, journal=sys.argv[2], pause=1.0), processes=int(sys.argv[3]))
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_a_killed_study_goes_on_where_it_stopped(tmp_path, processes):
    journal = tmp_path / "journal"
    (tmp_path / "killed.py").write_text(KILLED)
    command = [sys.executable, str(tmp_path / "killed.py"), str(tmp_path), str(journal), str(processes)]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.DEVNULL)
    rows = tmp_path / "toy/runs.csv"
    while process.poll() is None and not (rows.exists() and len(rows.read_text().splitlines()) > 2):
        time.sleep(0.05)
    with pytest.raises(UserError, match="another process is at work on"):
        study(tmp_path).run(PLAN, toy)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    finished = keys(pd.read_csv(rows))
    assert 0 < len(finished) < len(PLAN)
    workers = pids(journal) - {process.pid}
    deadline = time.monotonic() + 60
    while any(alive(worker) for worker in workers):
        assert time.monotonic() < deadline, "workers outlive the study that started them"
        time.sleep(0.05)

    done = []

    def rest(arm):
        done.append((arm["variant"], arm["seed"]))
        return toy(arm)

    study(tmp_path).run(PLAN, rest)
    assert sorted(done + finished) == keys(check_whole(tmp_path).runs)


def alive(process):
    """Whether it still runs; one that has ended but was not asked for its exit code does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_rows_of_a_run_cut_short_are_dropped(tmp_path):
    """The kill may come between the epochs and the row of a run."""
    study(tmp_path).run(PLAN[:3], toy)
    rows = tmp_path / "toy/runs.csv"
    rows.write_text("".join(rows.read_text().splitlines(keepends=True)[:-1]))
    study(tmp_path).run(PLAN, toy)
    check_whole(tmp_path)


def test_a_failed_run_is_told_and_the_others_are_kept(tmp_path, capsys):
    with pytest.raises(UserError, match=r"1 of 6 runs of toy failed, .* variant=fancy, seed=1: RuntimeError: no luck"):
        study(tmp_path).run(PLAN, partial(toy, fail=[("fancy", 1)]))
    assert "Traceback" in capsys.readouterr().out
    assert len(Study.read("toy", tmp_path).runs) == 5
    study(tmp_path).run(PLAN, toy)
    check_whole(tmp_path)


def test_a_study_of_other_settings_or_columns_is_not_continued(tmp_path):
    study(tmp_path).run(PLAN[:1], toy)
    before = {path.name: path.read_bytes() for path in (tmp_path / "toy").iterdir()}
    with pytest.raises(UserError, match=r"made with other settings \(size, lr\)"):
        study(tmp_path, size=4, lr=0.1).run(PLAN, toy)
    with pytest.raises(UserError, match=r"made with other columns \(margin\)"):
        study(tmp_path).run([arm | {"margin": 1} for arm in PLAN], toy)
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "toy").iterdir()}


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ([], "no run"),
        ([{"variant": "a"}], "needs a seed"),
        ([{"seed": 0, "commit": "x"}], "no key of seconds, commit"),
        ([{"seed": 0}, {"seed": 1, "variant": "a"}], "other keys than seed"),
        ([{"seed": 0}, {"seed": 0}], "two arms of the plan are equal"),
    ],
)
def test_a_plan_whose_rows_cannot_be_told_apart_is_refused(tmp_path, plan, expected):
    with pytest.raises(UserError, match=expected):
        study(tmp_path).run(plan, toy)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "result",
    [Result({"seconds": 1.0}), Result({"seed": 1.0}), Result({}, tables={"units": pd.DataFrame({"variant": [1]})})],
)
def test_a_measurement_cannot_take_the_place_of_a_column(tmp_path, result):
    with pytest.raises(ValueError, match=r"no metric may be named|are those of the arm"):
        study(tmp_path).run(PLAN[:1], lambda arm: result)


def hurt(folder: Path, name: str, content: bytes | None) -> None:
    """Put ``content`` into a file of the study; None removes it, and no bytes make a folder of it."""
    path = folder / "toy" / name
    path.unlink()
    if content is None:
        return
    if content == b"folder":
        path.mkdir()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("about.json", None, "no about.json"),
        ("about.json", b"folder", "no about.json"),
        ("about.json", b"", r"about\.json cannot be read"),
        ("about.json", b"{", r"about\.json cannot be read"),
        ("about.json", b"\xff\xfe", r"about\.json cannot be read"),
        ("about.json", b"3", r"about\.json cannot be read"),
        ("about.json", b'{"question": "?"}', r"about\.json lacks arm, parts, settings"),
        ("runs.csv", None, "has no table 'runs'; choose among: counts, epochs"),
        ("runs.csv", b"folder", r"runs\.csv cannot be read as a table"),
        ("runs.csv", b"", r"runs\.csv cannot be read as a table"),
        ("runs.csv", b'a,b\n"1,2\n3', r"runs\.csv cannot be read as a table"),
        ("runs.csv", b"a,b\n1,2\n1,2,3\n", r"runs\.csv cannot be read as a table"),
        ("runs.csv", b"a,b\n\xff\xfe,2\n", r"runs\.csv cannot be read as a table"),
    ],
)
def test_a_broken_study_is_refused_in_one_sentence(tmp_path, name, content, expected):
    study(tmp_path).run(PLAN[:1], toy)
    hurt(tmp_path, name, content)
    with pytest.raises(UserError, match=expected) as refusal:
        _ = Study.read("toy", tmp_path).runs
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("about.json", None, r"about\.json cannot be read"),
        ("about.json", b"[]", r"about\.json lacks"),
        ("runs.csv", b"", r"runs\.csv cannot be read"),
        ("epochs.csv", b"variant,epoch\nplain,0\n", r"epochs\.csv lacks a column of variant, seed"),
        ("counts.csv", b"folder", r"counts\.csv cannot be read"),
    ],
)
def test_a_broken_study_is_not_continued(tmp_path, name, content, expected):
    study(tmp_path).run(PLAN[:1], toy)
    hurt(tmp_path, name, content)
    with pytest.raises(UserError, match=expected):
        study(tmp_path).run(PLAN, toy)


def test_a_study_that_is_not_there_names_those_that_are(tmp_path):
    study(tmp_path).run(PLAN[:1], toy)
    with pytest.raises(UserError, match="choose one of toy"):
        Study.read("tyo", tmp_path)
    with pytest.raises(UserError, match="no study there yet"):
        Study.read("toy", tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        Study("file", "?", folder=tmp_path).run(PLAN, toy)
    with pytest.raises(UserError, match="cannot be written"):
        Study("toy", "?", folder=tmp_path / "file").run(PLAN, toy)


def test_reading_needs_no_torch(tmp_path):
    study(tmp_path).run(PLAN, toy)
    code = (
        "import sys; from fer_tutorial.records.study import Study; "
        f"print(Study.read('toy', {str(tmp_path)!r}).made()); assert 'torch' not in sys.modules"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True)


def test_about_is_json_for_other_programs_too(tmp_path):
    study(tmp_path).run(PLAN[:1], toy)
    about = json.loads((tmp_path / "toy/about.json").read_text())
    assert set(about) == {"question", "settings", "arm", "parts"}


def test_studies_are_found_from_a_folder_below(tmp_path, monkeypatch):
    study(tmp_path / "data/results").run(PLAN, toy)
    (tmp_path / "book/deep").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "book", tmp_path / "book/deep"):
        monkeypatch.chdir(folder)
        assert len(Study.read("toy").runs) == len(PLAN)
    monkeypatch.chdir("/")
    assert Study("toy").path == Path("/data/results/toy")
