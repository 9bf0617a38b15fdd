"""The folder of a run: all that is needed to repeat it, continue it and read what it reached."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
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
        if (self.path / "config.json").exists():
            raise UserError(f"{self.path} holds a run already; continue it with --resume, or choose another folder")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"the folder {self.path} cannot be made ({error.strerror}); choose another one") from error
        write_atomically(
            self.path / "config.json", to_json(self.description(method, data, config) | {"notes": notes}).encode()
        )
        write_atomically(self.path / "environment.json", to_json(provenance()).encode())

    def check_same(self, method: Any, data: FaceData, config: TrainConfig) -> None:
        """Raise a UserError that names what differs, if this is not the run that lies here."""
        saved, wanted = _flat(self.read_config()), _flat(self.description(method, data, config))
        names = [
            n for n in {**saved, **wanted} if saved.get(n) != wanted.get(n) and n.split(".")[-1] not in FREE_TO_CHANGE
        ]
        if names:
            changes = ", ".join(f"{name} {saved.get(name)!r} there and {wanted.get(name)!r} here" for name in names[:4])
            raise UserError(
                f"the run in {self.path} cannot be continued with other settings ({changes}); "
                "use the run's own settings, or start a new run"
            )

    def save_best(self, method: Any, facts: dict[str, Any]) -> None:
        """Keep the method's present weights as the best so far."""
        save_checkpoint(self.best, {"method": method.state_dict()}, facts)

    def write_metrics(self, history: pd.DataFrame) -> None:
        """The table of all epochs so far."""
        write_atomically(self.path / "metrics.csv", history.to_csv(index=False).encode())

    def write_report(self, report: dict[str, Any]) -> None:
        """What the run reached."""
        write_atomically(self.path / "report.json", to_json(report).encode())

    def read_config(self) -> dict[str, Any]:
        """The run's config.json, or a UserError where there is none."""
        file = self.path / "config.json"
        if not file.is_file():
            raise UserError(
                f"{self.path} holds no run (no config.json); give the folder that fer-tutorial train has written"
            )
        return json.loads(file.read_text())


def load_run(folder: Path | str, which: str = "best") -> nn.Module:
    """The trained method of a run, from its best or its last weights.

    Raises:
        UserError: the folder holds no run, or no such weights.
    """
    files = RunFolder(folder)
    saved = files.read_config()
    spec_fields = {field.name: saved["method"][field.name] for field in fields(MethodSpec)}
    spec_fields |= {name: tuple(spec_fields[name]) for name in ("class_names", "action_units")}
    spec = MethodSpec(**spec_fields)
    method = build_from_spec(spec, restore_config(config_class(spec.name), saved["method_config"]))
    weights = files.path / f"{which}.safetensors"
    groups, _ = load_checkpoint(weights)
    load_weights(method, groups["method"] | groups.get("ema", {}), weights)
    return method.eval()


def saved_config(folder: Path | str) -> TrainConfig:
    """The TrainConfig of the run in ``folder``."""
    saved = RunFolder(folder).read_config()["train"]
    return restore_config(TrainConfig, saved | {"augment": restore_config(AugmentConfig, saved["augment"])})


def restore_config(kind: type, values: dict[str, Any]) -> Any:
    """A configuration dataclass from its JSON form, in which tuples have become lists."""
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one with dotted names, without the notes."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if name == "notes":
            continue
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
