"""A whole course: graded in parallel, going on, doing again only what changed, and telling what a new key changes."""

import json
import shutil

import pytest

from fer_tutorial.coursework import run
from fer_tutorial.coursework.assignment import load
from fer_tutorial.coursework.collect import SUBMISSIONS
from fer_tutorial.coursework.grade import PropertyMark, TaskMark, digest
from fer_tutorial.coursework.run import COLUMNS, MARKS, Grading, differences, grade_all, read_results
from fer_tutorial.coursework.safe_text import read_table, write_table
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.errors import UserError
from tests.coursework.submissions import WRONG_PRODUCT, first, notebook, second, written

WORK = {"s1": notebook(first(), second(), written()), "s2": notebook(first(WRONG_PRODUCT), second()), "s3": b"nothing"}


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    for student, content in WORK.items():
        (folder / f"{student}.ipynb").write_bytes(content)
    rows = [{"student": student, "late_minutes": late} for student, late in zip(WORK, (0, 7, 0), strict=True)]
    write_table(folder / SUBMISSIONS, ("student", "late_minutes"), rows)
    return folder


@pytest.fixture
def grading(assignment, secret):
    """Without a sandbox: what is graded is written down."""
    return Grading(assignment, secret, False, None, jobs=2)


@pytest.fixture
def graded(monkeypatch):
    """Marks that depend on the file alone; the students that were graded."""
    seen = []

    def mark(self, student, content):
        seen.append(student)
        marks = 5 if b"FACTOR" in content else 0
        one = TaskMark("t.1", "ok", [PropertyMark("value", marks, 5, "" if marks else "why not")], seconds=0.5)
        return [one, TaskMark("t.2", "missing"), TaskMark("t.3", "ok", text="Because.")]

    monkeypatch.setattr(Grading, "mark", mark)
    return seen


def test_the_table_of_marks(grading, graded, inbox, tmp_path):
    grade_all(grading, inbox, tmp_path / "out")
    rows = read_table(tmp_path / "out" / MARKS)
    assert list(rows[0]) == list(COLUMNS)
    assert [row["student"] for row in rows] == ["s1"] * 3 + ["s2"] * 3 + ["s3"] * 3
    common = {"file_sha256": digest(WORK["s1"]), "grader_version": run.VERSION, "seed_id": grading.secret.name}
    common["late_minutes"] = "0"
    auto = {"auto": "5", "auto_max": "5", "human": "", "human_max": "0", "status": "ok", "seconds": "0.5"}
    assert rows[0] == {"student": "s1", "task": "t.1", **auto, **common}
    text = {"auto": "", "auto_max": "0", "human": "", "human_max": "6", "status": "ok", "seconds": "0.0"}
    assert rows[2] == {"student": "s1", "task": "t.3", **text, **common}
    assert rows[3]["late_minutes"] == "7"


def test_only_what_changed_is_graded_again(grading, graded, inbox, tmp_path):
    first_rows = grade_all(grading, inbox, tmp_path / "out")
    assert sorted(graded) == ["s1", "s2", "s3"]
    graded.clear()
    assert grade_all(grading, inbox, tmp_path / "out") == first_rows
    assert graded == []
    (inbox / "s2.ipynb").write_bytes(WORK["s1"])
    grade_all(grading, inbox, tmp_path / "out")
    assert graded == ["s2"]
    graded.clear()
    (tmp_path / "out" / "results" / "s3.json").write_text("{")  # as an interruption may leave it
    grade_all(grading, inbox, tmp_path / "out")
    assert graded == ["s3"]


@pytest.mark.parametrize("change", ["key", "secret", "parameters", "again"])
def test_everything_is_graded_again_where_everything_changed(change, grading, graded, inbox, tmp_path, folder):
    grade_all(grading, inbox, tmp_path / "out")
    graded.clear()
    shutil.copytree(folder, tmp_path / "key")
    (tmp_path / "key" / "key.py").write_text((folder / "key.py").read_text() + "# mended\n")
    other = {
        "key": Grading(load(tmp_path / "key"), grading.secret, False, None),
        "secret": Grading(grading.assignment, Secret("another secret....."), False, None),
        "parameters": Grading(grading.assignment, grading.secret, True, None),
        "again": grading,
    }[change]
    grade_all(other, inbox, tmp_path / "out", again=change == "again")
    assert sorted(graded) == ["s1", "s2", "s3"]


def test_results_are_read_as_they_were_kept(grading, graded, inbox, tmp_path):
    grade_all(grading, inbox, tmp_path / "out")
    results = read_results(tmp_path / "out")
    assert list(results) == ["s1", "s2", "s3"]
    assert results["s3"][0] == TaskMark("t.1", "ok", [PropertyMark("value", 0, 5, "why not")], seconds=0.5)
    kept = json.loads((tmp_path / "out" / "results" / "s1.json").read_text())
    assert set(kept) == {"student", "fingerprint", "marks"}
    with pytest.raises(UserError, match="has no results"):
        read_results(tmp_path)


def test_differences_are_told():
    def row(student, auto, status="ok"):
        return {"student": student, "task": "t.1", "auto": auto, "status": status}

    before = [row("s1", "3"), row("s2", "5"), row("s4", "1")]
    after = [row("s1", 3), row("s2", 0, "timeout"), row("s3", 2)]
    assert differences(before, after) == [
        "s2 t.1: 5 (ok) -> 0 (timeout)",
        "s3 t.1: - (-) -> 2 (ok)",
        "s4 t.1: 1 (ok) -> - (-)",
    ]


def test_what_is_no_inbox(grading, inbox, tmp_path):
    with pytest.raises(UserError, match="expected the folder that fer-tutorial course collect wrote"):
        grade_all(grading, tmp_path, tmp_path / "out")
    (inbox / "s2.ipynb").unlink()
    with pytest.raises(UserError, match="lacks the notebooks of s2"):
        grade_all(grading, inbox, tmp_path / "out")


def test_two_at_a_time_in_sandboxes(assignment, secret, sandbox, inbox, tmp_path):
    rows = grade_all(Grading(assignment, secret, False, sandbox, jobs=2), inbox, tmp_path / "out")
    assert [(row["auto"], row["status"]) for row in rows] == [
        *((5, "ok"), (4, "ok"), ("", "ok")),
        *((0, "ok"), (4, "ok"), ("", "missing")),
        *((0, "missing"), (0, "missing"), ("", "missing")),
    ]
