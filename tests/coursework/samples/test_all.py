"""Every sample: solutions earn everything, stubs and blind answers nothing, and the guide says what there is."""

import nbformat
import pytest

from fer_tutorial.coursework.assignment import SAMPLES, load, samples
from fer_tutorial.coursework.grade import grade
from fer_tutorial.coursework.public import PASSED, UNANSWERED
from fer_tutorial.coursework.release import solution_copy, student_copy
from fer_tutorial.coursework.remote import Session
from fer_tutorial.coursework.task import CodeTask
from tests.coursework.samples.mutants import SECRET
from tests.coursework.submissions import code, line, notebook

AUTOMATIC = {"a1": 72, "a2": 74, "a3": 68}
BLIND = ("torch.tensor(0.0)", "torch.tensor(1.0)", "None", "args[0]", "args")
PASSED_BY_THE_STUB = {"a1.6"}  # which has faults and no gap, and whose public check looks at shapes


@pytest.mark.parametrize("name", samples())
def test_a_hundred_marks(name):
    assignment = load(name)
    assert assignment.marks == 100
    assert sum(task.marks for task in assignment.code_tasks) == AUTOMATIC[name]
    text = "\n".join(cell.source for cell in assignment.notebook.cells[:1])
    assert f"{AUTOMATIC[name]} for what your functions do, {100 - AUTOMATIC[name]} for what you write" in text


@pytest.mark.parametrize("name", samples())
def test_the_guide_has_a_row_for_each_task(name):
    rows = [line.split(" | ") for line in (SAMPLES / name / "guide.md").read_text().split("\n") if f"| {name}." in line]
    tasks = [
        [f"| {task.name}", str(task.marks), "grader" if isinstance(task, CodeTask) else "you"]
        for task in load(name).tasks
    ]
    assert [row[:3] for row in rows] == tasks
    assert 6 * 60 < sum(int(row[3]) for row in rows) <= 7 * 60


@pytest.mark.parametrize("name", samples())
def test_solutions_earn_everything_and_the_students_copy_nothing(name, marked):
    assignment = load(name)
    common = assignment.common_variant()
    solved = marked(name, nbformat.writes(solution_copy(assignment, common, "v1")).encode())
    for task in assignment.code_tasks:
        assert solved[task.name].marks == task.marks, [each.reason for each in solved[task.name].properties]
    assert all(solved[task.name].text for task in assignment.written_tasks)
    untouched = marked(name, nbformat.writes(student_copy(assignment, common, "v1")).encode())
    assert {(mark.marks, mark.status) for mark in untouched.values()} == {(0, "missing")}


def printed(notebook, capsys):
    """What the cells of a notebook print, run one after the other."""
    space = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "Set-up" not in cell.source:
            exec(cell.source, space)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("name", samples())
def test_public_checks_tell_the_stub_from_the_solution(name, capsys):
    assignment = load(name)
    for seed in range(4):
        variant = assignment.variant(SECRET, str(seed))
        assert printed(solution_copy(assignment, variant, "v1"), capsys) == [PASSED] * len(assignment.code_tasks)
    untouched = printed(student_copy(assignment, variant, "v1"), capsys)
    expected = [PASSED if task.name in PASSED_BY_THE_STUB else UNANSWERED for task in assignment.code_tasks]
    assert untouched == expected


@pytest.mark.parametrize("name", samples())
def test_blind_answers_earn_nothing(name, marked):
    for blind in BLIND:
        tasks = load(name).code_tasks
        cells = [code(line(task.name, 1) + f"{task.function} = lambda *args: {blind}") for task in tasks]
        found = {task: mark.marks for task, mark in marked(name, notebook(*cells)).items() if mark.marks}
        assert found == {}, blind


@pytest.mark.parametrize("name", samples())
def test_other_parameters_can_be_solved(name, sandbox):
    assignment = load(name)
    common = assignment.common_variant()
    drawn = [assignment.variant(SECRET, str(number)) for number in range(40)]
    odd = max(drawn, key=lambda variant: [abs(variant[each] - common[each]) for each in sorted(common)])
    assert all(len({variant[each] for variant in drawn}) >= 3 for each in common)
    with Session(sandbox, assignment.given(odd)) as session:
        content = nbformat.writes(solution_copy(assignment, odd, "v1")).encode()
        marks = {mark.task: mark for mark in grade(content, assignment, odd, SECRET, session)}
    for task in assignment.code_tasks[:-1]:  # the last is an experiment, made with the common parameters
        assert marks[task.name].marks == task.marks, [each.reason for each in marks[task.name].properties]
