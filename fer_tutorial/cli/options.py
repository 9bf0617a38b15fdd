"""Reading the command line: options as dataclasses, and everything that is wrong with them in one sentence."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from fer_tutorial.config import DataConfig, Device
from fer_tutorial.errors import UserError
from fer_tutorial.names import DATASETS

DATA_OPTIONS = "what its reader takes besides, as NAME=VALUE, such as n=2000 label_noise=0.2 for synthetic faces"
CLASSES = "7 expressions, or 8 with contempt"
SIZE = "side of the images in pixels"
# What the readers' functions call the options that have a name of their own on the command line.
OF_THEIR_OWN = {
    "root": "--data-root",
    "split": "--split",
    "size": "--size",
    "channels": "--channels",
    "num_classes": "--classes",
}


@dataclass(frozen=True)
class DataChoice:
    """Which faces."""

    data: Annotated[str, tyro.conf.arg(help=f"the data set: {', '.join(DATASETS)}; see fer-tutorial datasets")] = (
        "synthetic"
    )
    data_root: Annotated[
        Path | None, tyro.conf.arg(help="the folder that holds the data set; synthetic faces need none")
    ] = None
    data_options: Annotated[tuple[str, ...], tyro.conf.arg(help=DATA_OPTIONS)] = ()
    size: Annotated[int, tyro.conf.arg(help=SIZE)] = 48
    classes: Annotated[int, tyro.conf.arg(help=CLASSES)] = 7
    channels: Annotated[int | None, tyro.conf.arg(help="1 (gray) or 3; as the data set has them unless given")] = None

    @classmethod
    def of(cls, config: DataConfig) -> DataChoice:
        """The options that would be typed for ``config``."""
        options = tuple(f"{name}={value!r}" for name, value in config.options.items())
        root = Path(config.root) if config.root is not None else None
        return cls(config.name, root, options, config.size, config.classes, config.channels)

    def config(self) -> DataConfig:
        """What was chosen; a folder by its full path, so that a run can be continued from anywhere."""
        root = str(self.data_root.expanduser().resolve()) if self.data_root is not None else None
        options = named_values(self.data_options, OF_THEIR_OWN)
        return DataConfig(self.data, root, self.size, self.classes, self.channels, options)


@dataclass
class RunChoice:
    """A run, and the faces that it is shown: without further options, the test split of its own data."""

    run: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(help="folder of the run")]
    weights: Annotated[Literal["best", "last"], tyro.conf.arg(help="the best epoch's or the last one's")] = "best"
    split: Annotated[str, tyro.conf.arg(help="train, valid or test; of a folder also all")] = "test"
    data: Annotated[
        str | None,
        tyro.conf.arg(help=f"another data set: {', '.join(DATASETS)}; see fer-tutorial datasets"),
    ] = None
    data_root: Annotated[Path | None, tyro.conf.arg(help="the folder that holds the data set")] = None
    data_options: Annotated[
        tuple[str, ...], tyro.conf.arg(help=f"{DATA_OPTIONS}; they are added to the run's own where the data are")
    ] = ()
    device: Annotated[Device, tyro.conf.arg(help="cpu, cuda, or auto for a GPU where there is one")] = "auto"

    def faces(self) -> DataConfig:
        """What to evaluate on: the run's own data, or others in the form in which its network takes them."""
        from fer_tutorial.records.run_folder import saved_spec
        from fer_tutorial.training.run import saved_plan

        options = named_values(self.data_options, OF_THEIR_OWN)
        root = str(self.data_root) if self.data_root is not None else None
        if self.data is not None:
            spec = saved_spec(self.run)
            return DataConfig(self.data, root, spec.image_size, 8 if spec.num_classes == 8 else 7, None, options)
        own = saved_plan(self.run).data
        return replace(own, root=root or own.root, options={**own.options, **options})


def parse(kind: Any, arguments: Sequence[str], description: str, defaults: Iterable[Any], words: Iterable[str]) -> Any:
    """Read ``arguments`` as one of the commands of ``kind``, a union of dataclasses.

    Args:
        kind: the commands.
        arguments: the words after the program's name.
        description: what the help begins with.
        defaults: of the commands; an option that is none of theirs is answered with the one of theirs that is nearest.
        words: names of commands and methods, for the same purpose.

    Raises:
        UserError: something that is wrong with the arguments.
    """
    known = [*words, *(option for default in defaults for option in option_names(default))]
    try:
        with _told(arguments, known):
            return tyro.cli(kind, args=list(arguments), prog="fer-tutorial", description=description)
    except UserError:
        raise
    except ValueError as error:  # of the hyper-parameters of a paper, which know nothing of UserError
        raise UserError(str(error)) from error


