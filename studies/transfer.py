"""The honesty measure of the synthetic faces: train on them alone, test on real ones.

    python -m studies.transfer photographs --data-root DIR --seeds 3
    python -m studies.transfer photographs --data-root DIR --seeds 3 --out OUT --set split=valid   # to choose settings

A small residual network on oriented gradients is trained on synthetic faces (seven classes, grey, 48 pixels) and
tested, without having seen a real face, on

* the London set: smiling against neutral, balanced accuracy; the answer is whichever of the two classes has the larger
  logit, corrected for how often each was shown in training;
* a split of FERPlus: seven classes, mean class accuracy and accuracy; an image's label is the class with most votes.

Logits are the mean of those for the picture and its mirror image.  DIR holds ``london/`` and ``ferplus/``.

The committed table ``data/results/transfer`` was measured by an earlier program with readers, augmentation, schedule
and loop of its own (its command and commit are in ``about.json``); this one stands on the package's and has not been
measured yet.  What was looked at while the faces and that program were made: pictures, the mean picture and about
twenty times the numbers of FERPlus *valid* and of the London set.  They decided the framing, the oriented gradients,
the class weights, how much faces vary at rest, and that more faces seen less often are better.  So the London figure is
not an untouched one.  FERPlus *test* was recorded for three settings: 27.9 % with 20,000 faces of 32 pixels (12
epochs), 33.4 % with 8,000 of 48 (6 epochs) and 33.4 % with 24,000 of 48 (2 epochs), the one that is kept because it did
best on *valid* and London.  No real face or label entered training.
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
from fer_tutorial.datasets import load_data
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import build_method
from fer_tutorial.metrics import expression_metrics
from fer_tutorial.papers.softmax import PRESETS
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.engine import train
from fer_tutorial.training.evaluate import predict
from studies import shared

CLASSES = 7
CLASS_WEIGHTS = (2, 1, 1, 1, 1, 1, 1)  # neutral faces differ among each other as much as expressions do
LOOK = {"nuisance": 0.8, "framing": (1.25, 1.85), "intensity": (2.0, 5.0), "imbalance": CLASS_WEIGHTS}
AUGMENT = AugmentConfig(
    flip=0.5, rotate=7, scale=0.1, translate=0.08, brightness=0.15, contrast=0.4, erase=0.3, erase_area=(0.02, 0.15),
    noise=0.03,
)  # fmt: skip
BACKBONES = {"oriented_gradients": "edge_resnet"}  # variant -> backbone


@dataclass(frozen=True)
class Settings:
    n: int = 24_000  # synthetic faces to train on
    held_out: int = 1000  # synthetic faces of other people to test on
    size: int = 48
    epochs: int = 2
    batch_size: int = 64
    lr: float = 3e-3
    weight_decay: float = 0.02
    split: str = "test"  # of FERPlus; choose settings by "valid"
    device: str = "auto"


QUICK = {"n": 28, "held_out": 14, "size": 24, "epochs": 1, "batch_size": 14}


def plan(seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, variant=BACKBONES)


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """Faces and network differ with the seed."""
    seed = arm["seed"]
    london, ferplus = photographs(settings, data_root)
    data, held_out = (
        load_data("synthetic", split=split, n=n, seed=seed, size=settings.size, channels=1, **LOOK)
        for split, n in (("train", settings.n), ("test", settings.held_out))
    )
    config = replace(PRESETS["plain"], dropout=0.4, label_smoothing=0.1)
    method: Any = build_method("softmax", data, backbone=BACKBONES[arm["variant"]], config=config, seed=seed)
    training = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, lr=settings.lr, weight_decay=settings.weight_decay,
        augment=AUGMENT, device=settings.device, seed=seed, progress=False,
    )  # fmt: skip
    run = train(method, data, held_out, training)

    known = expression_metrics(logits_of(method, held_out), torch.from_numpy(held_out.labels))
    real = expression_metrics(logits_of(method, ferplus), torch.from_numpy(ferplus.labels))
    prior = torch.tensor(CLASS_WEIGHTS).log()  # the two classes count alike here
    smiles = expression_metrics((logits_of(method, london) - prior)[:, :2], torch.from_numpy(london.labels))
    by_class = [
        pd.DataFrame({"data": data.name, "class": data.class_names, "accuracy": metrics["class_accuracy"]})
        for data, metrics in ((ferplus, real), (london, smiles))
    ]
    return Result(
        {
            "london_balanced_accuracy": smiles["mean_class_accuracy"],
            "ferplus_mean_class_accuracy": real["mean_class_accuracy"],
            "ferplus_accuracy": real["accuracy"],
            "synthetic_accuracy": known["accuracy"],
        },
        run.history,
        {"classes": pd.concat(by_class), "confusion": shared.confusion(real["confusion_matrix"], ferplus.class_names)},
    )


@cache
def photographs(settings: Settings, root: Path | None) -> tuple[FaceData, FaceData]:
    """The London set and FERPlus, grey."""
    if root is None:
        raise UserError(
            "photographs lie outside of this project; give the folder that holds london/ and ferplus/ as --data-root"
        )
    return (
        load_data("london", root / "london", "test", settings.size, channels=1, num_classes=CLASSES),
        load_data(
            "ferplus", root / "ferplus", settings.split, settings.size, channels=1, num_classes=CLASSES, labels="vote"
        ),
    )


def logits_of(method: Any, data: FaceData) -> torch.Tensor:
    """Mean of the logits for the picture and its mirror image, (n, 7)."""
    mirrored = replace(data, images=np.ascontiguousarray(np.flip(data.images, axis=2)), landmarks=None)
    return torch.from_numpy(predict(method, data) + predict(method, mirrored)) / 2


PARTS = {
    "photographs": shared.Part(
        "transfer", "How far does a network that was trained on synthetic faces alone know real ones?",
        Settings(), plan, one_run, QUICK,
    )
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.transfer", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
