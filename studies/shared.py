"""What the programs of the studies share: one command line, and one way to train an expression method."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import save
from torch import nn

from fer_tutorial.config import TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import build_method, presets
from fer_tutorial.records.files import write_atomically
from fer_tutorial.records.study import Arm, Result, Study
from fer_tutorial.training.engine import Run, train
from fer_tutorial.training.evaluate import evaluate

EXPRESSION_METRICS = ("accuracy", "mean_class_accuracy", "macro_f1")


@dataclass(frozen=True)
class Part:
    """One study of a program.

    Args:
        name: of its folder.
        question: what it asks, in one sentence.
        settings: a frozen dataclass: what all runs have in common.
        plan: the arms for so many seeds, in the order of their importance; arms may be added to a study later.
        one_run: does one, from the settings and an arm.
        quick: settings that make every run a matter of a second, to see that the program works.
        chosen_by: the study whose runs the plan needs as well, to take its settings from.
    """

    name: str
    question: str
    settings: Any
    plan: Callable[..., list[Arm]]
    one_run: Callable[[Any, Arm], Result]
    quick: dict[str, Any]
    chosen_by: str | None = None

    def arms(self, seeds: int, folder: Path | None = None) -> list[Arm]:
        """The plan for so many seeds; ``folder`` is where studies lie."""
        return self.plan(seeds, *([] if self.chosen_by is None else [Study.read(self.chosen_by, folder).runs]))


def main(program: str, description: str | None, parts: dict[str, Part], arguments: list[str] | None) -> None:
    """The command line of a program with these studies."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog=f"python -m {program}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = "; ".join(
        f"{name}: " + ", ".join(f"{key}={value!r}" for key, value in asdict(part.settings).items())
        for name, part in parts.items()
    )
    parser.add_argument("part", choices=list(parts), help="; ".join(f"{k}: {p.question}" for k, p in parts.items()))
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0, 1, ... of every arm (default: 3)")
    parser.add_argument("--processes", type=int, default=1, help="runs at the same time, a thread each (default: 1)")
    parser.add_argument("--out", type=Path, help="folder of the study's folder (default: data/results)")
    parser.add_argument("--data-root", type=Path, help="where the files of real faces lie, for studies that need them")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help=f"other settings ({known})")
    parser.add_argument("--quick", action="store_true", help="one seed, tiny: to see that it works; needs --out")
    options = parser.parse_args(words)
    part = parts[options.part]
    try:
        if options.quick and options.out is None:
            raise UserError("--quick measures nothing; give a folder for its tables with --out")
        if min(options.seeds, options.processes) < 1:
            raise UserError("--seeds and --processes count from 1; give whole numbers above 0")
        settings = replace(part.settings, **(part.quick if options.quick else {}))
        settings = replace(settings, **_values(options.set, settings))
        study = Study(part.name, part.question, asdict(settings), options.out)
        root = {} if options.data_root is None else {"data_root": options.data_root}
        plan = part.arms(1 if options.quick else options.seeds, options.out)
        study.run(plan, partial(part.one_run, settings, **root), options.processes, ["python", "-m", program, *words])
    except UserError as error:
        parser.exit(2, f"{program}: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"\n{program}: stopped; the same command goes on\n")
    print(f"{study.path}\n{study.made()}")


def _values(pairs: list[str], settings: Any) -> dict[str, Any]:
    """``["epochs=2", "backbone=resnet18"]`` as a dictionary, for names that the settings have."""
    names = [field.name for field in fields(settings)]
    found: dict[str, Any] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        if name not in names:
            raise UserError(f"there is no setting {name!r}; choose among {', '.join(names)}")
        try:
            found[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            found[name] = text
    return found


def over_seeds(seeds: int, **columns: Any) -> list[Arm]:
    """Every value of one column with every seed, all values before the next seed."""
    ((name, values),) = columns.items()
    return [{name: value, "seed": seed} for seed in range(seeds) for value in values]


@cache
def faces(settings: Any) -> tuple[FaceData, FaceData]:
    """Synthetic training and test faces, of different people, that look as ``settings`` say."""
    look = {"size": settings.size, "nuisance": settings.nuisance, "intensity": settings.intensity}
    return (
        load_data("synthetic", split="train", n=settings.train_size, **look),
        load_data("synthetic", split="test", n=settings.test_size, **look),
    )


def train_expression(
    name: str,
    changes: dict[str, Any],
    data: FaceData,
    test: FaceData,
    config: TrainConfig,
    backbone: str,
    pretrained: str | None = None,
    **watching: Any,
) -> tuple[Any, Run]:
    """Train a method's small preset with some ``changes``, ``watching`` as ``train`` can; the method and its run."""
    available = presets(name)
    preset = replace(available.get("small", next(iter(available.values()))), **changes)
    method = build_method(name, data, backbone=backbone, pretrained=pretrained, config=preset, seed=config.seed)
    return method, train(method, data, test, config, **watching)


def expression_result(run: Run, test: FaceData, **further: float) -> Result:
    """The last epoch's metrics, all epochs, and the confusion matrix.  No epoch is chosen by its test metrics."""
    last = run.history.iloc[-1].drop(["epoch", "lr"]).to_dict()
    table = confusion(run.metrics["confusion_matrix"], test.class_names)
    return Result(last | further, run.history, {"confusion": table})


def chosen_epoch_result(method: Any, run: Run, test: FaceData | None = None) -> Result:
    """A run that ended with the weights of its best epoch: that epoch's row, and what the weights reach on ``test``."""
    best = run.history.iloc[run.best_epoch].drop(["epoch", "lr"]).to_dict()
    metrics = {(f"valid_{name}" if name in EXPRESSION_METRICS else name): value for name, value in best.items()}
    metrics["best_epoch"] = run.best_epoch
    if test is None:
        return Result(metrics, run.history)
    found = evaluate(method, test)
    table = confusion(found["confusion_matrix"], test.class_names)
    return Result({name: found[name] for name in EXPRESSION_METRICS} | metrics, run.history, {"confusion": table})


def confusion(matrix: np.ndarray, names: tuple[str, ...]) -> pd.DataFrame:
    """A confusion matrix (K, K) as a table of true, predicted and count."""
    true, predicted = np.indices(matrix.shape)
    labels = np.array(names)
    return pd.DataFrame({"true": labels[true.ravel()], "predicted": labels[predicted.ravel()], "count": matrix.ravel()})


def save_weights(network: nn.Module, path: Path) -> None:
    """A network's weights as safetensors, in half precision."""
    weights = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    write_atomically(path, save(weights))
