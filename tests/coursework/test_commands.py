"""The steps of a course one after the other, as a lecturer types them."""

import zipfile

import nbformat
import pytest

from fer_tutorial.coursework import commands
from fer_tutorial.coursework.assignment import load, samples
from fer_tutorial.coursework.grade import PropertyMark, TaskMark
from fer_tutorial.coursework.release import solution_copy
from fer_tutorial.coursework.run import Grading
from fer_tutorial.coursework.safe_text import read_table, write_table
from fer_tutorial.errors import UserError


def test_a_course_from_release_to_feedback(folder, sandbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    roster, secret = tmp_path / "roster.csv", tmp_path / "secret.txt"
    roster.write_text("student,name\ns1,Ada Lovelace\ns2,Alan Turing\n")
    commands.release_assignment(str(folder), tmp_path / "handout", "v1.0", roster, secret)
    handed = sorted(path.name for path in (tmp_path / "handout" / "students").iterdir())
    assert handed == ["t_s1.ipynb", "t_s2.ipynb"]
    assignment = load(folder)
    variant = assignment.variant(commands.read_secret(secret), "s1")
    with zipfile.ZipFile("moodle.zip", "w") as file:
        file.writestr("Ada Lovelace_1_/t.ipynb", nbformat.writes(solution_copy(assignment, variant, "v1.0")))
        file.write(tmp_path / "handout" / "students" / "t_s2.ipynb", "Alan Turing_2_/t.ipynb")
    said = commands.collect_submissions(tmp_path / "moodle.zip", roster, tmp_path / "inbox", "2090-01-01T00:00")
    assert said.startswith("2 submissions")
    said = commands.grade_course(str(folder), tmp_path / "inbox", tmp_path / "graded", secret, True, 1, None, False)
    assert said.startswith("2 submissions graded (bubblewrap)")
    rows = read_table(tmp_path / "graded" / "marks.csv")
    assert [(row["auto"], row["status"]) for row in rows][:2] == [("5", "ok"), ("4", "ok")]
    assert {row["status"] for row in rows[3:]} == {"missing"}
    assert commands.rubric_sheets(tmp_path / "graded", tmp_path / "sheets").startswith("1 texts to mark")
    sheet = tmp_path / "sheets" / "rubric.csv"
    sheet.write_text(sheet.read_text().replace(",why,,", ",why,3,"))
    commands.return_feedback(tmp_path / "graded", roster, sheet, tmp_path / "feedback")
    assert [row["T: a small assignment (15)"] for row in read_table(tmp_path / "feedback" / "moodle.csv")] == [
        "15",
        "0",
    ]
    assert "15 of 15 marks" in (tmp_path / "feedback" / "s1.html").read_text()


def test_grading_again_tells_what_changes(folder, tmp_path, monkeypatch):
    given = [3]
    monkeypatch.setattr(Grading, "mark", lambda *_: [TaskMark("t.1", "ok", [PropertyMark("value", given[0], 5)])])
    inbox, graded = tmp_path / "inbox", tmp_path / "graded"
    inbox.mkdir()
    (inbox / "s1.ipynb").write_bytes(b"")
    write_table(inbox / "submissions.csv", ("student", "late_minutes"), [{"student": "s1", "late_minutes": 0}])
    commands.grade_course(str(folder), inbox, graded, tmp_path / "secret", False, 1, None, True)
    assert commands.regrade_course(graded, True, 1, True) == "0 marks would change; nothing was written"
    given[0] = 5
    said = commands.regrade_course(graded, True, 1, True)
    assert said == "s1 t.1: 3 (ok) -> 5 (ok)\n1 marks would change; nothing was written"
    assert read_table(graded / "marks.csv")[0]["auto"] == "3"
    assert commands.regrade_course(graded, False, 1, True).endswith("1 marks changed")
    assert read_table(graded / "marks.csv")[0]["auto"] == "5"


def test_a_new_assignment_is_a_copy_of_the_sample_with_a_secret(tmp_path):
    said = commands.new("a1", tmp_path / "a1-2027")
    assert "keep the folder private" in said
    copy, sample = load(tmp_path / "a1-2027"), load("a1")
    assert copy.common_variant() == sample.variant(commands.read_secret(tmp_path / "a1-2027" / "secret.txt"), "")
    cells = [cell.source for cell in sample.notebook.cells if "EXPONENT =" not in cell.source]
    assert [cell.source for cell in copy.notebook.cells if "EXPONENT =" not in cell.source] == cells
    assert (tmp_path / "a1-2027" / "guide.md").is_file()
    assert len((tmp_path / "a1-2027" / "secret.txt").read_text()) > 32
    with pytest.raises(UserError, match="exists; choose another place"):
        commands.new("a1", tmp_path / "a1-2027")
    with pytest.raises(UserError, match="no sample 'a9'; expected one of a1, a2, a3"):
        commands.new("a9", tmp_path / "x")


@pytest.mark.parametrize("sample", samples())
def test_every_sample_can_be_copied_and_released(sample, tmp_path):
    commands.new(sample, tmp_path / "own")
    commands.release_assignment(str(tmp_path / "own"), tmp_path / "handout", "v1.0", None, None)
    assert [path.name for path in (tmp_path / "handout" / "students").iterdir()] == [f"{sample}.ipynb"]


def test_what_cannot_be_done_is_said(folder, tmp_path):
    with pytest.raises(UserError, match="expected a time such as"):
        commands.collect_submissions(tmp_path, tmp_path / "roster.csv", tmp_path / "out", "tomorrow")
    with pytest.raises(UserError, match="jobs is 0"):
        commands.grade_course(str(folder), tmp_path, tmp_path / "out", tmp_path / "s", False, 0, None, True)
    for call in (commands.rubric_sheets, lambda graded, out: commands.regrade_course(graded, True, 1, True)):
        with pytest.raises(UserError, match=r"has no run\.json"):
            call(tmp_path, tmp_path / "out")
