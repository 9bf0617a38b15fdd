"""Compare methods on one data set over several seeds, and write what came out with its provenance.

Writes OUT.csv, a row for each method, seed and epoch, and OUT.json: command, commit, hardware, versions, settings,
times, the last epoch's metrics over seeds, and every run's confusion matrix.  No epoch is chosen by its test metrics.

A method may come in variants, METHOD@FIELD=VALUE,...: ``dacl dacl@lambda_=0.1 dacl@update_rule='autograd'``.

    python studies/compare.py synthetic-noise --methods softmax scn --seeds 0 1 2 --label-noise 0.2 --epochs 20
    python studies/compare.py ferplus --methods softmax dacl --data ferplus --data-root FERPLUS --device cuda \
        --backbone resnet18 --size 48 --epochs 40 --train batch_size=128 precision='bf16'
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_tutorial.datasets import FaceData, load_data
from fer_tutorial.errors import UserError
from fer_tutorial.records.files import to_json
from fer_tutorial.records.provenance import commit, environment
from fer_tutorial.training import METHODS, NO_AUGMENTATION, TrainConfig, build_method, presets, train
from fer_tutorial.training.engine import Run


def main(arguments: list[str] | None = None) -> None:
    """Train every method with every seed, and write the table after each run."""
    options = parse(arguments)
    training, test = load(options, "train"), load(options, "test")
    print(f"{training.name}: {len(training)} training and {len(test)} test samples")
    rows: list[pd.DataFrame] = []
    runs: list[dict[str, Any]] = []
    settings: dict[str, Any] = {}
    for variant in options.methods:
        name, config = configure(variant, options)
        settings[variant] = asdict(config)
        for seed in options.seeds:
            started = time.time()
            method = build_method(
                name, training, backbone=options.backbone, pretrained=options.pretrained, config=config, seed=seed
            )
            train_config = training_config(options, seed)
            run = train(method, training, test, train_config, options.keep and options.keep / f"{variant}-{seed}")
            seconds = round(time.time() - started, 1)
            history = run.history.join(relabelling(run, training), how="left")
            rows.append(
                pd.concat([pd.DataFrame({"method": variant, "seed": seed}, index=history.index), history], axis=1)
            )
            runs.append({"method": variant, "seed": seed, "seconds": seconds, "last_epoch": run.metrics})
            print(f"{variant} seed {seed}: {summary(run.metrics)} in {seconds} s", flush=True)
            write(options, rows, runs, settings, training, test)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="name of the comparison")
    parser.add_argument("--methods", nargs="+", default=["softmax", "dacl"], help=f"of {', '.join(METHODS)}")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--data", default="synthetic")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--data-options", nargs="*", default=[], help="NAME=VALUE for the reader of both splits")
    parser.add_argument("--train-options", nargs="*", default=[], help="NAME=VALUE for the training split alone")
    parser.add_argument("--classes", type=int, default=7)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--label-noise", type=float, default=0.0, help="share of the training labels to flip")
    parser.add_argument("--imbalance", nargs="*", type=float, help="a weight for each class of the training data")
    parser.add_argument("--backbone", default="small_cnn")
    parser.add_argument("--pretrained")
    parser.add_argument("--preset", nargs="*", default=[], help="METHOD=PRESET")
    parser.add_argument("--set", nargs="*", default=[], help="METHOD.FIELD=VALUE for all variants of a method")
    parser.add_argument("--train", nargs="*", default=[], help="FIELD=VALUE of TrainConfig; augment={'flip': 0.5}")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--keep", type=Path, help="folder for the runs themselves: weights, labels, logs")
    parser.add_argument("--out", type=Path, help="path without suffix; data/results/NAME unless given")
    parser.add_argument("--commit", help="commit of the code, where it is not run from a git checkout")
    options = parser.parse_args(arguments)
    options.out = options.out or Path("data/results") / options.name
    return options


def values(pairs: list[str]) -> dict[str, Any]:
    """``["a=1", "b=x"]`` as ``{"a": 1, "b": "x"}``."""
    found = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            found[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            found[name] = text
    return found


def load(options: argparse.Namespace, split: str) -> FaceData:
    """One split; only the training split gets label noise and imbalance."""
    settings = values(options.data_options)
    training = split == "train"
    if training:
        settings |= values(options.train_options)
    synthetic = options.data.startswith("synthetic")
    if training and synthetic and options.label_noise:
        settings["label_noise"] = options.label_noise
    if training and synthetic and options.imbalance:
        settings["imbalance"] = options.imbalance
    data = load_data(options.data, options.data_root, split, size=options.size, num_classes=options.classes, **settings)
    if training and not synthetic and options.imbalance:
        data = thinned(data, np.array(options.imbalance), seed=0)
    if training and not synthetic and options.label_noise:
        data = flipped(data, options.label_noise, seed=0)
    return data


def flipped(data: FaceData, share: float, seed: int) -> FaceData:
    """``share`` of the labels changed to another class, all equally likely; the true ones stay in ``clean_labels``."""
    draw = np.random.default_rng(seed)
    chosen = draw.permutation(len(data))[: round(share * len(data))]
    labels = np.array(data.labels)
    labels[chosen] = (labels[chosen] + draw.integers(1, data.num_classes, len(chosen))) % data.num_classes
    return replace(data, labels=labels, clean_labels=np.array(data.labels))


def thinned(data: FaceData, weights: np.ndarray, seed: int) -> FaceData:
    """As many samples of each class as ``weights`` are in proportion, and as many as possible."""
    if len(weights) != data.num_classes:
        raise UserError(f"{len(weights)} weights for {data.num_classes} classes; give one weight a class")
    counts = np.bincount(data.labels, minlength=data.num_classes)
    wanted = np.floor((counts / weights).min() * weights).astype(int)
    order = np.random.default_rng(seed).permutation(len(data))
    kept = [order[data.labels[order] == label][:count] for label, count in enumerate(wanted)]
    return data.subset(np.sort(np.concatenate(kept)))


def configure(variant: str, options: argparse.Namespace) -> tuple[str, Any]:
    """A method's name and hyper-parameters from ``METHOD[@FIELD=VALUE,...]``, ``--preset`` and ``--set``."""
    name, _, changes = variant.partition("@")
    available = presets(name)
    chosen = values(options.preset).get(name)
    if chosen is not None and chosen not in available:
        raise UserError(f"{name} has no preset {chosen!r}; choose one of {', '.join(available)}")
    config = available[chosen] if chosen else available.get("small", next(iter(available.values())))
    mine = {key.split(".", 1)[1]: value for key, value in values(options.set).items() if key.startswith(f"{name}.")}
    return name, replace(config, **mine, **values(changes.split(",") if changes else []))


