"""G2RL on synthetic faces with exact intensities: does geometry help, what do σ, λ and the rest do?

    python -m studies.g2rl choice --seeds 1       the λ of each reading of the geometry, on validation faces
    python -m studies.g2rl geometry --seeds 5     without geometry, and with it in three readings, over data sizes
    python -m studies.g2rl settings --seeds 3     λ, σ, peak and emphasis, one at a time
    python -m studies.g2rl shipped --seeds 1      the network the chapter looks into

Every run takes the same number of steps, whatever the size of its training set.  Beside runs and epochs it writes
``units`` (a row an action unit) and ``levels`` (predictions by coded intensity).  With ``--set
weights_to=data/weights/g2rl.safetensors`` the exported network is written there, in half precision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_faces
from fer_tutorial.methods import build_method
from fer_tutorial.metrics import action_unit_metrics
from fer_tutorial.papers.g2rl import G2RL, PRESETS, G2RLConfig, action_unit_columns, au_points
from fer_tutorial.records.comparison import best
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.engine import Run, train
from fer_tutorial.training.loader import Loader
from fer_tutorial.vocabulary import DISFA_ACTION_UNITS
from studies import shared

TRAIN_SEED, TEST_SEED, VALID_SEED = 11, 12, 13  # samples of different seeds show different people
AUGMENT = AugmentConfig(flip=0.5, rotate=5, scale=0.05, translate=0.03, brightness=0.1, contrast=0.1)
SIZES = (2000, 1000, 250)  # training faces
CHOICE_SIZES = (250, 1000)  # λ is chosen by the mean over these
LAMBDAS = (0.1, 0.5, 0.9, 0.99)
TWICE = "twice the steps"  # the settings of "lambda 0", to see whether a run has come to its end

HEATMAPS = replace(PRESETS["small"], lambda_=0.0)
GUIDED = replace(PRESETS["small"], lambda_=0.5)
BRANCHES: dict[str, G2RLConfig] = {
    "heatmaps": HEATMAPS,
    "guided": GUIDED,
    "standardized": replace(GUIDED, standardize=True),
    "held": replace(GUIDED, standardize=True, geometry_epochs=1),  # how many epochs depends on the number of faces
}
OPTIONS: dict[str, G2RLConfig] = {
    "lambda 0": HEATMAPS,  # σ is 1.5
    "density": replace(HEATMAPS, peak="density"),
    **{f"sigma {value:g}": replace(HEATMAPS, sigma=value) for value in (0.5, 1.0, 2.0, 3.0)},
    **{f"lambda {value:g}": replace(GUIDED, lambda_=value) for value in (0.1, 0.5, 0.9, 0.99)},
    "emphasis 1": replace(HEATMAPS, emphasis=1.0),
    TWICE: HEATMAPS,
}


@dataclass(frozen=True)
class Settings:
    steps: int = 700  # of every run
    geometry_share: float = 0.25  # of the epochs: where geometry is held, it is learned in these
    pool: int = 2000  # faces that training sets are drawn from
    test_size: int = 500
    size: int = 48
    nuisance: float = 0.2
    batch_size: int = 64
    lr: float = 2e-3
    precision: str = "fp32"
    backbone: str = "small_cnn"
    weights_to: str = ""  # a file for the exported network


QUICK = {"steps": 4, "pool": 28, "test_size": 28, "batch_size": 14}


def plan_choice(seeds: int) -> list[Arm]:
    return [
        {"variant": name, "lambda": weight, "train_faces": size, "seed": seed}
        for name in BRANCHES if name != "heatmaps"
        for seed in range(seeds) for size in CHOICE_SIZES for weight in LAMBDAS
    ]  # fmt: skip


def plan_geometry(seeds: int, choice: pd.DataFrame) -> list[Arm]:
    """Heatmaps alone, and each reading of the geometry with the λ that was chosen for it."""
    chosen = {name: best(runs, "valid_icc", "lambda")["lambda"] for name, runs in choice.groupby("variant")}
    return [
        {"variant": name, "lambda": chosen.get(name, 0.0), "train_faces": size, "seed": seed}
        for size in SIZES for seed in range(seeds) for name in BRANCHES
    ]  # fmt: skip


def plan_settings(seeds: int) -> list[Arm]:
    return [{"variant": name, "train_faces": 2000, "seed": seed} for seed in range(seeds) for name in OPTIONS]


def plan_shipped(seeds: int) -> list[Arm]:
    return [{"variant": "standardized", "train_faces": 2000, "seed": seed} for seed in range(seeds)]


@cache
def faces(settings: Settings, n: int, seed: int) -> FaceData:
    """Synthetic faces with the intensities of DISFA's twelve action units."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    sample = sample_faces(n, seed=seed, size=settings.size, nuisance=settings.nuisance, device=device)
    data: Any = sample.to_face_data()
    columns = action_unit_columns(DISFA_ACTION_UNITS, data.action_unit_names)
    return replace(data, action_units=data.action_units[:, columns], action_unit_names=DISFA_ACTION_UNITS)


