"""The sample assignment: its solutions earn everything, its stubs and blind answers nothing, usual mistakes not all."""

import nbformat
import pytest

from fer_tutorial.coursework.assignment import load
from fer_tutorial.coursework.grade import grade
from fer_tutorial.coursework.public import PASSED, UNANSWERED
from fer_tutorial.coursework.release import solution_copy, student_copy
from fer_tutorial.coursework.remote import Session
from fer_tutorial.coursework.sandbox import bubblewrap, self_test
from fer_tutorial.coursework.secret import Secret
from tests.coursework.submissions import code, line, notebook

SECRET = Secret("a secret of the tests")
A1 = load("a1")
# Of each task an answer with a usual mistake, what it earns, and of how many marks.
MISTAKES = {
    "squares in place of the exponent": (
        "a1.1",
        "def weighted_center_loss(f, y, c, w):\n    return (w[y] * (f - c[y]).square().sum(1)).sum() / w[y].sum()",
        range(1, 4),  # a face on its center, the order and the weights are right
    ),
    "a mean in place of the weights": (
        "a1.1",
        "def weighted_center_loss(f, y, c, w):\n    return (w[y] * (f - c[y]).norm(dim=1)**EXPONENT).mean()",
        range(1, 5),
    ),
    "no gradient": (
        "a1.1",
        "def weighted_center_loss(f, y, c, w):\n"
        "    return ((w[y] * (f - c[y]).norm(dim=1)**EXPONENT).sum() / w[y].sum()).detach()",
        range(7, 8),
    ),
    "one batch for all": (
        "a1.2",
        "def centers_after(c, sums, counts, alpha):\n    n = counts.sum(0)[:, None]\n"
        "    return c - alpha * (n * c - sums.sum(0)) / (1 + n)",
        range(3, 8),
    ),
    "by autograd": (
        "a1.3",
        "def weighted_center_loss_gradients(f, y, c, w):\n    return torch.autograd.grad(f.sum(), f)",
        range(1),
    ),
    "always the paper": (
        "a1.4",
        "def which_implementation(f, y, c, loss, gradient, move):\n    return 'paper', 1.0, 0.5",
        range(1),
    ),
    "the chapter's mean over a face": (
        "a1.5",
        "from fer_tutorial.papers.dacl import MeanOne, sparse_center_loss\n"
        "def unfading_center_loss(f, a, y, c):\n    return sparse_center_loss(f, MeanOne()(a), y, c)",
        range(4, 7),
    ),
    "center loss": (
        "a1.5",
        "from fer_tutorial.papers.center_loss import center_loss\n"
        "def unfading_center_loss(f, a, y, c):\n    return center_loss(f, y, c, 'mean')",
        range(3),
    ),
}
BLIND = ("torch.tensor(0.0)", "torch.tensor(1.0)", "None", "args[0]", "args")


@pytest.fixture(scope="module")
def marked():
    if reason := self_test(bubblewrap()):
        pytest.skip(f"no sandbox here ({reason}): install bubblewrap to test the grading of students' code")
    common = A1.common_variant()
    with Session(bubblewrap(), A1.given(common)) as session:
        yield lambda content: {mark.task: mark for mark in grade(content, A1, common, SECRET, session)}


def test_a_hundred_marks():
    assert A1.marks == 100
    assert sum(task.marks for task in A1.code_tasks) == 72


def test_solutions_earn_everything_and_the_students_copy_nothing(marked):
    common = A1.common_variant()
    solved = marked(nbformat.writes(solution_copy(A1, common, "v1")).encode())
    for task in A1.code_tasks:
        assert solved[task.name].marks == task.marks, [each.reason for each in solved[task.name].properties]
    assert all(solved[task.name].text for task in A1.written_tasks)
    untouched = marked(nbformat.writes(student_copy(A1, common, "v1")).encode())
    assert {(mark.marks, mark.status) for mark in untouched.values()} == {(0, "missing")}


def printed(notebook, capsys):
    """What the cells of a notebook print, run one after the other."""
    space = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "Set-up" not in cell.source:
            exec(cell.source, space)
    return capsys.readouterr().out.splitlines()


def test_public_checks_tell_the_stub_from_the_solution(capsys):
    common = A1.common_variant()
    assert printed(solution_copy(A1, common, "v1"), capsys) == [PASSED] * len(A1.code_tasks)
    untouched = printed(student_copy(A1, common, "v1"), capsys)
    names = [task.name for task in A1.code_tasks]
    expected = {**dict.fromkeys(names, UNANSWERED), "a1.6": PASSED}  # which has faults and no gap, and looks at shapes
    assert dict(zip(names, untouched, strict=True)) == expected


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_costs_marks(words, marked):
    name, answer, expected = MISTAKES[words]
    marks = marked(notebook(code(line(name, 1) + answer)))[name]
    assert marks.marks in expected, [(each.words, each.marks) for each in marks.properties]


def test_the_stub_with_its_faults_and_blind_answers_earn_nothing(marked):
    (mend,) = [task for task in A1.code_tasks if task.name == "a1.6"]
    faulty = A1.stub(mend).replace("projection, classifier]\n", "projection, classifier]  # mine\n") + "\nx = 1"
    assert marked(notebook(code(faulty)))["a1.6"].marks == 0
    for blind in BLIND:
        cells = [code(line(task.name, 1) + f"{task.function} = lambda *args: {blind}") for task in A1.code_tasks]
        found = {name: mark.marks for name, mark in marked(notebook(*cells)).items() if mark.marks}
        assert found == {}, blind


def test_every_variant_can_be_solved(marked):
    del marked  # a sandbox is there
    drawn = [A1.variant(SECRET, str(number)) for number in range(40)]
    odd = max(drawn, key=lambda variant: variant["EXPONENT"])
    with Session(bubblewrap(), A1.given(odd)) as session:
        content = nbformat.writes(solution_copy(A1, odd, "v1")).encode()
        marks = {mark.task: mark.marks for mark in grade(content, A1, odd, SECRET, session)}
    assert (marks["a1.1"], marks["a1.3"], marks["a1.6"]) == (12, 12, 10)
    assert {variant["EXPONENT"] for variant in drawn} == {1.5, 2.5, 3.0, 4.0}
    assert {variant["ALPHA"] for variant in drawn} == {0.2, 0.3, 0.4, 0.6}
