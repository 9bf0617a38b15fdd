"""The folder of a run: all that is needed to repeat it, continue it and read what it reached."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData, fingerprint
from fer_tutorial.methods import MethodSpec, build_from_spec, config_class
from fer_tutorial.records.checkpoint import load_checkpoint, load_weights, save_checkpoint
from fer_tutorial.records.files import plain, to_json, write_atomically
from fer_tutorial.records.provenance import provenance

# Of config.json; a number that is raised when its content changes so that older code could not continue the run.
FORMAT = 1
PARTS = ("method", "method_config", "train", "data", "notes")

# What may differ between a run and its continuation, because the weights do not depend on it.
FREE_TO_CHANGE = ("progress", "device_cache_gb", "checkpoint_steps", "tensorboard")


class RunFolder:
    """One run's files: config.json, environment.json, metrics.csv, last.safetensors, best.safetensors, report.json.

    Args:
        path: the folder; made when the run starts.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.last = self.path / "last.safetensors"
        self.best = self.path / "best.safetensors"

    def description(self, method: Any, data: FaceData, config: TrainConfig) -> dict[str, Any]:
        """What a continuation of the run must have in common with it."""
        return plain(
            {
                "format": FORMAT,
                "method": asdict(method.spec),
                "method_config": asdict(method.config),
                "train": asdict(config),
                "data": {
                    "name": data.name,
                    "split": data.split,
                    "samples": len(data),
                    "index": fingerprint(data.index),
                    "labels": fingerprint(data.labels),
                },
            }
        )

    def start(self, method: Any, data: FaceData, config: TrainConfig, notes: dict[str, Any]) -> None:
        """Make the folder and describe the run in it.

        Raises:
            UserError: a run lies there already, or the folder cannot be made.
        """
        self.check_free()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"the folder {self.path} cannot be made ({error.strerror}); choose another one") from error
        write_atomically(
            self.path / "config.json", to_json(self.description(method, data, config) | {"notes": notes}).encode()
        )
        write_atomically(self.path / "environment.json", to_json(provenance()).encode())

    def check_free(self) -> None:
        """Raise a UserError if a run lies there already, or something that is no folder."""
        if (self.path / "config.json").exists():
            raise UserError(f"{self.path} holds a run already; continue it with --resume, or choose another folder")
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f"{self.path} is a file; choose another place for the folder of the run")

    def check_method(self, name: str, known_as: Path | str | None = None) -> None:
        """Raise a UserError that says how to continue this run, if it is one of another method than ``name``.

        Args:
            known_as: what people give as the folder of the run, where that is a folder around this one.
        """
        folder = known_as or self.path
        method = self.read_config()["method"].get("name")
        if method != name:
            raise UserError(
                f"the run in {folder} is one of {method}; continue it with: fer-tutorial train {method} "
                f"--resume {folder}"
            )

    def check_same(self, method: Any, data: FaceData, config: TrainConfig) -> None:
        """Raise a UserError that names what differs, if this is not the run that lies here.

        More epochs are no difference, unless the learning rate falls to zero over all of them.
        """
        saved, wanted = self.read_config(), self.description(method, data, config)
        before, now = saved["train"].get("epochs"), config.epochs
        if before != now and isinstance(before, int):
            self._check_longer(before, now, config.schedule)
            saved["train"]["epochs"] = now
        old, new = _flat(saved), _flat(wanted)
        names = [n for n in {**old, **new} if old.get(n) != new.get(n) and n.split(".")[-1] not in FREE_TO_CHANGE]
        if names:
            changes = ", ".join(f"{name} {old.get(name)!r} there and {new.get(name)!r} here" for name in names[:4])
            raise UserError(
                f"the run in {self.path} cannot be continued with other settings ({changes}); "
                "use the run's own settings, or start a new run"
            )

    def _check_longer(self, before: int, now: int, schedule: str) -> None:
        if now < before:
            raise UserError(
                f"the run in {self.path} is one of {before} epochs and cannot become one of {now}; leave out epochs "
                "(--epochs), or give more"
            )
        if schedule == "cosine":
            raise UserError(
                f"the learning rate of the run in {self.path} falls to zero over its {before} epochs, so {now} epochs "
                "would be another run from the first step on; start a new run of that length, or one with a constant "
                "schedule (--schedule constant), which can be made longer"
            )

    def note_epochs(self, epochs: int) -> None:
        """Write down that the run goes on to so many epochs."""
        saved = self.read_config()
        if saved["train"]["epochs"] != epochs:
            saved["train"]["epochs"] = epochs
            write_atomically(self.path / "config.json", to_json(saved).encode())

    def save_best(self, method: Any, facts: dict[str, Any]) -> None:
        """Keep the method's present weights as the best so far."""
        save_checkpoint(self.best, {"method": method.state_dict()}, facts)

    def write_metrics(self, history: pd.DataFrame) -> None:
        """The table of all epochs so far."""
        write_atomically(self.path / "metrics.csv", history.to_csv(index=False).encode())

    def write_report(self, report: dict[str, Any]) -> None:
        """What the run reached."""
        write_atomically(self.path / "report.json", to_json(report).encode())

    def read_report(self) -> dict[str, Any] | None:
        """What the run reached; None where that is not known yet.

        Raises:
            UserError: a damaged file.
        """
        file = self.path / "report.json"
        if not file.is_file():
            return None
        try:
            report = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(file, str(error)) from error
        if not isinstance(report, dict):
            raise _damaged(file, "it holds no report")
        return report

    def read_config(self) -> dict[str, Any]:
        """The run's config.json.

        Raises:
            UserError: there is none, or it is damaged or of a newer format.
        """
        file = self.path / "config.json"
        if not file.is_file():
            raise UserError(
                f"{self.path} holds no run (no config.json); give the folder that fer-tutorial train has written"
            )
        try:
            saved = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(file, str(error)) from error
        if not isinstance(saved, dict):
            raise _damaged(file, "it holds no settings")
        written = saved.get("format")
        if isinstance(written, int) and written > FORMAT:
            raise UserError(f"{file} has format {written} but this version knows {FORMAT} at most; update fer-tutorial")
        missing = [part for part in PARTS if not isinstance(saved.get(part), dict)]
        if written != FORMAT or missing:
            raise _damaged(file, f"it has no {', '.join(missing) or 'format'}")
        return saved


