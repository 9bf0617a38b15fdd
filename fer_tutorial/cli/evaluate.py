"""``fer-tutorial evaluate RUN``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from fer_tutorial.cli.options import RunChoice


@dataclass
class EvaluateCommand(RunChoice):
    """Evaluate what a run has trained; without further options, on the test split of the run's own data.

    Classes are matched by name, so the data may number them otherwise or have only some of the network's.
    """

    cross: Annotated[
        tuple[str, ...],
        tyro.conf.arg(help="attributes of people to cross, such as sex 'skin tone'; each by itself if none is given"),
    ] = ()
    out: Annotated[
        Path | None,
        tyro.conf.arg(help="where to write the metrics (.json) and, beside it, confusion matrix and accuracy by group"),
    ] = None

    def execute(self) -> None:
        """Do it, and say what came of it."""
        from fer_tutorial.records.files import to_json, write_atomically
        from fer_tutorial.records.report import write_confusion, write_groups
        from fer_tutorial.records.run_folder import load_run
        from fer_tutorial.training.evaluate import evaluate
        from fer_tutorial.training.setup import choose_device
        from fer_tutorial.training.splits import load_split

        device = choose_device(self.device)
        faces = self.faces()
        method: Any = load_run(self.run, self.weights).to(device)
        data = load_split(faces, self.split, any_classes=True)
        metrics = evaluate(method, data, crossed=self.cross)
        samples = len(data) - metrics.get("left_out", 0)
        print(f"{method.spec.name} on the {self.split} split of {data.name}, {samples} samples:")
        print(describe(metrics, method.spec.class_names))
        if self.out is not None:
            write_atomically(self.out, to_json(metrics).encode())
            if "confusion_matrix" in metrics:
                write_confusion(self.out.with_suffix(""), metrics["confusion_matrix"], method.spec.class_names)
            if "groups" in metrics:
                write_groups(self.out.with_name(f"{self.out.stem}_groups"), metrics["groups"])


def describe(metrics: dict[str, Any], names: Sequence[str]) -> str:
    """Metrics as lines of text."""
    lines = [
        f"  {name.replace('_', ' '):<20} {value:.4f}" for name, value in metrics.items() if isinstance(value, float)
    ]
    if "confusion_matrix" in metrics:
        lines.append("  confusion matrix (truth in rows, predictions in columns):")
        lines.append("  " + " " * 12 + "".join(f"{name[:9]:>10}" for name in names))
        for name, row in zip(names, metrics["confusion_matrix"], strict=True):
            lines.append(f"  {name:<12}" + "".join(f"{count:>10}" for count in row))
    for name, values in metrics.items():
        if name.endswith("_per_unit"):
            units = "  ".join(f"AU{unit} {value:.3f}" for unit, value in values.items())
            lines.append(f"  {name.removesuffix('_per_unit')} per action unit: {units}")
    if "left_out" in metrics:
        lines.append(f"  left out: {metrics['left_out']} samples of expressions that the network does not know")
    if "restricted" in metrics:
        few = metrics["restricted"]
        lines.append(f"  if only {', '.join(few['class_names'])} compete, which are all that the data have:")
        lines.append(describe({k: v for k, v in few.items() if isinstance(v, float)}, ()))
    if "groups" in metrics:
        lines.append("  accuracy by group (95 % interval, as if each person were one picture):")
        for row in metrics["groups"]:
            interval = f"({row['low']:.3f} to {row['high']:.3f})"
            lines.append(
                f"    {row['attribute'] + ': ' + row['group']:<34} {row['accuracy']:.3f} {interval}"
                f"  {row['people']} people, {row['samples']} samples"
            )
    return "\n".join(lines)
