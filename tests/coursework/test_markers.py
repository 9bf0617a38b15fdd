import pytest

from fer_tutorial.coursework.markers import (
    HELPERS,
    HELPERS_LINE,
    STUDENT,
    STUDENT_LINE,
    first_line,
    task_line,
    task_named,
)
from fer_tutorial.coursework.task import CodeTask, Criterion, WrittenTask


@pytest.mark.parametrize("source", [
    "#@ task a1.2 (12 marks): keep this line\ndef f(): ...",
    "\n\n  #@ task a1.2 (12 marks)",
    "**#@ task a1.2 (12 marks): keep this line**",
    "> \\#@ task A1.2",
    "#@task a1.2",
    "# #@ task a1.2: commented out",
])  # fmt: skip
def test_a_task_is_known_by_its_first_line(source):
    assert task_named(source) == "a1.2"


@pytest.mark.parametrize("source", ["", "x = 1\n#@ task a1.2", "#@ helpers", "# the task a1.2", "#@ tasks"])
def test_anything_else_is_no_task(source):
    assert task_named(source) is None


def test_the_lines_that_are_written_are_read():
    code, text = CodeTask("a1.2", "f", ()), WrittenTask("a1.3.why", (Criterion("why", 4, ("", "", "", "")),))
    assert [task_named(task_line(task)) for task in (code, text)] == ["a1.2", "a1.3.why"]
    assert task_line(text) == "**#@ task a1.3.why (4 marks): keep this line**"
    assert HELPERS.match(HELPERS_LINE)
    assert STUDENT.match(STUDENT_LINE)
    assert first_line("\n a \n b") == "a "
