"""G2RL on synthetic faces with exact intensities: does geometry help, what do σ, λ and the rest do?

    python studies/g2rl.py size    --out data/results/g2rl_size      geometry on and off, over data sizes
    python studies/g2rl.py options --out data/results/g2rl_options   λ, σ, peak, emphasis, one at a time
    python studies/g2rl.py ship    --out data/results/g2rl_shipped   the network the chapter looks into

Every run takes the same number of steps, whatever the size of its training set.  Writes OUT.csv (a row a run),
OUT_units.csv (a row a run and action unit), OUT_levels.csv (predictions by coded intensity) and OUT.json (how); "ship"
writes OUT.safetensors too, the exported network in half precision.  Files are written anew after every run, and no run
is started after --minutes.
"""

from __future__ import annotations

import argparse
import json
import math
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

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_faces
from fer_tutorial.methods import NORMALIZATIONS, build_method
from fer_tutorial.metrics import action_unit_metrics
from fer_tutorial.papers.g2rl import G2RL, PRESETS, G2RLConfig, action_unit_columns, au_points
from fer_tutorial.training.engine import train
from fer_tutorial.vocabulary import DISFA_ACTION_UNITS

NUISANCE = 0.2
SIZE = 48
BATCH = 64
TRAIN_SEED, TEST_SEED = 11, 12  # samples of different seeds show different people
AUGMENT = AugmentConfig(flip=0.5, rotate=5, scale=0.05, translate=0.03, brightness=0.1, contrast=0.1)

HEATMAPS = replace(PRESETS["small"], lambda_=0.0)
GUIDED = replace(PRESETS["small"], lambda_=0.5)
STANDARDIZED = replace(GUIDED, standardize=True)


def plan(study: str, seeds: int) -> Iterator[tuple[str, G2RLConfig, int, int]]:
    """(variant, configuration, training faces, seed)."""
    if study == "ship":
        yield "standardized", STANDARDIZED, 20_000, 0
        return
    for seed in range(seeds):
        if study == "size":
            for size in (250, 1000, 4000):
                for name, config in (("heatmaps", HEATMAPS), ("guided", GUIDED), ("standardized", STANDARDIZED)):
                    yield name, config, size, seed
        else:
            for value in (0.0, 0.1, 0.5, 0.9, 0.99):
                yield f"lambda {value:g}", replace(GUIDED, lambda_=value), 1000, seed
            for value in (0.5, 1.0, 2.0, 3.0):  # 1.5 is "lambda 0"
                yield f"sigma {value:g}", replace(HEATMAPS, sigma=value), 1000, seed
            yield "density", replace(HEATMAPS, peak="density"), 1000, seed
            yield "emphasis 1", replace(HEATMAPS, emphasis=1.0), 1000, seed


def faces(n: int, seed: int, device: str) -> FaceData:
    """Synthetic faces with the intensities of DISFA's twelve action units."""
    data: Any = sample_faces(n, seed=seed, size=SIZE, nuisance=NUISANCE, device=device).to_face_data()
    columns = action_unit_columns(DISFA_ACTION_UNITS, data.action_unit_names)
    return replace(data, action_units=data.action_units[:, columns], action_unit_names=DISFA_ACTION_UNITS)