def _damaged(file: Path, why: str) -> UserError:
    return UserError(f"{file} is damaged ({why}); put back the file that training wrote, or start a new run")


def load_run(folder: Path | str, which: str = "best") -> nn.Module:
    """The trained method of a run, from its best or its last weights.

    Raises:
        UserError: the folder holds no run, or no such weights.
    """
    files = RunFolder(folder)
    method = build_from_spec(saved_spec(folder), saved_method_config(folder))
    weights = files.path / f"{which}.safetensors"
    groups, _ = load_checkpoint(weights)
    load_weights(method, groups.get("method", {}) | groups.get("ema", {}), weights)
    return method.eval()


def saved_spec(folder: Path | str) -> MethodSpec:
    """What the method of the run in ``folder`` was built from."""
    saved = RunFolder(folder).read_config()["method"]
    return restore_config(MethodSpec, saved, RunFolder(folder).path / "config.json")


def saved_method_config(folder: Path | str) -> Any:
    """The hyper-parameters of the method of the run in ``folder``."""
    saved = RunFolder(folder).read_config()["method_config"]
    return restore_config(config_class(saved_spec(folder).name), saved, RunFolder(folder).path / "config.json")


def saved_config(folder: Path | str) -> TrainConfig:
    """The TrainConfig of the run in ``folder``."""
    file = RunFolder(folder).path / "config.json"
    saved = RunFolder(folder).read_config()["train"]
    if not isinstance(saved.get("augment"), dict):
        raise _damaged(file, "it has no augment")
    return restore_config(TrainConfig, saved | {"augment": restore_config(AugmentConfig, saved["augment"], file)}, file)


def restore_config(kind: type, values: dict[str, Any], file: Path) -> Any:
    """A configuration dataclass from its JSON form in ``file``, in which tuples have become lists.

    Raises:
        UserError: names or values that the dataclass does not have or take.
    """
    try:
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
    except (TypeError, ValueError) as error:
        raise _damaged(file, str(error)) from error


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one with dotted names, without the notes."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if name in ("notes", "format"):
            continue
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
