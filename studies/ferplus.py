"""FERPlus with its official splits: each method against softmax, with clean labels, flipped ones and FER2013's own.

    python -m studies.ferplus recipe --data-root DIR --seeds 1     how to train softmax alone
    python -m studies.ferplus start --seeds 1                      a network trained on synthetic faces, to start from
    python -m studies.ferplus choice --data-root DIR --seeds 1     each method's λ, in short runs
    python -m studies.ferplus methods --data-root DIR --seeds 3    every method with what was chosen for it

All training images, eight classes.  A run ends with the weights of the epoch that did best on the validation split,
and only ``methods`` looks at the test split, once a run.  Labels are the annotators' ``majority``, the majority with a
share of flips such as ``0.2``, or ``fer2013``: FER2013's own, where DIR has them (see :mod:`studies.noise`).  The part
``start`` writes its network, in half precision, with ``--set weights_to=data/weights/small_resnet.safetensors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.face_data import FaceData
from fer_tutorial.records.comparison import best
from fer_tutorial.records.study import Arm, Result
from studies import shared
from studies.noise import Watch, summary, with_noise

NEVER = 10**6


@dataclass(frozen=True)
class Settings:
    train_size: int | None = None  # None for all
    epochs: int = 10
    batch_size: int = 64
    lr: float = 2e-3
    weight_decay: float = 1e-4
    ema: float | None = 0.999
    backbone: str = "small_resnet"
    precision: str = "bf16"
    compile: bool = False  # needs a C++ compiler; a step on a processor takes about half the time
    start: str = "data/weights/small_resnet.safetensors"  # the network trained on synthetic faces
    weights_to: str = ""  # a file for that network


QUICK = {"train_size": 14, "epochs": 2, "batch_size": 7, "backbone": "small_cnn", "precision": "fp32", "start": ""}
STRONG = AugmentConfig(rotate=15, scale=0.15, translate=0.08, erase=0.5, erase_area=(0.02, 0.2))

# Recipes: name -> what differs from the settings above.
RECIPES: dict[str, dict[str, Any]] = {
    "averaged": {},
    "averaged, drawn labels": {"draw_labels": True},
    "averaged, strong augmentation": {"augment": STRONG},
    "averaged, drawn labels, strong augmentation": {"draw_labels": True, "augment": STRONG},
    "not averaged": {"ema": None},
}
SGD = {"optimizer": "sgd", "lr": 0.05, "weight_decay": 5e-4}
# The margin that SCN's authors advise for a batch of 64; relabeling begins when 7 of 10 faces are recognized.
SCN = {"delta_1": 0.07, "relabel_epoch": 4}
# name -> method, what differs from its small preset, what differs in training
VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "softmax": ("softmax", {}, {}),
    "center loss": ("center_loss", {}, {}),
    "DACL": ("dacl", {}, {}),
    "SCN, never": ("scn", SCN | {"relabel_epoch": NEVER}, {}),
    "SCN, low": ("scn", SCN, {}),
    "SCN, whole": ("scn", SCN | {"relabel_group": "all"}, {}),
    "TCL, fully synthesized": ("tcl", {"negatives": "fully_synthesized"}, {}),
    "DACL, mean one": ("dacl", {"mean_one": True}, {}),
    "softmax, SGD": ("softmax", {}, SGD),
    "DACL, SGD": ("dacl", {}, SGD),
    "softmax, drawn labels": ("softmax", {}, {"draw_labels": True}),
}
LAMBDAS: dict[str, tuple[float, ...]] = {
    "center loss": (0.003, 0.03, 0.3),
    "DACL": (0.01, 0.1, 1.0),
    "DACL, mean one": (0.01, 0.1, 1.0),
    "TCL, fully synthesized": (0.03, 0.3),
    "DACL, SGD": (0.01, 0.1, 1.0),
}
CLEAN = (
    "softmax",
    "center loss",
    "DACL",
    "SCN, low",
    "TCL, fully synthesized",
    "DACL, mean one",
    "softmax, drawn labels",
)
NOISY = ("softmax", "SCN, never", "SCN, low", "SCN, whole")


# --- plans -----------------------------------------------------------------------------------------------------------


def plan_recipes(seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, recipe=tuple(RECIPES))


def plan_start(seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, faces=(24_000,))


def plan_choice(seeds: int) -> list[Arm]:
    return [
        {"variant": name, "lambda": weight, "seed": seed}
        for seed in range(seeds) for name, weights in LAMBDAS.items() for weight in weights
    ]  # fmt: skip


def plan_methods(seeds: int, choice: pd.DataFrame) -> list[Arm]:
    """What matters most comes first: clean labels and FER2013's own, then flips, then the other start."""
    chosen = {name: best(runs, "valid_accuracy", "lambda")["lambda"] for name, runs in choice.groupby("variant")}
    conditions = [
        *(("random", "majority", name) for name in CLEAN),
        *(("random", "fer2013", name) for name in NOISY),
        *(("random", "0.2", name) for name in NOISY),
        *(("synthetic", "majority", name) for name in CLEAN[:4]),
        *(("synthetic", "fer2013", name) for name in NOISY),
        *(("random", "0.1", name) for name in NOISY),
        *(("random", "majority", name) for name in ("softmax, SGD", "DACL, SGD")),
    ]
    return [
        {"start": start, "labels": labels, "variant": name, "lambda": chosen.get(name), "seed": seed}
        for seed in range(seeds)
        for start, labels, name in conditions
    ]


