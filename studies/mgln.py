"""MGLN on synthetic sequences: global against local, still against moving, and what the mistakes cost.

    python -m studies.mgln variants --seeds 3     the variants
    python -m studies.mgln shipped --seeds 1      the network the chapter looks into

Training, fold and test show different people.  The fold is as small as one of ten folds of a real sequence data set;
the test is large, so that what is measured there is close to the truth.  Beside runs and epochs it writes ``fusion``
(accuracy over the fusion weight) and ``confusion`` (a confusion matrix for each module).  With ``--set
weights_to=data/weights/mgln.safetensors`` the trained network is written there, in half precision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_sequences
from fer_tutorial.methods import build_method
from fer_tutorial.metrics import expression_metrics
from fer_tutorial.papers.mgln import PRESETS, MGLNConfig, fuse
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.engine import train
from fer_tutorial.training.evaluate import predict
from studies import shared

AUGMENT = AugmentConfig(flip=0.5, rotate=5, scale=0.05, translate=0.03, brightness=0.1, contrast=0.1)
WEIGHTS = np.round(np.linspace(0, 1, 21), 2)
SMALL = PRESETS["small"]
VARIANTS: dict[str, MGLNConfig] = {
    "moving": SMALL,
    "still": replace(SMALL, frames="apex"),
    "deform_conv": replace(SMALL, offset="deform_conv"),
    "mixup": replace(SMALL, mixup=1.0),
    "picked_on_fold": SMALL,  # the best epoch on the fold in place of the last one
}


@dataclass(frozen=True)
class Settings:
    train: int = 1000  # sequences to train on
    fold: int = 50  # of the small fold
    test: int = 400  # of the large test
    epochs: int = 12
    batch_size: int = 64
    lr: float = 2e-3
    backbone: str = "vgg16_trunk_small"
    size: int = 48
    frames: int = 6
    min_frames: int = 4
    intensity: tuple[float, float] = (1.5, 5.0)
    nuisance: float = 0.1
    weights_to: str = ""  # a file for the trained network


QUICK = {"train": 14, "fold": 7, "test": 7, "epochs": 1, "batch_size": 7, "frames": 3, "min_frames": 3}


def plan(variants: tuple[str, ...], seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, variant=variants)


@cache
def sequences(settings: Settings, n: int, seed: int, people: tuple[int, int]) -> FaceData:
    look = {name: getattr(settings, name) for name in ("size", "frames", "min_frames", "intensity", "nuisance")}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return sample_sequences(n, seed=seed, subjects=people, device=device, **look).to_face_data()


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    data = sequences(settings, settings.train, 21, (0, 600))
    fold = sequences(settings, settings.fold, 22, (600, 612))
    test = sequences(settings, settings.test, 23, (700, 1000))
    variant = arm["variant"]
    config = VARIANTS[variant]
    method: Any = build_method("mgln", data, backbone=settings.backbone, config=config, seed=arm["seed"])
    training = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, lr=settings.lr, augment=AUGMENT, seed=arm["seed"],
        progress=False, restore_best=variant == "picked_on_fold",
    )  # fmt: skip
    run = train(method, data, fold, training)
    global_scores, local_scores = scores(method, test)
    by_weight = {w: accuracy(fuse(global_scores, local_scores, float(w)), test) for w in WEIGHTS}
    metrics = {
        "global": by_weight[1.0],
        "local": by_weight[0.0],
        "fused": by_weight[0.5],
        "fold_best": run.history["accuracy"].max(),
        "fold_last": run.history["accuracy"].iloc[-1],
        "best_epoch": run.best_epoch,
        "global_loss": run.history["global_loss"].iloc[-1],
        "local_loss": run.history["local_loss"].iloc[-1],
    }
    if variant == "moving":
        # The official test loop's mistake: the apex three times to a network that knows movement.
        method.config = replace(config, frames="apex")
        metrics["apex_thrice_local"] = accuracy(scores(method, test)[1], test)
        metrics["apex_thrice_fused"] = accuracy(torch.from_numpy(predict(method, test)), test)
        method.config = config
    modules = {"global": global_scores, "local": local_scores, "fused": fuse(global_scores, local_scores)}
    if settings.weights_to:
        shared.save_weights(method, Path(settings.weights_to))
    return Result(
        metrics,
        run.history,
        {
            "fusion": pd.DataFrame({"weight": list(by_weight), "accuracy": list(by_weight.values())}),
            "confusion": pd.concat([mistakes(module, logits, test) for module, logits in modules.items()]),
        },
    )


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


def mistakes(module: str, logits: Tensor, data: FaceData) -> pd.DataFrame:
    """The confusion matrix of one module."""
    matrix = expression_metrics(logits, torch.from_numpy(data.labels))["confusion_matrix"]
    return shared.confusion(matrix, data.class_names).assign(module=module)


PARTS = {
    "variants": shared.Part(
        "mgln",
        "What do the global and the local module of MGLN and their fusion reach, with movement and without?",
        Settings(), partial(plan, tuple(VARIANTS)), one_run, QUICK,
    ),
    "shipped": shared.Part(
        "mgln_shipped", "How good is the MGLN network that the chapter looks into?",
        Settings(), partial(plan, ("moving",)), one_run, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.mgln", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
