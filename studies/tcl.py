"""Triplet center loss: its four negatives against softmax, center loss and DACL, and its open readings.

    python -m studies.tcl negatives --seeds 3
    python -m studies.tcl readings --seeds 3

The training faces are thinned out to RAF-DB's class ratio; the test faces are equally many of every class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig, TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.face_data import FaceData
from fer_tutorial.records.study import Arm, Result
from studies import shared

RAF_DB = (2524, 4772, 1290, 1982, 705, 717, 281)  # faces of each class in its training split
EASY = {"nuisance": 0.0, "intensity": (3.0, 5.0), "mixed": 0.0}  # clear frontal faces


@dataclass(frozen=True)
class Settings:
    train_size: int = 1000
    test_size: int = 490
    size: int = 32
    easy: bool = True  # clear frontal faces, mirrored at most: for a CPU
    epochs: int = 12
    batch_size: int = 32
    lr: float = 3e-3
    backbone: str = "small_cnn"


# What is compared: name -> method, and what differs from its small preset.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "softmax": ("softmax", {}),
    "fully_synthesized": ("tcl", {"negatives": "fully_synthesized"}),
    "nearest": ("tcl", {"negatives": "nearest"}),
    "semi_synthesized": ("tcl", {"negatives": "semi_synthesized"}),
    "prediction_based": ("tcl", {"negatives": "prediction_based"}),
    "center_loss": ("center_loss", {}),
    "dacl": ("dacl", {}),
    "default": ("tcl", {"negatives": "fully_synthesized"}),
    "weights not normalized": ("tcl", {"normalize_attention": False}),
    "no attention": ("tcl", {"element_attention": False, "pixel_attention": False}),
    "lambda 1": ("tcl", {"lambda_": 1.0}),
}
NEGATIVES, READINGS = tuple(VARIANTS)[:7], tuple(VARIANTS)[7:]
QUICK = {"train_size": 70, "test_size": 28, "size": 24, "epochs": 2, "batch_size": 14}


def plan(variants: tuple[str, ...], seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, variant=variants)


@cache
def faces(settings: Settings) -> tuple[FaceData, FaceData]:
    """Training faces with RAF-DB's class ratio, and test faces of other people."""
    look = {"size": settings.size, **(EASY if settings.easy else {})}
    return (
        load_data("synthetic", split="train", n=settings.train_size, imbalance=RAF_DB, **look),
        load_data("synthetic", split="test", n=settings.test_size, **look),
    )


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    data, test = faces(settings)
    augment = replace(NO_AUGMENTATION, flip=0.5) if settings.easy else AugmentConfig()
    config = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, lr=settings.lr, augment=augment, seed=arm["seed"],
        progress=False,
    )  # fmt: skip
    _, run = shared.train_expression(*VARIANTS[arm["variant"]], data, test, config, settings.backbone)
    return shared.expression_result(run, test)


PARTS = {
    "negatives": shared.Part(
        "tcl_negatives",
        "Which negatives help triplet center loss, and is it better than softmax, center loss and DACL?",
        Settings(), partial(plan, NEGATIVES), one_run, QUICK,
    ),
    "readings": shared.Part(
        "tcl_readings", "What do the open readings of triplet center loss change?",
        Settings(), partial(plan, READINGS), one_run, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.tcl", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
