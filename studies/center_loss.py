"""What the weight λ of center loss does: to accuracy, and to how tightly the classes lie together.

    python studies/center_loss.py --out data/results/center_loss --jobs 5
    python studies/center_loss.py --out OUT --seeds 2 --epochs 8 --train-size 700 --weights 0 0.3   # on a CPU

Trains softmax loss plus λ times center loss on synthetic faces, for every λ, with every seed.  The seed decides
the weights, the order of the samples and their augmentation; the faces are the same for all.

Writes OUT.csv (a row a run) and OUT.json (how it came about).
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
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_faces
from fer_tutorial.methods import NORMALIZATIONS
from fer_tutorial.papers.center_loss import CenterLossConfig
from fer_tutorial.training import AugmentConfig, TrainConfig, build_method, train

FACES: dict[str, Any] = {"size": 48, "nuisance": 0.2, "intensity": (2.5, 5.0)}
WEIGHTS = (0.0, 0.003, 0.03, 0.1, 0.3, 1.0, 3.0)


def spread(features: Tensor, labels: Tensor, num_classes: int) -> float:
    """Mean distance of samples (n, d) to their class's mean over the mean distance between two class means."""
    means = torch.stack([features[labels == k].mean(0) for k in range(num_classes)])  # (K, d)
    within = (features - means[labels]).norm(dim=1).mean()
    return float(within / torch.pdist(means).mean())


@torch.no_grad()
def embed(method: Any, data: FaceData) -> Tensor:
    """The embeddings (N, d) of a data set, on the CPU."""
    method.eval()
    device = next(method.parameters()).device
    parts = []
    for start in range(0, len(data), 500):
        pixels = torch.from_numpy(data.images[start : start + 500]).to(device).permute(0, 3, 1, 2)  # -> (m, 3, H, W)
        mean, std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in NORMALIZATIONS[method.spec.normalization])
        parts.append(method.embed((pixels.float() / 255 - mean) / std).cpu())
    return torch.cat(parts)


def settings(epochs: int, seed: int) -> TrainConfig:
    """One recipe for all."""
    flip_only = AugmentConfig(rotate=0, scale=0, translate=0, brightness=0, contrast=0)
    return TrainConfig(epochs=epochs, batch_size=32, lr=3e-3, augment=flip_only, seed=seed, progress=False)


def run_seed(seed: int, weights: list[float], epochs: int, train_size: int, test_size: int) -> list[dict[str, Any]]:
    """Every λ with one seed: a row each."""
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    faces = sample_faces(train_size, seed=1, device=device, **FACES).to_face_data()
    test = sample_faces(test_size, seed=2, device=device, **FACES).to_face_data(split="test")
    rows = []
    for weight in weights:
        method = build_method("center_loss", faces, config=CenterLossConfig(lambda_=weight), seed=seed)
        run = train(method, faces, test, settings(epochs, seed))
        features = embed(method, test)
        row = {"lambda": weight, "seed": seed}
        row |= {
            name: float(run.history[name].iloc[-1]) for name in ("train_accuracy", "accuracy", "mean_class_accuracy")
        }
        row["spread"] = spread(features, torch.from_numpy(test.labels), test.num_classes)
        row["length"] = float(features.norm(dim=1).mean())
        rows.append(row)
        print(row, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where to write, without the ending")
    parser.add_argument("--weights", type=float, nargs="+", default=WEIGHTS, help="values of λ")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--train-size", type=int, default=2100)
    parser.add_argument("--test-size", type=int, default=2100)
    parser.add_argument("--jobs", type=int, default=1, help="seeds trained at the same time")
    args = parser.parse_args()

    started = time.perf_counter()
    # "spawn", because a process that has touched the GPU cannot be forked.
    with ProcessPoolExecutor(args.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        seeds = list(range(args.seeds))
        repeated = ([value] * len(seeds) for value in (args.weights, args.epochs, args.train_size, args.test_size))
        table = pd.DataFrame([row for rows in pool.map(run_seed, seeds, *repeated) for row in rows])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(f"{args.out}.csv", index=False, float_format="%.5g")
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    about = {
        "command": "python studies/center_loss.py " + " ".join(sys.argv[1:]),
        "commit": commit.stdout.strip(),
        "hardware": torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {platform.machine()}",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "faces": FACES | {"train": args.train_size, "test": args.test_size},
        "settings": asdict(settings(args.epochs, 0)),
        "seeds": args.seeds,
        "seconds": round(time.perf_counter() - started, 1),
    }
    Path(f"{args.out}.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
