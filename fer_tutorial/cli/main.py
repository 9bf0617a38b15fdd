"""The command line: ``train``, ``evaluate``, ``explore``, ``datasets``, ``pack``, ``faces`` and ``course``."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import make_dataclass
from typing import Annotated, Any, Union

import tyro

from fer_tutorial.cli.course import STEPS, CourseCommand
from fer_tutorial.cli.data import DatasetsCommand, FacesCommand, PackCommand
from fer_tutorial.cli.evaluate import EvaluateCommand
from fer_tutorial.cli.explore import ExploreCommand
from fer_tutorial.cli.options import parse
from fer_tutorial.cli.train import train_commands
from fer_tutorial.errors import UserError
from fer_tutorial.methods import METHODS

ABOUT = """Facial expression recognition: train and evaluate the methods of five papers.

examples:
  fer-tutorial train dacl                                       # on synthetic faces, a minute on a CPU
  fer-tutorial train dacl --data ferplus --data-root FERPLUS    # on real ones
  fer-tutorial train dacl --resume runs/dacl-synthetic-001      # continue after an interruption
  fer-tutorial evaluate runs/dacl-synthetic-001
  fer-tutorial explore runs/dacl-synthetic-001                  # a page: ask the network what it looks at
  fer-tutorial train scn --data ferplus --data-root FERPLUS --preset official --pretrained resnet18.safetensors
  accelerate launch --num_processes 8 -m fer_tutorial.cli train dacl --data packed --data-root PACKED"""

COMMANDS = {
    "train": None,
    "evaluate": EvaluateCommand,
    "explore": ExploreCommand,
    "datasets": DatasetsCommand,
    "pack": PackCommand,
    "faces": FacesCommand,
    "course": CourseCommand,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command.

    What is wrong with the input is said in one sentence, and the exit status is 2.  Every other exception is a fault of
    this program: it ends with its traceback, and status 1.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("fer_tutorial").setLevel(logging.INFO)
    try:
        try:
            read_command([*words, "--help"] if words in ([], ["train"], ["course"]) else words).execute()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # who read it has seen enough: fer-tutorial train dacl --help | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)  # as if SIGPIPE had ended it
    except UserError as error:
        print(f"fer-tutorial: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("fer-tutorial: interrupted; a training run continues with --resume", file=sys.stderr)
        sys.exit(130)


def read_command(words: list[str]) -> Any:
    """The command that the words after the program's name ask for, as an object that can ``run()``."""
    training, defaults = train_commands(words)
    train = make_dataclass(
        "Train",
        [("command", Annotated[training, tyro.conf.arg(name="")])],
        namespace={"__doc__": "Train a method on a data set.", "execute": lambda self: self.command.execute()},
    )
    kinds = {**COMMANDS, "train": train}
    members = tuple(Annotated[kind, tyro.conf.subcommand(name)] for name, kind in kinds.items())
    known = [*COMMANDS, *METHODS, *STEPS]
    union: Any = Union[members]  # noqa: UP007 - of a tuple
    return parse(union, words, ABOUT, defaults if words[0] == "train" else [], known)
