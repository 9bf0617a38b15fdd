"""`pytest` and `pytest --nbval book`, as people type them: the settings are the project's, not a wrapper's."""

import os
import re
import subprocess
import sys

import pytest

from tests.helpers.executed_notebook import save_executed
from tools.notebook_settings import CELL_TIMEOUT, ENVIRONMENT, THREADS


def typed(folder, *command, **environment):
    """What `pytest ...` says there, and its exit status; without the settings of the tests that run this."""
    plain = {key: value for key, value in os.environ.items() if key not in ENVIRONMENT and key != "PYTHONPATH"}
    done = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "pytest"), "-p", "no:cacheprovider", *command],
        cwd=folder,
        env=plain | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "summary"),
    [
        ([], "1 passed"),
        (["--nbval", "book"], "1 passed"),
        (["--nbval", "book/tiny.ipynb", "tests"], "2 passed"),
    ],
)
def test_the_plain_commands_pass(project, command, summary):
    status, said = typed(project, *command)
    assert (status, re.findall(r"\d+ passed", said)) == (0, [summary]), said


def test_without_nbval_nothing_needs_it_and_no_notebook_is_collected(project):
    assert "1 passed" in typed(project, "-p", "no:nbval")[1]
    assert "no tests ran" in typed(project, "book")[1]


def test_a_wrong_output_fails(project):
    save_executed(project / "book" / "tiny.ipynb", ("6 * 7", "43"))
    status, said = typed(project, "--nbval", "book")
    assert (status, "1 failed" in said) == (1, True), said


def test_plain_notebooks_run_only_where_they_are_named(project):
    (project / "notebooks").mkdir()
    save_executed(project / "notebooks" / "tiny.ipynb", ("6 * 7", "43"))
    status, said = typed(project, "--nbval", ".")
    assert status == 0, said
    assert "1 failed" in typed(project, "--nbval", "notebooks/tiny.ipynb")[1]


def test_kernels_get_the_settings_whatever_the_shell_has_but_as_many_threads_as_asked_for(project):
    expected = ENVIRONMENT | dict.fromkeys(THREADS, "2")
    save_executed(
        project / "book" / "tiny.ipynb",
        (f"import os\n[os.environ[name] for name in {list(expected)}]", str(list(expected.values()))),
        ("import sys\nsys.executable", repr(sys.executable)),  # the environment that pytest runs in
        ("object()", "<object at 0x7f00aabbccdd>"),  # an address, which is not compared
    )
    other = dict.fromkeys(ENVIRONMENT, "7") | {"OMP_NUM_THREADS": "2"}
    status, said = typed(project, "--nbval", "book", **other)
    assert (status, "3 passed" in said) == (0, True), said


def test_the_cell_timeout_is_the_books_and_can_be_chosen(project):
    (project / "tests" / "test_sum.py").write_text(
        "def test_timeout(request):\n    raise SystemError(request.config.option.nbval_cell_timeout)\n"
    )
    assert f"SystemError: {CELL_TIMEOUT}" in typed(project, "--nbval", "tests")[1]
    assert "SystemError: 5.0" in typed(project, "--nbval", "--nbval-cell-timeout=5", "tests")[1]