# --- one run ---------------------------------------------------------------------------------------------------------


@cache
def faces(settings: Settings, data_root: Path | None) -> tuple[FaceData, FaceData, FaceData]:
    """Training, validation and test split, with the annotators' majority for labels."""
    train, valid, test = (load_data("ferplus", data_root, split, num_classes=8) for split in ("train", "valid", "test"))
    if settings.train_size is not None:
        train = train.subset(np.arange(settings.train_size))
    return train, valid, test


def training(settings: Settings, seed: int, **changes: Any) -> TrainConfig:
    """How every run is trained, with some ``changes``."""
    names = ("epochs", "batch_size", "lr", "weight_decay", "ema", "precision", "compile")
    common = {name: getattr(settings, name) for name in names}
    return TrainConfig(**(common | {"seed": seed, "restore_best": True, "progress": False} | changes))


def one_recipe(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """Softmax with one recipe."""
    data, valid, _ = faces(settings, data_root)
    config = training(settings, arm["seed"], **RECIPES[arm["recipe"]])
    method, run = shared.train_expression("softmax", {}, data, valid, config, settings.backbone)
    return shared.chosen_epoch_result(method, run)


def one_start(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """Softmax on gray synthetic faces."""
    look = {"size": 48, "channels": 1, "nuisance": 0.2}
    data, valid, test = (
        load_data("synthetic", split=split, n=n if settings.train_size is None else settings.train_size, **look)
        for split, n in (("train", arm["faces"]), ("valid", 2000), ("test", 2000))
    )
    method, run = shared.train_expression(
        "softmax", {}, data, valid, training(settings, arm["seed"]), settings.backbone
    )
    if settings.weights_to:
        shared.save_weights(method, Path(settings.weights_to))
    return shared.chosen_epoch_result(method, run, test)


def one_choice(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """One method with one λ."""
    data, valid, _ = faces(settings, data_root)
    name, changes, recipe = VARIANTS[arm["variant"]]
    config = training(settings, arm["seed"], **recipe)
    method, run = shared.train_expression(
        name, changes | {"lambda_": arm["lambda"]}, data, valid, config, settings.backbone
    )
    return shared.chosen_epoch_result(method, run)


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """One method with its λ, on one kind of labels: the metrics on the test split, and what became of the labels."""
    clean, valid, test = faces(settings, data_root)
    noise = "0" if arm["labels"] == "majority" else arm["labels"]
    data = with_noise(clean, noise, arm["seed"], data_root)
    name, changes, recipe = VARIANTS[arm["variant"]]
    if arm["lambda"] is not None:
        changes = changes | {"lambda_": arm["lambda"]}
    watch = Watch()
    method, run = shared.train_expression(
        name, changes, data, valid, training(settings, arm["seed"], **recipe), settings.backbone,
        settings.start if arm["start"] == "synthetic" and settings.start else None,
        on_step=watch.on_step, on_epoch=watch.on_epoch,
    )  # fmt: skip
    chosen = shared.chosen_epoch_result(method, run, test)
    labels = summary(run, watch.table(), data, arm["seed"])
    fate = {name: value for name, value in labels.metrics.items() if name != "best_accuracy"}  # it is valid_accuracy
    return Result(fate | chosen.metrics, labels.epochs, labels.tables | chosen.tables)


PARTS = {
    "recipe": shared.Part(
        "ferplus_recipe", "With which recipe is softmax alone strongest on FERPlus's validation split?",
        Settings(), plan_recipes, one_recipe, QUICK,
    ),
    "start": shared.Part(
        "ferplus_start", "How good is the network trained on synthetic faces, from which runs on FERPlus start?",
        Settings(), plan_start, one_start, QUICK,
    ),
    "choice": shared.Part(
        "ferplus_choice", "With which λ is each method strongest on FERPlus's validation split?",
        Settings(epochs=5), plan_choice, one_choice, QUICK,
    ),
    "methods": shared.Part(
        "ferplus_methods", "Which method is better than softmax on FERPlus, with clean labels and with wrong ones?",
        Settings(), plan_methods, one_run, QUICK, chosen_by="ferplus_choice",
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.ferplus", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
