"""A study: many runs of one experiment, their tables on disk, and how they came about.

A folder holds ``runs.csv`` (a row a run), ``epochs.csv`` (a row an epoch), further tables by name, and ``about.json``.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from tqdm import tqdm

from fer_tutorial.errors import UserError
from fer_tutorial.records.comparison import Comparison, compare
from fer_tutorial.records.files import plain, to_json, write_atomically
from fer_tutorial.records.processes import Failure, one_thread, outcomes
from fer_tutorial.records.provenance import machine, provenance

RESULTS = Path("data", "results")
# What every row of runs.csv says beside its arm and its metrics.
ABOUT_A_RUN = ("seconds", "commit", "processor", "date")

Arm = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What one run measured.

    Args:
        metrics: name -> number: its columns in ``runs.csv``.
        epochs: a row an epoch.
        tables: further tables by name, with as many rows a run as it takes.
    """

    metrics: dict[str, float]
    epochs: pd.DataFrame | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def all_tables(self) -> dict[str, pd.DataFrame]:
        """``tables``, and the epochs under their name."""
        return self.tables | ({} if self.epochs is None else {"epochs": self.epochs})


class Study:
    """The tables of a study in ``folder/name``.

    Args:
        name: the folder's name.
        question: what the study asks, in one sentence.
        settings: what all runs have in common; whatever JSON can hold.
        folder: where studies lie; ``data/results`` here or in the nearest folder above unless given.

    >>> import tempfile
    >>> def one_run(arm):
    ...     return Result({"accuracy": 0.5 + 0.1 * arm["seed"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Study("toy", "How accurate is it?", folder=folder).run([{"seed": 0}, {"seed": 1}], one_run)
    ...     Study.read("toy", folder).runs["accuracy"].tolist()
    toy: seed=0: accuracy 0.5; 0 s
    toy: seed=1: accuracy 0.6; 0 s
    [0.5, 0.6]
    """

    def __init__(
        self, name: str, question: str = "", settings: dict[str, Any] | None = None, folder: Path | str | None = None
    ) -> None:
        self.name = name
        self.question = question
        self.settings = plain(settings or {})
        self.folder = _results() if folder is None else Path(folder)
        self.path = self.folder / name

    # --- reading ---------------------------------------------------------------------------------------------------

    @classmethod
    def read(cls, name: str, folder: Path | str | None = None) -> Study:
        """A study that lies on disk.

        Raises:
            UserError: there is none of that name, or its files are not those of a study.
        """
        study = cls(name, folder=folder)
        if not (study.path / "about.json").is_file():
            there = sorted(path.parent.name for path in study.folder.glob("*/about.json"))
            raise UserError(
                f"{study.path} is no study (no about.json); choose one of {', '.join(there) or 'no study there yet'}"
            )
        study.question, study.settings = study.about["question"], study.about["settings"]
        return study

    @property
    def about(self) -> dict[str, Any]:
        """``question``, ``settings``, ``arm`` (the columns that tell runs apart) and ``parts`` (a provenance each)."""
        path = self.path / "about.json"
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            missing = {"question", "settings", "arm", "parts"} - set(about)
        except (OSError, ValueError, TypeError) as error:
            raise UserError(
                f"{path} cannot be read ({error}); restore it, or remove the folder and run again"
            ) from error
        if missing:
            raise UserError(
                f"{path} lacks {', '.join(sorted(missing))}; restore it, or remove the folder and run again"
            )
        return about

    @property
    def runs(self) -> pd.DataFrame:
        """A row a run: its arm, metrics, seconds, commit, processor and date."""
        return self.table("runs")

    @property
    def epochs(self) -> pd.DataFrame:
        """A row an epoch, with the arm of its run."""
        return self.table("epochs")

    def table(self, name: str, **options: Any) -> pd.DataFrame:
        """One of the study's tables by name, read with ``options`` of ``pandas.read_csv``.

        Raises:
            UserError: there is no such table, or it cannot be read.
        """
        path = self.path / f"{name}.csv"
        if not path.exists():
            there = ", ".join(sorted(file.stem for file in self.path.glob("*.csv")))
            raise UserError(f"the study {self.name} has no table {name!r}; choose among: {there or 'none yet'}")
        try:
            return pd.read_csv(path, **options)
        except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors, as is text that is not UTF-8
            words = " ".join(str(error).split())
            raise UserError(
                f"{path} cannot be read as a table ({words}); restore it, or run the study again"
            ) from error

    def paired(self, a: Arm, b: Arm, metric: str, **options: Any) -> Comparison:
        """Setting ``a`` against setting ``b`` over seeds; see :func:`fer_tutorial.records.comparison.compare`."""
        return compare(self.runs, dict(a), dict(b), metric, **options)

    def made(self, width: int = 100) -> str:
        """How the study was made, for people: each part's command, machine and torch; runs, seeds and minutes."""
        lines = []
        for part in self.about["parts"]:
            facts = part["environment"]
            words = " ".join(part["command"])
            lines += textwrap.wrap(words, width, subsequent_indent="    ", break_on_hyphens=False)
            lines.append(f"    on {machine(facts)}, torch {facts['packages']['torch']}")
        runs = self.runs
        seeds = runs["seed"].nunique()
        counts = f"    {len(runs)} run{'s' * (len(runs) > 1)} with {seeds} seed{'s' * (seeds > 1)}"
        minutes = f", {runs['seconds'].sum() / 60:.0f} minutes of computing" if runs["seconds"].notna().any() else ""
        return "\n".join([*lines, counts + minutes])

    # --- running ---------------------------------------------------------------------------------------------------

    def run(
        self,
        plan: Sequence[Arm],
        one_run: Callable[[Arm], Result],
        processes: int = 1,
        command: list[str] | None = None,
    ) -> None:
        """Do every run of the plan that is not in the tables yet; rows are written after each.

        It may be killed at any moment: the same call goes on where it stopped.

        Args:
            plan: the arms in the order of their importance.  An arm is a dictionary of plain values (numbers, text,
                True, False, None), ``seed`` among them; all have the same keys, and no two are equal.
            one_run: does one.  With several processes it must be a function of a module, or a ``partial`` of one.
            processes: how many runs are done at the same time, each with one thread.
            command: the words of the command for the record; those of this process unless given.

        Raises:
            UserError: an arm that does not fit the others, a study of other settings or columns in the folder, another
                process at work there, or runs that failed; those are told when all others are done.
        """
        columns = _columns_of(plan)
        with self._alone(), one_thread():
            part = provenance(command)
            tables = self._start(columns)
            done = set(_identities(tables["runs"], columns))
            todo = [arm for arm in plan if _identity(arm, columns) not in done]
            if todo:
                self._sign(part)
            failed = []
            with tqdm(total=len(plan), initial=len(plan) - len(todo), desc=self.name, disable=None) as bar:
                for arm, outcome, seconds in outcomes(one_run, todo, processes):
                    words = ", ".join(f"{key}={value}" for key, value in arm.items())
                    if not isinstance(outcome, Failure):
                        self._append(tables, arm, outcome, seconds, part)
                        numbers = ", ".join(f"{key} {_cell(value)}" for key, value in outcome.metrics.items())
                        bar.write(f"{self.name}: {words}: {numbers}; {seconds:.0f} s")
                    else:
                        failed.append(f"{words}: {outcome.strip().splitlines()[-1]}")
                        bar.write(f"{self.name}: {words} failed:\n{outcome}")
                    bar.update()
        if failed:
            raise UserError(
                f"{len(failed)} of {len(todo)} runs of {self.name} failed, the first with {failed[0]}; the others are "
                "kept: mend the cause and give the same command again"
            )

    def _start(self, columns: list[str]) -> dict[str, pd.DataFrame]:
        """The tables so far, as text, after a check that this is the study which lies there."""
        files = sorted(self.path.glob("*.csv"))
        if not files and not (self.path / "about.json").exists():
            about = {"question": self.question, "settings": self.settings, "arm": columns, "parts": []}
            write_atomically(self.path / "about.json", to_json(about).encode())
        about = self.about
        for what, there, here in (
            ("settings", about["settings"], self.settings),
            ("columns", dict.fromkeys(about["arm"], 0), dict.fromkeys(columns, 0)),
        ):
            names = [name for name in {**there, **here} if there.get(name, ...) != here.get(name, ...)]
            if names:
                raise UserError(
                    f"the study in {self.path} was made with other {what} ({', '.join(names)}); use its own, or "
                    "another folder"
                )
        tables = {file.stem: self.table(file.stem, dtype=str, keep_default_na=False) for file in files}
        tables.setdefault("runs", pd.DataFrame(columns=[*columns, *ABOUT_A_RUN], dtype=str))
        for name, table in tables.items():
            if not set(columns) <= set(table):
                raise UserError(f"{self.path / name}.csv lacks a column of {', '.join(columns)}; restore the table")
        # runs.csv is written last, so what the other tables have of a run that it lacks is left from a run cut short.
        finished = set(_identities(tables["runs"], columns))
        kept = {name: [key in finished for key in _identities(table, columns)] for name, table in tables.items()}
        return {name: table[np.array(kept[name], dtype=bool)] for name, table in tables.items()}

    def _sign(self, part: dict[str, Any]) -> None:
        """Add to about.json where the rows to come are from, unless rows are there from just the same."""
        about = self.about
        if not any({**old, "date": None} == {**plain(part), "date": None} for old in about["parts"]):
            about["parts"].append(part)
            write_atomically(self.path / "about.json", to_json(about).encode())

    def _append(
        self, tables: dict[str, pd.DataFrame], arm: Arm, result: Result, seconds: float, part: dict[str, Any]
    ) -> None:
        """One run's rows, added to the tables and written; the row in runs.csv comes last."""
        facts = (round(seconds, 2), part["commit"], machine(part["environment"]), part["date"][:10])
        row = pd.DataFrame([{**result.metrics, **dict(zip(ABOUT_A_RUN, facts, strict=True))}])
        key = {name: str(_blank(value)) for name, value in arm.items()}
        if set(result.metrics) & set(ABOUT_A_RUN):
            raise ValueError(f"no metric may be named {', '.join(ABOUT_A_RUN)}: the study writes these itself")
        for name, rows in [*result.all_tables().items(), ("runs", row)]:
            if set(rows) & set(arm):
                raise ValueError(f"the columns {set(rows) & set(arm)} of the table {name} are those of the arm")
            parts = [table for table in (tables.get(name), rows.map(_cell).assign(**key)) if table is not None]
            table = pd.concat(parts, ignore_index=True)
            measured = [column for column in table if column not in arm and column not in ABOUT_A_RUN]
            tables[name] = table[[*arm, *measured, *(c for c in ABOUT_A_RUN if c in table)]]
            write_atomically(self.path / f"{name}.csv", tables[name].to_csv(index=False).encode())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps a second process from writing to the same tables; the system lets go when this one ends, however."""
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            raise UserError(f"another process is at work on {self.path}; wait for it, or end it first") from None
        except OSError as error:
            raise UserError(f"{self.path} cannot be written ({error.strerror}); choose another folder") from error
        with lock:
            yield


def _results() -> Path:
    """``data/results`` here or in the nearest folder above: studies run at the root, notebooks read in ``book``."""
    here = Path.cwd()
    return next((above / RESULTS for above in (here, *here.parents) if (above / RESULTS).is_dir()), here / RESULTS)


# --- arms and cells as text ------------------------------------------------------------------------------------------


def _columns_of(plan: Sequence[Arm]) -> list[str]:
    """The keys that all arms have, or a UserError for a plan that cannot be told apart row by row."""
    if not plan:
        raise UserError("the plan of the study has no run; give at least one seed and one setting")
    columns = list(plan[0])
    for arm in plan:
        if set(arm) != set(columns):
            raise UserError(f"the arm {dict(arm)} has other keys than {', '.join(columns)}; give all arms the same")
    if "seed" not in columns or set(columns) & set(ABOUT_A_RUN):
        raise UserError(f"an arm needs a seed and no key of {', '.join(ABOUT_A_RUN)}; found {', '.join(columns)}")
    if len({_identity(arm, columns) for arm in plan}) < len(plan):
        raise UserError("two arms of the plan are equal; name each run once")
    return columns


def _identity(arm: Arm, columns: list[str]) -> tuple[str, ...]:
    """What tells a run from others, in the text that its table holds."""
    return tuple(str(_blank(arm[column])) for column in columns)


def _identities(table: pd.DataFrame, columns: list[str]) -> list[tuple[str, ...]]:
    return list(zip(*(table[column] for column in columns), strict=True))


def _blank(value: Any) -> Any:
    return "" if value is None else value


def _cell(value: Any) -> str:
    """A value in a table: six digits of a number, nothing where it is missing."""
    if value is None or value != value:
        return ""
    is_fraction = isinstance(value, Real) and not hasattr(value, "__index__")
    return f"{float(value):.6g}" if is_fraction else str(value)
