import shutil

import pytest

from fer_tutorial.coursework.assignment import assigned, load, samples, with_parameters
from fer_tutorial.coursework.secret import Secret
from fer_tutorial.errors import UserError


@pytest.fixture
def changed(folder, tmp_path):
    """The small assignment with other text in its key or notebook."""

    def change(old, new, file="key.py"):
        shutil.copytree(folder, tmp_path / "changed")
        path = tmp_path / "changed" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return tmp_path / "changed"

    return change


def test_what_notebook_and_key_say(assignment):
    assert (assignment.name, assignment.marks) == ("t", 15)
    assert [task.name for task in assignment.code_tasks] == ["t.1", "t.2"]
    assert [task.name for task in assignment.written_tasks] == ["t.3"]
    assert assignment.common_variant() == {"FACTOR": 2.0}
    assert assignment.parameters(assignment.code_tasks[0]) == ["x", "y"]
    assert assignment.given({"FACTOR": 3.0}) == ["#@ parameters\nFACTOR = 3.0  # yours", "#@ given\nimport torch"]


def test_parameters_are_drawn_from_secret_and_number(assignment):
    one, other = Secret("a" * 16), Secret("b" * 16)
    drawn = {student: assignment.variant(one, student)["FACTOR"] for student in map(str, range(20))}
    assert set(drawn.values()) == {2.0, 3.0, 4.0}
    assert drawn == {student: assignment.variant(one, student)["FACTOR"] for student in drawn}
    assert drawn != {student: assignment.variant(other, student)["FACTOR"] for student in drawn}


@pytest.mark.parametrize(("old", "new", "file", "sentence"), [
    ('Property("counts", 4', 'Property("counts", 5', "key.py", r"begins with '#@ task t.2 \(5"),
    ('"t.2"', '"t.9"', "key.py", "begins with '#@ task t.9"),
    ("task t.2 (4 marks)", "task t.1 (5 marks)", "assignment.ipynb", "begins with '#@ task t.2"),
    ('"FACTOR": numbers', '"SCALE": numbers', "key.py", "draws SCALE, which its cell of parameters has not"),
    ("TASKS = (", "WORK = (", "key.py", "does not define TASKS"),
    ('"given"', '"givn"', "assignment.ipynb", "cells tagged givn"),
    ('"nbformat": 4', '"nbformat": "x"', "assignment.ipynb", "is not a readable notebook"),
])  # fmt: skip
def test_what_does_not_fit_is_said(old, new, file, sentence, changed):
    with pytest.raises(UserError, match=sentence):
        load(changed(old, new, file))


def test_a_cell_must_define_its_function(changed):
    assignment = load(changed("def product", "def produkt", "assignment.ipynb"))
    with pytest.raises(UserError, match=r"the cell of t\.1 does not define product"):
        assignment.parameters(assignment.code_tasks[0])


def test_a_folder_or_a_samples_name(tmp_path):
    assert samples() == ["a1", "a2", "a3"]
    assert load("a1").name == "a1"
    with pytest.raises(UserError, match=r"is missing; expected a folder .* or a sample's name \(a1, a2, a3\)"):
        load(tmp_path / "none")


def test_the_digest_follows_notebook_and_key(assignment, changed):
    assert load(changed("a small", "a tiny")).digest != assignment.digest


def test_constants_are_read_and_replaced():
    source = "#@ parameters\nA = 1.5  # one\nB = [1, 2]\nprint(A)"
    assert assigned(source) == {"A": 1.5, "B": [1, 2]}
    assert with_parameters(source, {"A": 3, "C": 4}) == "#@ parameters\nA = 3  # one\nB = [1, 2]\nprint(A)"