def option_names(default: Any, prefix: str = "") -> Iterator[str]:
    """The options that tyro makes of a dataclass: ``--batch-size``, ``--method.lambda_``."""
    for member in fields(default):
        if "Suppress" in str(member.type):
            continue
        value = getattr(default, member.name)
        name = prefix + member.name.strip("_").replace("_", "-") + "_" * member.name.endswith("_")
        if is_dataclass(value):
            yield from option_names(value, "" if member.name in ("faces", "train") else f"{member.name}.")
        else:
            yield f"--{name}"


@contextmanager
def _told(arguments: Sequence[str], known: Sequence[str]) -> Iterator[None]:
    """Within this context, what tyro would say in a box is raised as a UserError of one sentence.

    The hook is not public yet.  A tyro that does not have it draws its box and exits with the same status.
    """
    errors = getattr(tyro, "_errors", None)
    hook = getattr(errors, "on_parse_error", None)
    with nullcontext() if hook is None else hook(lambda event: _raise(event, arguments, known)):
        yield


def _raise(event: Any, arguments: Sequence[str], known: Sequence[str]) -> None:
    see = f"see {event.prog} --help"
    match type(event).__name__:
        case "UnrecognizedArgs":
            word = event.tokens[0]
            kind = "argument"
            if word.startswith("-"):
                kind = "option"
            elif [word] == list(arguments[:1]):
                kind = "command"
            elif ["train", word] == list(arguments[:2]):
                kind = "method"
            elif ["course", word] == list(arguments[:2]):
                kind = "step"
            raise UserError(f"there is no {kind} {word!r}{did_you_mean(word.split('=')[0], known)}; {see}")
        case "MissingArgs":
            names = " and ".join(each.arg.display_name() for each in event.missing_arguments)
            raise UserError(f"{names} is missing; {see}")
        case "MissingSubcommand":
            raise UserError(f"expected one of {', '.join(event.subcommand_spec.parser_from_name)}; {see}")
        case "InvalidChoice":
            choices = ", ".join(event.choices)
            raise UserError(
                f"{event.argument.display_name()} is {event.value!r}{did_you_mean(event.value, event.choices)}; "
                f"expected one of {choices}"
            )
        case "BadValue":
            raise UserError(f"{event.argument.display_name()} has no value; {see}")
        case "InstantiationFailure":
            if event.argument is None:
                raise UserError(event.message)
            raise UserError(f"{event.argument.display_name()} cannot be read ({event.message}); {see}")


def named_values(options: Sequence[str], of_their_own: dict[str, str] | None = None) -> dict[str, Any]:
    """``("n=10", "labels=vote")`` as ``{"n": 10, "labels": "vote"}``.

    Args:
        options: what was typed.
        of_their_own: names that are refused, each with the option that stands for it.

    >>> named_values(("n=10", "labels=vote"))
    {'n': 10, 'labels': 'vote'}
    """
    values: dict[str, Any] = {}
    for option in options:
        name, separator, text = option.partition("=")
        if not separator or not name:
            raise UserError(f"the option {option!r} has no value; expected NAME=VALUE, such as n=2000")
        if name in (of_their_own or {}):
            raise UserError(f"{option!r} is an option of its own here; use {(of_their_own or {})[name]}")
        if name in values:
            raise UserError(f"the option {name!r} is given twice; expected it once")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = text
        values[name] = text if value is ... else value  # the pattern (...) is text, not Python's ellipsis
    return values


def option_value(arguments: Sequence[str], option: str) -> str | None:
    """The value that ``option`` has among ``arguments``, before they are parsed; None if it is not there.

    >>> option_value(["train", "dacl", "--preset=official"], "--preset")
    'official'
    """
    for position, argument in enumerate(arguments):
        name, separator, value = argument.partition("=")
        if name.replace("_", "-") == option:
            return value if separator else "".join(arguments[position + 1 : position + 2])
    return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'train'?)``, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
