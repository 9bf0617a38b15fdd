"""The words that are typed reach the step they name; what the steps do is tested in tests/coursework."""

from pathlib import Path

import pytest

from fer_tutorial.cli import course
from fer_tutorial.cli import main as cli
from fer_tutorial.coursework import commands
from fer_tutorial.coursework.assignment import load, samples

CALLS = {
    "new --out new": ("new", ("a1", Path("new"))),
    "new --out new --sample a2": ("new", ("a2", Path("new"))),
    "release a1 --out o --tag v1": ("release_assignment", ("a1", Path("o"), "v1", None, None)),
    "release a1 --out o --tag v1 --roster r --secret s": (
        "release_assignment",
        ("a1", Path("o"), "v1", Path("r"), Path("s")),
    ),
    "collect zip --roster r --out o": ("collect_submissions", (Path("zip"), Path("r"), Path("o"), None)),
    "grade a1 inbox --out o --secret s --jobs 3 --per-student": (
        "grade_course",
        ("a1", Path("inbox"), Path("o"), Path("s"), True, 3, None, False),
    ),
    "grade a1 inbox --out o --secret s --image i --unsafe": (
        "grade_course",
        ("a1", Path("inbox"), Path("o"), Path("s"), False, 2, "i", True),
    ),
    "regrade o --diff": ("regrade_course", (Path("o"), True, 2, False)),
    "rubric o --out sheets": ("rubric_sheets", (Path("o"), Path("sheets"))),
    "feedback o --roster r --out f --rubric c": ("return_feedback", (Path("o"), Path("r"), Path("c"), Path("f"))),
}


@pytest.mark.parametrize("words", CALLS)
def test_a_step_is_called_with_what_was_typed(words, monkeypatch, capsys):
    name, expected = CALLS[words]
    monkeypatch.setattr(commands, name, lambda *arguments: f"done with {arguments}")
    cli.main(["course", *words.split()])
    assert capsys.readouterr().out == f"done with {expected}\n"


def test_the_help_names_every_sample():
    titles = [load(name).title for name in samples()]
    said = [f"{title[:2].lower()} ({title[4:]})" for title in titles]
    assert ", ".join(said[:-1]) + " or " + said[-1] == course.SAMPLES


def test_what_is_wrong_is_one_sentence(refused, tmp_path):
    said = refused("course", "release", tmp_path / "none", "--out", tmp_path / "o", "--tag", "v1")
    assert "is missing; expected a folder with assignment.ipynb and key.py" in said
