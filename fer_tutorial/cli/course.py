"""``fer-tutorial course``: assignments are made, released, collected, graded and returned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Union

import tyro

SAMPLES = "a1 (center loss and DACL), a2 (SCN) or a3 (TCL)"
ASSIGNMENT = f"its folder, with assignment.ipynb and key.py, or the name of a sample: {SAMPLES}"
GRADED = "the folder that grade wrote"
SECRET = "a file with a secret, made if it does not exist; parameters and hidden inputs are drawn from it, so keep it"
ROSTER = "a CSV file with a column student, and perhaps name, email, login, section and canvas_id"
IMAGE = "grade in containers of this image, with Python, numpy, torch, torchvision and safetensors, by podman or docker"
UNSAFE = "grade without a sandbox: students' code can then do all that you can"
JOBS = "submissions at a time"


@dataclass
class New:
    """Copy a sample assignment, to be changed, with a secret of its own."""

    out: Annotated[Path, tyro.conf.arg(help="folder to write; keep it private")]
    sample: Annotated[str, tyro.conf.arg(help=f"its name: {SAMPLES}")] = "a1"

    def execute(self) -> None:
        """Copy it."""
        from fer_tutorial.coursework import commands

        print(commands.new(self.sample, self.out))


@dataclass
class Release:
    """Write the students' copies of an assignment, the copy with solutions, and the table of marks.

    Fails if anything of a solution would be left in a students' copy.
    """

    assignment: Annotated[tyro.conf.Positional[str], tyro.conf.arg(help=ASSIGNMENT)]
    out: Annotated[Path, tyro.conf.arg(help="folder to write")]
    tag: Annotated[str, tyro.conf.arg(help="release of fer_tutorial that the copies install, such as v1.2.0")]
    roster: Annotated[
        Path | None, tyro.conf.arg(help=f"a copy for each student, with their own parameters; {ROSTER}")
    ] = None
    secret: Annotated[Path | None, tyro.conf.arg(help=SECRET)] = None

    def execute(self) -> None:
        """Write them."""
        from fer_tutorial.coursework import commands

        print(commands.release_assignment(self.assignment, self.out, self.tag, self.roster, self.secret))


@dataclass
class Collect:
    """Sort what students handed in: one notebook for each, and a table of problems."""

    source: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(help="a folder, or a zip file of Moodle or Canvas")]
    roster: Annotated[Path, tyro.conf.arg(help=ROSTER)]
    out: Annotated[Path, tyro.conf.arg(help="folder to write")]
    deadline: Annotated[str | None, tyro.conf.arg(help="such as 2027-01-31T23:59, to count minutes of lateness")] = None

    def execute(self) -> None:
        """Sort it."""
        from fer_tutorial.coursework import commands

        print(commands.collect_submissions(self.source, self.roster, self.out, self.deadline))


@dataclass
class Grade:
    """Grade what was collected, each submission in a sandbox. What was graded before and did not change is kept."""

    assignment: Annotated[tyro.conf.Positional[str], tyro.conf.arg(help=ASSIGNMENT)]
    inbox: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(help="the folder that collect wrote")]
    out: Annotated[Path, tyro.conf.arg(help="folder to write")]
    secret: Annotated[Path, tyro.conf.arg(help=SECRET)]
    per_student: Annotated[bool, tyro.conf.arg(help="students have their own parameters, by release --roster")] = False
    jobs: Annotated[int, tyro.conf.arg(help=JOBS)] = 2
    image: Annotated[str | None, tyro.conf.arg(help=IMAGE)] = None
    unsafe: Annotated[bool, tyro.conf.arg(help=UNSAFE)] = False

    def execute(self) -> None:
        """Grade it."""
        from fer_tutorial.coursework import commands

        options = (self.secret, self.per_student, self.jobs, self.image, self.unsafe)
        print(commands.grade_course(self.assignment, self.inbox, self.out, *options))


@dataclass
class Regrade:
    """Grade everything again, with the key as it is now, and say which marks change."""

    graded: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(help=GRADED)]
    diff: Annotated[bool, tyro.conf.arg(help="say what would change, and write nothing")] = False
    jobs: Annotated[int, tyro.conf.arg(help=JOBS)] = 2
    unsafe: Annotated[bool, tyro.conf.arg(help=UNSAFE)] = False

    def execute(self) -> None:
        """Grade it."""
        from fer_tutorial.coursework import commands

        print(commands.regrade_course(self.graded, self.diff, self.jobs, self.unsafe))


@dataclass
class Rubric:
    """Write blind sheets for marking texts by hand."""

    graded: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(help=GRADED)]
    out: Annotated[Path, tyro.conf.arg(help="folder to write")]

    def execute(self) -> None:
        """Write them."""
        from fer_tutorial.coursework import commands

        print(commands.rubric_sheets(self.graded, self.out))


@dataclass
class Feedback:
    """Write a page for every student, and the marks for Moodle and Canvas."""

    graded: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(help=GRADED)]
    roster: Annotated[Path, tyro.conf.arg(help=ROSTER)]
    out: Annotated[Path, tyro.conf.arg(help="folder to write")]
    rubric: Annotated[Path | None, tyro.conf.arg(help="rubric.csv, filled in")] = None

    def execute(self) -> None:
        """Write them."""
        from fer_tutorial.coursework import commands

        print(commands.return_feedback(self.graded, self.roster, self.rubric, self.out))


STEPS = {
    "new": New,
    "release": Release,
    "collect": Collect,
    "grade": Grade,
    "regrade": Regrade,
    "rubric": Rubric,
    "feedback": Feedback,
}
_steps: Any = Union[tuple(Annotated[kind, tyro.conf.subcommand(name)] for name, kind in STEPS.items())]  # noqa: UP007


@dataclass
class CourseCommand:
    """Coursework for lecturers: make, release, collect, grade and return assignments."""

    step: Annotated[_steps, tyro.conf.arg(name="")]

    def execute(self) -> None:
        """Do the step."""
        self.step.execute()
