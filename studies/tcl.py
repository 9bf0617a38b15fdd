"""Triplet-center loss: what our readings of its selective attention change, one at a time.

    python -m studies.tcl readings --seeds 6 --processes 2
    python -m studies.tcl readings --seeds 6 --out DIR --set lambda_=0.3 margin=10 distance=euclidean

The training faces are thinned out to RAF-DB's class ratio; the test faces are equally many of every class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fer_tutorial.config import NO_AUGMENTATION, TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.face_data import FaceData
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training import Loader
from studies import shared

RAF_DB = (2524, 4772, 1290, 1982, 705, 717, 281)  # faces of each class in its training split
CLEAR = {"nuisance": 0.0, "intensity": (3.0, 5.0), "mixed": 0.0}  # seen from the front, mirrored at most: for a CPU


@dataclass(frozen=True)
class Settings:
    train_size: int = 4000
    test_size: int = 980
    size: int = 32
    epochs: int = 16
    batch_size: int = 64
    lr: float = 3e-3
    backbone: str = "small_cnn"
    negatives: str = "fully_synthesized"
    lambda_: float = 0.1
    margin: float = 1.0  # belongs to the distance
    distance: str = "half_square"


# name -> what differs from the default, attention to pixels and to elements; None: softmax, without any of it
READINGS: dict[str, dict[str, Any] | None] = {
    "default": {},
    "no attention": {"pixel_attention": False, "element_attention": False},
    "pixels alone": {"element_attention": False},
    "elements alone": {"pixel_attention": False},
    "weights not normalized": {"normalize_attention": False},
    "softmax": None,
}
QUICK = {"train_size": 70, "test_size": 28, "size": 24, "epochs": 2, "batch_size": 14}


def plan(seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, variant=tuple(READINGS))


@cache
def faces(settings: Settings) -> tuple[FaceData, FaceData]:
    """Training faces with RAF-DB's class ratio, and test faces of other people."""
    look = {"size": settings.size, **CLEAR}
    return (
        load_data("synthetic", split="train", n=settings.train_size, imbalance=RAF_DB, **look),
        load_data("synthetic", split="test", n=settings.test_size, **look),
    )


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    data, test = faces(settings)
    config = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, lr=settings.lr, seed=arm["seed"],
        augment=replace(NO_AUGMENTATION, flip=0.5), progress=False,
    )  # fmt: skip
    name, changes = "softmax", READINGS[arm["variant"]]
    if changes is not None:
        name = "tcl"
        changes = {key: getattr(settings, key) for key in ("negatives", "lambda_", "margin", "distance")} | changes
    method, run = shared.train_expression(name, changes or {}, data, test, config, settings.backbone)
    with torch.no_grad():
        batch = Loader(test, method).take()
        ratio = between_within(method.eval().embed(batch["images"]), batch["labels"])
    return shared.expression_result(run, test, between_within=ratio)


def between_within(x: Tensor, labels: Tensor) -> float:
    """Variance between the classes' means over the variance within the classes, of embeddings (N, d), labels (N,).

    >>> between_within(torch.tensor([[0.0], [2.0], [10.0], [12.0]]), torch.tensor([0, 0, 1, 1]))
    25.0
    """
    classes, place = labels.unique(return_inverse=True)
    means = torch.stack([x[labels == k].mean(dim=0) for k in classes])  # (K, d)
    within = (x - means[place]).square().sum() / len(x)
    return ((means - means.mean(dim=0)).square().sum() / len(means) / within).item()


PARTS = {
    "readings": shared.Part(
        "tcl_readings", "What do our readings of triplet-center loss's selective attention change?",
        Settings(), plan, one_run, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.tcl", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
