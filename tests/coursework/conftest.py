"""A small assignment whose answers take a moment, a sandbox for it, and notebooks that answer it."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from fer_tutorial.coursework.assignment import load
from fer_tutorial.coursework.remote import Session
from fer_tutorial.coursework.sandbox import bubblewrap, self_test
from fer_tutorial.coursework.secret import Secret

KEY = """
from fer_tutorial.course import Wrong, expect_close, like_reference
from fer_tutorial.coursework.task import CodeTask, Criterion, Property, WrittenTask

NAME, TITLE = "t", "T: a small assignment"


def draw_variant(numbers):
    return {"FACTOR": numbers.choice([2.0, 3.0, 4.0])}


def pairs(draw):
    yield draw.numbers(1), draw.numbers(1)
    yield draw.numbers(3), draw.numbers(3)


def value(answer, draw, variant):
    like_reference(lambda x, y: variant["FACTOR"] * x * y, pairs)(answer, draw)


def gradient(answer, draw, variant):
    like_reference(lambda x, y: variant["FACTOR"] * x * y, pairs, gradients=("x", "y"))(answer, draw)


def counted(answer, draw, variant):
    like_reference(lambda labels: labels.bincount(minlength=5), lambda draw: [(draw.labels(6, 5),)])(answer, draw)


TASKS = (
    CodeTask("t.1", "product", (Property("value", 3, value), Property("gradient", 2, gradient)), seconds=2.0),
    CodeTask("t.2", "counts", (Property("counts", 4, counted),), forbidden=("bincount",), seconds=2.0),
    WrittenTask("t.3", (Criterion("why", 6, ("nothing", "a little", "enough", "all")),)),
)
"""
PRODUCT = '''#@ task t.1 (5 marks): keep this line
def product(x, y):
    """FACTOR times x times y."""
    # BEGIN SOLUTION
    scaled = FACTOR * x
    return scaled * y
    # END SOLUTION'''
COUNTS = '''#@ task t.2 (4 marks): keep this line
def counts(labels):
    """How many labels are 0, 1, 2, 3, 4."""
    # BEGIN SOLUTION
    return (labels[None] == torch.arange(5)[:, None]).sum(1)
    # END SOLUTION'''
TEXT = """**#@ task t.3 (6 marks): keep this line**

# BEGIN SOLUTION
#| *Write here.*
Because the product rule says so.
# END SOLUTION"""
SETUP = '#@title Set-up\npackage = "fer-tutorial[train] @ git+https://example.org/fer-tutorial@main"'


def tagged(cell, tag):
    cell.metadata["tags"] = [tag]
    return cell


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The folder of the small assignment."""
    folder = tmp_path_factory.mktemp("assignment")
    cells = [
        new_markdown_cell("# T\n\nA product: $$a b \\tag{1}$$"),
        tagged(new_code_cell(SETUP), "setup"),
        tagged(new_code_cell('#@ student: keep this line\nSTUDENT = ""  # your number'), "student"),
        tagged(new_code_cell("#@ parameters\nFACTOR = 2.0  # yours"), "parameters"),
        tagged(new_code_cell("#@ given\nimport torch"), "given"),
        tagged(new_code_cell("#@ helpers: functions that several of your answers use; keep this line"), "helpers"),
        tagged(new_code_cell(PRODUCT), "task"),
        tagged(new_code_cell('print("product:", product(1.0, 2.0))'), "public-check"),
        tagged(new_code_cell(COUNTS), "task"),
        tagged(new_markdown_cell(TEXT), "task"),
        tagged(new_markdown_cell("A remark for those who mark: see the chapter."), "solution"),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "assignment.ipynb")
    (folder / "key.py").write_text(KEY)
    return folder


@pytest.fixture(scope="session")
def assignment(folder):
    return load(folder)


@pytest.fixture(scope="session")
def secret():
    return Secret("a secret of the tests")


@pytest.fixture(scope="session")
def sandbox():
    if reason := self_test(bubblewrap()):
        pytest.skip(f"no sandbox here ({reason}): install bubblewrap to test the grading of students' code")
    return bubblewrap()


@pytest.fixture(scope="session")
def session(sandbox, assignment):
    """One sandbox for many submissions; where what one leaves behind is the question, a test makes its own."""
    with Session(sandbox, assignment.given(assignment.common_variant())) as session:
        yield session