def training_config(options: argparse.Namespace, seed: int) -> TrainConfig:
    """How every method is trained."""
    fixed = {"epochs": options.epochs, "device": options.device, "progress": False, "tensorboard": False}
    asked = values(options.train)
    if "augment" in asked:
        asked["augment"] = replace(NO_AUGMENTATION, **asked["augment"])
    return TrainConfig(**(fixed | asked), seed=seed)


def relabelling(run: Run, data: FaceData) -> pd.DataFrame:
    """Per epoch: labels changed, and of these how many to the clean label and how many away from it, if it is known."""
    audit = run.labels.audit() if run.labels is not None else pd.DataFrame()
    if not len(audit):
        return pd.DataFrame(index=run.history.index)
    table = pd.DataFrame({"labels_changed": audit.groupby("when").size()})
    if data.clean_labels is not None:
        clean = audit["index"].map(pd.Series(np.asarray(data.clean_labels), index=data.index))
        table["changed_to_clean"] = (audit["to"] == clean).groupby(audit["when"]).sum()
        table["changed_from_clean"] = (audit["from"] == clean).groupby(audit["when"]).sum()
    return table.reindex(run.history.index, fill_value=0)


def summary(metrics: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in metrics.items() if isinstance(value, float))


def write(
    options: argparse.Namespace,
    rows: list[pd.DataFrame],
    runs: list[dict[str, Any]],
    settings: dict[str, Any],
    training: FaceData,
    test: FaceData,
) -> None:
    """The table and its provenance."""
    options.out.parent.mkdir(parents=True, exist_ok=True)
    table = pd.concat(rows, ignore_index=True)
    table.to_csv(options.out.with_suffix(".csv"), index=False, float_format="%.6g")
    last = table[table["epoch"] == table.groupby(["method", "seed"])["epoch"].transform("max")]
    measured = [name for name, value in runs[0]["last_epoch"].items() if isinstance(value, float)]
    facts = {
        "name": options.name,
        "command": ["python", "studies/compare.py", *sys.argv[1:]],
        "commit": options.commit or commit(),
        "date": time.strftime("%Y-%m-%d"),
        "environment": environment(),
        "data": {
            "name": training.name,
            "classes": training.class_names,
            "training_samples": len(training),
            "test_samples": len(test),
            "training_samples_a_class": np.bincount(training.labels, minlength=training.num_classes),
        },
        "train": asdict(training_config(options, seed=0)) | {"seed": options.seeds},
        "backbone": options.backbone,
        "pretrained": options.pretrained,
        "methods": settings,
        "seconds": round(sum(run["seconds"] for run in runs), 1),
        "mean": json.loads(last.groupby("method", sort=False)[measured].mean().to_json(orient="index")),
        "std": json.loads(last.groupby("method", sort=False)[measured].std().to_json(orient="index")),
        "runs": runs,
    }
    options.out.with_suffix(".json").write_text(to_json(facts))


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"compare.py: {error}")