@torch.no_grad()
def look(method: G2RL, data: FaceData) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Intensities (n, A) from 0 to 5, points (n, A, 2, 2) in pixels, and G (n, g) of every face."""
    device = next(method.parameters()).device
    assert data.landmarks is not None
    normal = NORMALIZATIONS["imagenet"]
    mean, std = (torch.tensor(values, device=device).view(3, 1, 1) for values in (normal.mean, normal.std))
    method.eval()
    intensities, points, geometry = [], [], []
    for start in range(0, len(data), 256):
        part = slice(start, start + 256)
        images = torch.from_numpy(data.images[part]).to(device).permute(0, 3, 1, 2) / 255
        where, strength = method.estimator.read(method.estimator.heatmaps((images - mean) / std))
        intensities.append(strength.clamp(0, 5).cpu())
        points.append(where.cpu())
        nodes = 2 * (torch.from_numpy(data.landmarks[part]).to(device) + 0.5) / SIZE - 1
        geometry.append(method.geometry(nodes).cpu())
    return torch.cat(intensities), torch.cat(points), torch.cat(geometry)


def summary(method: G2RL, test: FaceData) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Metrics of a run; by action unit; and mean and spread of the predictions at each coded intensity."""
    predicted, points, geometry = look(method, test)
    assert test.action_units is not None
    assert test.landmarks is not None
    coded = torch.from_numpy(test.action_units)
    metrics = action_unit_metrics(predicted, coded, DISFA_ACTION_UNITS)
    truth = au_points(torch.from_numpy(test.landmarks), DISFA_ACTION_UNITS)
    error = (points - truth).norm(dim=3).mean(2)  # (n, A): mean over the two sides
    shown = coded >= 1
    units = pd.DataFrame(
        {
            "unit": DISFA_ACTION_UNITS,
            "icc": list(metrics["icc_per_unit"].values()),
            "mae": list(metrics["mae_per_unit"].values()),
            "pixels": [error[shown[:, a], a].mean().item() for a in range(len(DISFA_ACTION_UNITS))],
            "shown": shown.float().mean(0).tolist(),
        }
    )
    level = coded.round().long().flatten()
    levels = pd.DataFrame({"level": level, "predicted": predicted.flatten(), "error": (predicted - coded).flatten()})
    by_level = levels.groupby("level").agg(
        count=("predicted", "size"),
        predicted=("predicted", "mean"),
        spread=("predicted", "std"),
        bias=("error", "mean"),
    )
    # How much of G differs between faces: 0 if the branch has gone blind.
    spread = (geometry.var(0).sum() / geometry.square().sum(1).mean().clamp(min=1e-12)).item()
    numbers = {name: metrics[name] for name in ("icc", "mae", "mse")}
    numbers |= {"pixels": error[shown].mean().item(), "geometry_spread": spread}
    numbers |= {"geometry_size": geometry.norm(dim=1).mean().item()}
    return numbers, units, by_level.reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=("size", "options", "ship"))
    parser.add_argument("--out", type=Path, required=True, help="where to write, without the ending")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--test", type=int, default=1500, help="faces to test on")
    parser.add_argument("--largest", type=int, default=20_000, help="leave out runs with more training faces")
    parser.add_argument("--minutes", type=float, default=60.0, help="start no run after so long")
    args = parser.parse_args()

    started = time.perf_counter()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    runs_to_do = [(n, c, min(size, args.largest), s) for n, c, size, s in plan(args.study, args.seeds)]
    runs_to_do = list(dict.fromkeys(runs_to_do))  # sizes cut to the same number would repeat a run
    pool = faces(max(size for _, _, size, _ in runs_to_do), TRAIN_SEED, device)
    test = faces(args.test, TEST_SEED, device)
    print(f"{len(pool)} + {len(test)} faces after {time.perf_counter() - started:.0f} s", flush=True)
    runs, units, levels, skipped = [], [], [], []
    for variant, config, size, seed in runs_to_do:
        key: dict[str, Any] = {"variant": variant, "train_faces": size, "seed": seed}
        if time.perf_counter() - started > 60 * args.minutes:
            skipped.append(key)
            continue
        begun = time.perf_counter()
        data = pool.subset(np.random.default_rng(seed).permutation(len(pool))[:size])
        method: Any = build_method("g2rl", data, config=config, seed=seed)
        epochs = max(1, round(args.steps / math.ceil(size / BATCH)))
        settings = TrainConfig(
            epochs=epochs, batch_size=BATCH, lr=2e-3, optimizer="adam", weight_decay=0.0, warmup_epochs=epochs / 20,
            augment=AUGMENT, seed=seed, progress=False,
        )  # fmt: skip
        run = train(method, data, None, settings)
        numbers, by_unit, by_level = summary(method, test)
        last = run.history.iloc[-1]
        numbers |= {"heatmap_loss": last["heatmap_loss"], "geometry_loss": last["geometry_loss"]}
        numbers["seconds"] = time.perf_counter() - begun
        runs.append(key | numbers)
        units.append(by_unit.assign(**key))
        levels.append(by_level.assign(**key))
        print(key, {name: round(float(value), 3) for name, value in numbers.items()}, flush=True)
        about = {
            "command": "python studies/g2rl.py " + " ".join(sys.argv[1:]),
            "commit": subprocess.run(
                ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
            ).stdout.strip(),
            "hardware": torch.cuda.get_device_name() if device == "cuda" else f"CPU, {platform.machine()}",
            "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
            "data": {"size": SIZE, "nuisance": NUISANCE, "seeds": [TRAIN_SEED, TEST_SEED], "test_faces": len(test)},
            "configuration": asdict(config),
            "training": asdict(settings),
            "seconds": round(time.perf_counter() - started, 1),
            "runs": len(runs),
            "skipped": skipped,
        }
        write(args.out, runs, units, levels, about)
        if args.study == "ship":
            weights = {name: value.half().contiguous() if value.is_floating_point() else value
                       for name, value in method.export().cpu().state_dict().items()}  # fmt: skip
            save_file(weights, f"{args.out}.safetensors")


def write(out: Path, runs: list, units: list, levels: list, about: dict[str, Any]) -> None:
    """All tables so far, and how they came about."""
    out.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(runs).to_csv(f"{out}.csv", index=False, float_format="%.5g")
    pd.concat(units, ignore_index=True).to_csv(f"{out}_units.csv", index=False, float_format="%.5g")
    pd.concat(levels, ignore_index=True).to_csv(f"{out}_levels.csv", index=False, float_format="%.5g")
    Path(f"{out}.json").write_text(json.dumps(about, indent=2, default=str) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