def trained(settings: Settings, arm: Arm) -> tuple[Any, Run]:
    """The network of a variant, trained, and its run."""
    seed = arm["seed"]
    pool = faces(settings, settings.pool, TRAIN_SEED)
    data = pool.subset(np.random.default_rng(seed).permutation(len(pool))[: arm["train_faces"]])
    steps = settings.steps * (2 if arm["variant"] == TWICE else 1)
    epochs = max(1, round(steps / max(1, len(data) // settings.batch_size)))  # an epoch leaves out what fills no batch
    config = {**BRANCHES, **OPTIONS}[arm["variant"]]
    if "lambda" in arm:
        config = replace(config, lambda_=arm["lambda"])
    if config.geometry_epochs:
        config = replace(config, geometry_epochs=max(1, round(settings.geometry_share * epochs)))
    method: Any = build_method("g2rl", data, backbone=settings.backbone, config=config, seed=seed)
    training = TrainConfig(
        epochs=epochs, batch_size=settings.batch_size, lr=settings.lr, optimizer="adam", weight_decay=0.0,
        warmup_epochs=epochs / 20, augment=AUGMENT, precision=settings.precision, seed=seed, progress=False,
    )  # fmt: skip
    return method, train(method, data, None, training)


def one_choice(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """A reading with one λ, on the validation faces."""
    method, run = trained(settings, arm)
    metrics, _, _ = summary(method, faces(settings, settings.test_size, VALID_SEED))
    return Result({f"valid_{name}": value for name, value in metrics.items()}, run.history)


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    method, run = trained(settings, arm)
    metrics, by_unit, by_level = summary(method, faces(settings, settings.test_size, TEST_SEED))
    metrics |= {name: run.history[name].iloc[-1] for name in run.history if name.endswith("_loss")}
    if settings.weights_to:
        shared.save_weights(method.export(), Path(settings.weights_to))
    return Result(metrics, run.history, {"units": by_unit, "levels": by_level})


@torch.no_grad()
def look(method: G2RL, data: FaceData) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Intensities (n, A) from 0 to 5, points (n, A, 2, 2) in pixels, and G (n, g) of every face."""
    method.eval()
    intensities, points, geometry = [], [], []
    for batch in Loader(data, method).in_turn(np.arange(len(data))):
        where, strength = method.estimator.read(method.estimator.heatmaps(batch["images"]))
        intensities.append(strength.clamp(0, 5).cpu())
        points.append(where.cpu())
        nodes = 2 * (batch["landmarks"] + 0.5) / data.images.shape[1] - 1
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
    error = (points - truth).norm(dim=3).mean(2)  # (n, A): mean over the two points
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


PARTS = {
    "choice": shared.Part(
        "g2rl_choice", "With which λ does each reading of G2RL's geometry estimate intensities best?",
        Settings(), plan_choice, one_choice, QUICK,
    ),
    "geometry": shared.Part(
        "g2rl_geometry", "Does geometry help G2RL, as read, standardized or held, with few faces and with more?",
        Settings(), plan_geometry, one_run, QUICK, chosen_by="g2rl_choice",
    ),
    "settings": shared.Part(
        "g2rl_settings",
        "What do λ, σ, the heatmap's peak and the emphasis of faces that show an action unit change in G2RL?",
        Settings(), plan_settings, one_run, QUICK,
    ),
    "shipped": shared.Part(
        "g2rl_shipped", "How good is the G2RL network that the chapter looks into?",
        Settings(), plan_shipped, one_run, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.g2rl", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
