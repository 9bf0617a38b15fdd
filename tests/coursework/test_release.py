"""What students get: the source with gaps in place of solutions, and nothing else of it anywhere."""

import copy
import json
import re

import nbformat
import pytest

from fer_tutorial.coursework import release as releasing
from fer_tutorial.coursework.assignment import load
from fer_tutorial.coursework.gaps import BEGIN, END, without_solution
from fer_tutorial.coursework.release import left_over, release, solution_copy, student_copy
from fer_tutorial.coursework.roster import Student
from fer_tutorial.coursework.safe_text import read_table
from fer_tutorial.errors import UserError
from tools.notebooks import REPOSITORY, setup_source


@pytest.fixture(params=["small", "a1"])
def either(request, assignment):
    return assignment if request.param == "small" else load("a1")


def test_a_students_copy_differs_from_the_solution_by_the_gaps_alone(either):
    common = either.common_variant()
    student, solved = (make(either, common, "v1") for make in (student_copy, solution_copy))
    kept = [cell for cell in either.notebook.cells if cell.metadata.get("tags") != ["solution"]]
    assert len(student.cells) == len(kept)
    for cell, source in zip(student.cells, kept, strict=True):
        if BEGIN not in source.source:
            assert cell.source in {other.source for other in solved.cells}
            continue
        # Whatever stands outside of the gaps is the same in both, in the same order.
        outside = re.split(rf" *{BEGIN}.*?{END}", source.source, flags=re.DOTALL)
        solution = next(other.source for other in solved.cells if other.source.startswith(outside[0]))
        for text in (cell.source, solution):
            assert re.fullmatch(".*?".join(map(re.escape, outside)), text, re.DOTALL)


def test_a_students_copy_shows_as_it_is_on_colab(either):
    copy_ = student_copy(either, either.common_variant(), "v1")
    nbformat.validate(copy_)
    assert all(
        not cell.get("outputs") and set(cell.metadata) <= {"fer_task", "cellView", "jupyter"} for cell in copy_.cells
    )
    assert not re.search(r"```\{|\{eq\}|\{ref\}", json.dumps(copy_))
    assert "@v1" in copy_.cells[1].source + copy_.cells[2].source
    assert "@main" not in json.dumps(copy_)


def test_parameters_are_the_students(assignment):
    cell = next(
        cell for cell in student_copy(assignment, {"FACTOR": 4.0}, "v1", "s1").cells if "FACTOR =" in cell.source
    )
    assert cell.source == "#@ parameters\nFACTOR = 4.0  # yours"
    assert any('STUDENT = "s1"' in cell.source for cell in student_copy(assignment, {}, "v1", "s1").cells)


def leak(kind, notebook):
    """Put something of the solution into a copy."""
    cell = next(cell for cell in notebook.cells if "product(x, y)" in cell.source)
    if kind == "code":
        cell.source += "\n# scaled = FACTOR * x"
    elif kind == "mark":
        cell.source += "\n# END SOLUTION"
    elif kind == "stub mark":
        cell.source += "\n    #| return 1"
    elif kind == "output":
        cell.outputs = [nbformat.v4.new_output("stream", text="4")]
    elif kind == "cell metadata":
        cell.metadata["old"] = "    scaled = FACTOR * x"
    elif kind == "notebook metadata":
        notebook.metadata["history"] = ["return (labels[None] == torch.arange(5)[:, None]).sum(1)"]
    elif kind == "text":
        notebook.cells.append(nbformat.v4.new_markdown_cell("Because the product rule says so."))
    elif kind == "remark":
        notebook.cells.append(nbformat.v4.new_markdown_cell("A remark for those who mark: see the chapter."))


KINDS = ["code", "mark", "stub mark", "output", "cell metadata", "notebook metadata", "text", "remark"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_solution_may_be_left(kind, assignment, tmp_path, monkeypatch):
    clean = student_copy(assignment, assignment.common_variant(), "v1")
    assert left_over(clean, assignment) == ""
    leaking = copy.deepcopy(clean)
    leak(kind, leaking)
    assert left_over(leaking, assignment)
    monkeypatch.setattr(releasing, "student_copy", lambda *arguments: leaking)
    with pytest.raises(UserError, match="would show of a solution"):
        release(assignment, tmp_path / "out", "v1")
    assert not (tmp_path / "out").exists()


def test_what_is_written(assignment, secret, tmp_path):
    students = [Student("s1"), Student("s2")]
    release(assignment, tmp_path, "v1.2.0", students, secret)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == [
        "t_marks.csv",
        "t_s1.ipynb",
        "t_s2.ipynb",
        "t_solution.ipynb",
    ]
    rows = read_table(tmp_path / "t_marks.csv")
    assert sum(int(row["marks"]) for row in rows) == assignment.marks == 15
    assert {row["task"]: row["by"] for row in rows} == {"t.1": "grader", "t.2": "grader", "t.3": "person"}


def test_what_cannot_be_released(assignment, tmp_path):
    with pytest.raises(UserError, match="the tag is 'main'; expected that of a release"):
        release(assignment, tmp_path, "main")
    with pytest.raises(UserError, match="pass --secret"):
        release(assignment, tmp_path, "v1", [Student("s1")])


@pytest.mark.parametrize("text", ["```{math}\nx\n```", "see {eq}`eq-x`", ":::{note}\nx\n:::"])
def test_myst_is_refused(text, assignment):
    changed = copy.deepcopy(assignment)
    changed.notebook.cells[0].source = text
    with pytest.raises(UserError, match="is MyST, which Colab shows as it is typed"):
        student_copy(changed, {}, "v1")


def test_the_copies_begin_with_stubs_that_run(assignment, capsys):
    space = {}
    for cell in student_copy(assignment, assignment.common_variant(), "v1").cells:
        if cell.cell_type == "code":
            exec(cell.source, space)
    assert capsys.readouterr().out == "product: NotImplemented\n"


def test_the_sample_installs_from_where_the_project_lives():
    (cell,) = load("a1").tagged("setup")
    address = re.search(r"https://\S+?(?=\"|')", setup_source())[0]
    assert f"git+{address}@main" in cell.source
    assert (REPOSITORY / "fer_tutorial").is_dir()


def test_a_stub_ends_where_its_gap_begins(either):
    for task in either.code_tasks:
        stub = without_solution(either.cell(task).source)
        assert stub.count("return NotImplemented") <= 1
        compile(stub, task.name, "exec")
