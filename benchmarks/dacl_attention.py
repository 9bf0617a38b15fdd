"""DACL against its baselines over several seeds, and what becomes of its attention.

    python benchmarks/dacl_attention.py --out data/results/dacl_attention --jobs 5
    python benchmarks/dacl_attention.py --out OUT --train-size 1400 --test-size 1000 --epochs 8 --seeds 2   # on a CPU

Trains every variant below on synthetic faces with every seed.  The seed decides the weights, the order of the samples
and their augmentation; the faces are the same for all.  All variants of one optimiser share one recipe; center loss and
DACL are run with the same two weights λ.

Writes OUT.csv (a row an epoch of a run) and OUT.json (how it came about).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn

from fer_tutorial.faces import sample_faces
from fer_tutorial.papers.center_loss import CenterLossConfig
from fer_tutorial.papers.dacl import PRESETS
from fer_tutorial.training import AugmentConfig, TrainConfig, build_method, train

SMALL = PRESETS["small"]
FACES: dict[str, Any] = {"size": 48, "nuisance": 0.2, "intensity": (2.5, 5.0)}
COLUMNS = ("epoch", "loss", "softmax_loss", "center_loss", "sparse_center_loss", "mean_attention", "attention_spread")
METRICS = ("train_accuracy", "accuracy", "mean_class_accuracy", "macro_f1")


class Variant(NamedTuple):
    """A method, its hyper-parameters, its optimiser, and whether each sample's attention is rescaled to mean 1."""

    method: str
    config: Any = None
    optimizer: Literal["adamw", "sgd"] = "adamw"
    mean_one: bool = False


VARIANTS = {
    "softmax": Variant("softmax"),
    "center_loss_0.01": Variant("center_loss", CenterLossConfig(lambda_=0.01)),
    "center_loss_0.1": Variant("center_loss", CenterLossConfig(lambda_=0.1)),
    "dacl_0.01": Variant("dacl", SMALL),
    "dacl_0.1": Variant("dacl", replace(SMALL, lambda_=0.1)),
    "dacl_0.1_mean_one": Variant("dacl", replace(SMALL, lambda_=0.1), mean_one=True),
    "softmax_sgd": Variant("softmax", optimizer="sgd"),
    "dacl_0.1_sgd": Variant("dacl", replace(SMALL, lambda_=0.1), optimizer="sgd"),
    "dacl_0.1_sgd_autograd": Variant("dacl", replace(SMALL, lambda_=0.1, update_rule="autograd"), optimizer="sgd"),
}
RATES = {"adamw": 3e-3, "sgd": 0.05}


class MeanOne(nn.Module):
    """Divides each sample's attention (m, d) by its mean over the dimensions."""

    def forward(self, attention: Tensor) -> Tensor:
        return attention / attention.mean(dim=1, keepdim=True)


def settings(epochs: int, seed: int, optimizer: Literal["adamw", "sgd"]) -> TrainConfig:
    """One recipe for all but the optimiser."""
    flip_only = AugmentConfig(rotate=0, scale=0, translate=0, brightness=0, contrast=0)
    return TrainConfig(
        epochs=epochs,
        batch_size=32,
        optimizer=optimizer,
        lr=RATES[optimizer],
        weight_decay=5e-4,
        augment=flip_only,
        seed=seed,
        progress=False,
    )


def run_seed(seed: int, epochs: int, train_size: int, test_size: int) -> pd.DataFrame:
    """All variants with one seed: a row an epoch."""
    torch.set_num_threads(1)
    faces = sample_faces(train_size, seed=1, **FACES).to_face_data()
    test = sample_faces(test_size, seed=2, **FACES).to_face_data(split="test")
    tables = []
    for name, variant in VARIANTS.items():
        method: Any = build_method(variant.method, faces, config=variant.config, seed=seed)
        if variant.mean_one:
            method.attention_network.append(MeanOne())
        history = train(method, faces, test, settings(epochs, seed, variant.optimizer)).history
        kept = [column for column in (*COLUMNS, *METRICS) if column in history]
        tables.append(history[kept].assign(variant=name, seed=seed))
        print(name, seed, history[["accuracy"]].iloc[-1].round(3).to_dict(), flush=True)
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where to write, without the ending")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--train-size", type=int, default=3000)
    parser.add_argument("--test-size", type=int, default=3000)
    parser.add_argument("--jobs", type=int, default=1, help="seeds trained at the same time")
    args = parser.parse_args()

    started = time.perf_counter()
    # "spawn", because a process that has touched the GPU cannot be forked.
    with ProcessPoolExecutor(args.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        seeds = list(range(args.seeds))
        repeated = ([value] * len(seeds) for value in (args.epochs, args.train_size, args.test_size))
        table = pd.concat(pool.map(run_seed, seeds, *repeated), ignore_index=True)
    columns = ["variant", "seed", *COLUMNS, *METRICS]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    table[columns].to_csv(f"{args.out}.csv", index=False, float_format="%.5g")
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    about = {
        "command": "python benchmarks/dacl_attention.py " + " ".join(sys.argv[1:]),
        "commit": commit.stdout.strip(),
        "hardware": torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {platform.machine()}",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "faces": FACES | {"train": args.train_size, "test": args.test_size},
        "settings": {name: asdict(settings(args.epochs, 0, name)) for name in ("adamw", "sgd")},
        "seeds": args.seeds,
        "seconds": round(time.perf_counter() - started, 1),
    }
    Path(f"{args.out}.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
