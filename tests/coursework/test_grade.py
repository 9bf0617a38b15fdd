"""Every submission of the corpus earns what it should, and nothing that one does reaches the next."""

import pytest

from fer_tutorial.coursework.grade import HIDDEN, grade
from fer_tutorial.coursework.release import solution_copy, student_copy
from fer_tutorial.coursework.remote import Session
from tests.coursework.corpus import DOINGS, FILES, FULL, ODD, ODD_COUNTS, RIGHT
from tests.coursework.submissions import PRODUCT, first, helpers, notebook, second, written


@pytest.fixture
def marked(assignment, secret, session):
    """Marks and status of the two tasks of code."""

    def mark(content):
        return grade(content, assignment, assignment.common_variant(), secret, session)

    return mark


def row(marks):
    return tuple(part for mark in marks[:2] for part in (mark.marks, mark.status))


@pytest.mark.parametrize("name", FILES)
def test_whatever_the_file_is(name, marked):
    content, expected = FILES[name]
    assert row(marked(content)) == expected


@pytest.mark.parametrize("name", DOINGS)
def test_whatever_an_answer_does(name, marked):
    content, expected = DOINGS[name]
    marks = marked(content)
    assert row(marks) == expected, [each.reason for mark in marks for each in mark.properties]


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
def test_odd_answers_are_right(answer, marked):
    marks = marked(notebook(first(answer), second()))
    assert row(marks) == (*RIGHT, *FULL), [each.reason for mark in marks for each in mark.properties]


@pytest.mark.parametrize("answer", ODD_COUNTS.values(), ids=ODD_COUNTS)
def test_numpy_and_lists_are_right_where_no_gradient_is_asked(answer, marked):
    assert row(marked(notebook(first(), second(answer)))) == (*RIGHT, *FULL)


def test_one_sandbox_for_each_submission_serves_again_after_the_worst(assignment, secret, sandbox, marked):
    given = assignment.given(assignment.common_variant())
    content = notebook(first("import os\nos.kill(1, 9)\nos.kill(os.getppid(), 9)\n" + PRODUCT), second())
    with Session(sandbox, given) as own:
        marks = grade(content, assignment, assignment.common_variant(), secret, own)
    assert row(marks) == (0, "error", *FULL)


def test_helpers_and_answers_to_other_tasks_can_be_used(marked):
    shared = helpers("def scaled(x):\n    return FACTOR * x")
    assert row(marked(notebook(shared, first("def product(x, y):\n    return scaled(x) * y"), second()))) == (
        *RIGHT,
        *FULL,
    )
    other = second(
        "def counts(labels):\n    return [int(product(torch.ones(1), (labels == k).sum()) / 2) for k in range(5)]"
    )
    assert row(marked(notebook(first(), other))) == (*RIGHT, *FULL)


def test_a_broken_helper_spoils_only_those_who_use_it(marked):
    assert row(marked(notebook(helpers("def f(:"), helpers("1 / 0"), first(), second()))) == (*RIGHT, *FULL)


def test_cells_without_a_first_line_are_not_run(marked):
    from tests.coursework.submissions import code

    assert row(marked(notebook(code("while True: pass"), first(), second()))) == (*RIGHT, *FULL)


def test_a_students_own_parameters_count(assignment, secret, session):
    variant = {"FACTOR": 3.0}
    content = notebook(first("def product(x, y):\n    return 3 * x * y"), second())
    assert row(grade(content, assignment, variant, secret, session)) == (*RIGHT, *FULL)
    common = assignment.common_variant()
    assert row(grade(content, assignment, common, secret, session)) == (0, "ok", *FULL)


def test_the_parameters_of_the_notebook_are_not_read(marked):
    from tests.coursework.submissions import code

    parameters = code("#@ parameters\nFACTOR = 100")
    assert row(marked(notebook(parameters, first(), second()))) == (*RIGHT, *FULL)


def test_the_reason_shows_an_input_of_the_public_seed_or_none(assignment, secret, session):
    seen = grade(notebook(first("def product(x, y):\n    return x * y")), assignment, {"FACTOR": 2.0}, secret, session)
    assert seen[0].properties[0].reason.startswith("for x = [-0.02], y = [1.61]: entry [0] should be")
    # Wrong for the hidden input alone: it remembers the public one.
    picky = "def product(x, y):\n    return 2 * x * y if abs(x[0] + 0.02) < 0.001 or len(x) > 1 else x"
    hidden = grade(notebook(first(picky)), assignment, {"FACTOR": 2.0}, secret, session)
    assert hidden[0].properties[0].reason == HIDDEN


def test_what_is_odd_is_noted(marked):
    marks = marked(FILES["13 twice, the wrong one first"][0])
    assert marks[0].notes == ["2 answers; the last complete one counts"]
    assert marked(FILES["2 empty"][0])[0].notes == ["the file is empty"]


def test_texts_are_kept_for_people(marked):
    assert marked(notebook(written("Because *so*.")))[2].text == "Because *so*."
    assert marked(notebook(written("*Write here.*")))[2].status == "missing"


def test_solutions_earn_everything_and_stubs_nothing(assignment, marked):
    import nbformat

    common = assignment.common_variant()
    solved = marked(nbformat.writes(solution_copy(assignment, common, "v1")).encode())
    assert row(solved) == (*RIGHT, *FULL)
    assert solved[2].text == "Because the product rule says so."
    untouched = marked(nbformat.writes(student_copy(assignment, common, "v1")).encode())
    assert [(mark.marks, mark.status) for mark in untouched] == [(0, "missing")] * 3
