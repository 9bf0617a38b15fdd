"""MGLN on synthetic sequences: global against local, still against moving, and what the mistakes cost.

    python studies/mgln.py compare --out data/results/mgln        the variants, over seeds
    python studies/mgln.py ship    --out data/results/mgln_shipped  the network the chapter looks into

Training, fold and test show different people.  The fold is as small as one of ten folds of a real sequence data set;
the test is large, so that what is measured there is close to the truth.  Writes OUT.csv (a row a run), OUT_fusion.csv
(accuracy over the fusion weight), OUT_confusion.csv (confusion matrices) and OUT.json (how); "ship" writes
OUT.safetensors too, in half precision.  Files are written anew after every run, and no run is started after --minutes.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import Tensor

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_sequences
from fer_tutorial.methods import build_method
from fer_tutorial.metrics import expression_metrics
from fer_tutorial.papers.mgln import PRESETS, MGLNConfig, fuse
from fer_tutorial.training.engine import train
from fer_tutorial.training.evaluate import predict

LOOK = {"size": 48, "frames": 6, "min_frames": 4, "intensity": (1.5, 5.0), "nuisance": 0.1}
AUGMENT = AugmentConfig(flip=0.5, rotate=5, scale=0.05, translate=0.03, brightness=0.1, contrast=0.1)
WEIGHTS = np.round(np.linspace(0, 1, 21), 2)
SMALL = PRESETS["small"]


def plan(study: str, seeds: int) -> Iterator[tuple[str, MGLNConfig, int]]:
    """(variant, configuration, seed)."""
    if study == "ship":
        yield "moving", SMALL, 0
        return
    for seed in range(seeds):
        yield "moving", SMALL, seed
        yield "still", replace(SMALL, frames="apex"), seed
        yield "deform_conv", replace(SMALL, offset="deform_conv"), seed
        yield "mixup", replace(SMALL, mixup=1.0), seed
        yield "picked_on_fold", SMALL, seed


def sequences(n: int, seed: int, people: tuple[int, int], device: str) -> FaceData:
    return sample_sequences(n, seed=seed, subjects=people, device=device, **LOOK).to_face_data()  # type: ignore[arg-type]


def scores(method: Any, data: FaceData) -> tuple[Tensor, Tensor]:
    """Global and local scores (n, K): the fused ones with all the weight on one side."""
    config = method.config
    both = []
    for weight in (1.0, 0.0):
        method.config = replace(config, fusion_weight=weight)
        both.append(torch.from_numpy(predict(method, data)))
    method.config = config
    return both[0], both[1]


def accuracy(logits: Tensor, data: FaceData) -> float:
    return (logits.argmax(1) == torch.from_numpy(data.labels)).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=("compare", "ship"))
    parser.add_argument("--out", type=Path, required=True, help="where to write, without the ending")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--train", type=int, default=3000, help="sequences to train on")
    parser.add_argument("--fold", type=int, default=50, help="sequences of the small fold")
    parser.add_argument("--test", type=int, default=2000, help="sequences of the large test")
    parser.add_argument("--minutes", type=float, default=60.0, help="start no run after so long")
    args = parser.parse_args()

    started = time.perf_counter()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = sequences(args.train, 21, (0, 600), device)
    fold = sequences(args.fold, 22, (600, 612), device)
    test = sequences(args.test, 23, (700, 1000), device)
    print(f"sequences drawn after {time.perf_counter() - started:.0f} s", flush=True)
    runs, fusion, confusion, skipped = [], [], [], []
    for variant, config, seed in plan(args.study, args.seeds):
        key: dict[str, Any] = {"variant": variant, "seed": seed}
        if time.perf_counter() - started > 60 * args.minutes:
            skipped.append(key)
            continue
        begun = time.perf_counter()
        method: Any = build_method("mgln", data, backbone="vgg16_trunk_small", config=config, seed=seed)
        settings = TrainConfig(
            epochs=args.epochs, batch_size=64, lr=2e-3, augment=AUGMENT, seed=seed, progress=False,
            restore_best=variant == "picked_on_fold",
        )  # fmt: skip
        run = train(method, data, fold, settings)
        global_scores, local_scores = scores(method, test)
        by_weight = {w: accuracy(fuse(global_scores, local_scores, float(w)), test) for w in WEIGHTS}
        row = key | {
            "global": by_weight[1.0],
            "local": by_weight[0.0],
            "fused": by_weight[0.5],
            "fold_best": run.history["accuracy"].max(),
            "fold_last": run.history["accuracy"].iloc[-1],
            "best_epoch": run.best_epoch,
            "global_loss": run.history["global_loss"].iloc[-1],
            "local_loss": run.history["local_loss"].iloc[-1],
        }
        if (
            variant == "moving"
        ):  # the official test loop's mistake: the apex three times to a network that knows movement
            method.config = replace(config, frames="apex")
            row["apex_thrice_local"] = accuracy(scores(method, test)[1], test)
            row["apex_thrice_fused"] = accuracy(torch.from_numpy(predict(method, test)), test)
            method.config = config
        row["seconds"] = time.perf_counter() - begun
        runs.append(row)
        fusion.append(pd.DataFrame({**key, "weight": WEIGHTS, "accuracy": list(by_weight.values())}))
        for name, logits in (
            ("global", global_scores),
            ("local", local_scores),
            ("fused", fuse(global_scores, local_scores)),
        ):
            matrix = expression_metrics(logits, torch.from_numpy(test.labels))["confusion_matrix"]
            true, predicted = np.indices(matrix.shape)
            names = np.array(test.class_names)
            confusion.append(
                pd.DataFrame({**key, "module": name, "true": names[true.ravel()], "predicted": names[predicted.ravel()],
                              "count": matrix.ravel()})
            )  # fmt: skip
        print(key, {k: round(float(v), 3) for k, v in row.items() if k not in key}, flush=True)
        about = {
            "command": "python studies/mgln.py " + " ".join(sys.argv[1:]),
            "commit": subprocess.run(
                ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
            ).stdout.strip(),
            "hardware": torch.cuda.get_device_name() if device == "cuda" else f"CPU, {platform.machine()}",
            "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
            "data": {**LOOK, "train": len(data), "fold": len(fold), "test": len(test)},
            "configuration": asdict(config),
            "training": asdict(settings),
            "seconds": round(time.perf_counter() - started, 1),
            "runs": len(runs),
            "skipped": skipped,
        }
        args.out.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(runs).to_csv(f"{args.out}.csv", index=False, float_format="%.5g")
        pd.concat(fusion, ignore_index=True).to_csv(f"{args.out}_fusion.csv", index=False, float_format="%.5g")
        pd.concat(confusion, ignore_index=True).to_csv(f"{args.out}_confusion.csv", index=False)
        Path(f"{args.out}.json").write_text(json.dumps(about, indent=2, default=str) + "\n", encoding="utf-8")
        if args.study == "ship":
            weights = {name: value.half().contiguous() if value.is_floating_point() else value
                       for name, value in method.cpu().state_dict().items()}  # fmt: skip
            save_file(weights, f"{args.out}.safetensors")


if __name__ == "__main__":
    main()
