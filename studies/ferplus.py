"""FERPlus with its official splits: how softmax alone is trained well.

    python -m studies.ferplus recipe --data-root DIR --seeds 1     how to train softmax alone, by the validation split

All training images, eight classes.  The epoch is chosen on the validation split.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.face_data import FaceData
from fer_tutorial.records.study import Arm, Result
from studies import shared


@dataclass(frozen=True)
class Settings:
    train_size: int | None = None  # None for all
    epochs: int = 16
    batch_size: int = 64
    lr: float = 2e-3
    weight_decay: float = 1e-4
    ema: float | None = 0.999
    backbone: str = "small_resnet"
    precision: str = "bf16"


QUICK = {"train_size": 14, "epochs": 2, "batch_size": 7, "backbone": "small_cnn", "precision": "fp32"}
STRONG = AugmentConfig(rotate=15, scale=0.15, translate=0.08, erase=0.5, erase_area=(0.02, 0.2))

# Recipes: name -> what differs from the settings above.
RECIPES: dict[str, dict[str, Any]] = {
    "averaged": {},
    "averaged, drawn labels": {"draw_labels": True},
    "averaged, strong augmentation": {"augment": STRONG},
    "averaged, drawn labels, strong augmentation": {"draw_labels": True, "augment": STRONG},
    "not averaged": {"ema": None},
}


def plan_recipes(seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, recipe=tuple(RECIPES))


@cache
def faces(settings: Settings, data_root: Path | None) -> tuple[FaceData, FaceData, FaceData]:
    """Training, validation and test split."""
    train, valid, test = (load_data("ferplus", data_root, split, num_classes=8) for split in ("train", "valid", "test"))
    if settings.train_size is not None:
        train = train.subset(np.arange(settings.train_size))
    return train, valid, test


def training(settings: Settings, seed: int, **changes: Any) -> TrainConfig:
    """The recipe of the study, with some ``changes``."""
    names = ("epochs", "batch_size", "lr", "weight_decay", "ema", "precision")
    common = {name: getattr(settings, name) for name in names}
    return TrainConfig(**(common | {"seed": seed, "restore_best": True, "progress": False} | changes))


def one_recipe(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """Softmax with one recipe; nothing but the validation split is looked at."""
    data, valid, _ = faces(settings, data_root)
    config = training(settings, arm["seed"], **RECIPES[arm["recipe"]])
    method, run = shared.train_expression("softmax", {}, data, valid, config, settings.backbone)
    return shared.chosen_epoch_result(method, run)


PARTS = {
    "recipe": shared.Part(
        "ferplus_recipe", "With which recipe is softmax alone strongest on FERPlus's validation split?",
        Settings(), plan_recipes, one_recipe, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.ferplus", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
