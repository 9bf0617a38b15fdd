"""What the weight λ of center loss does: to accuracy, and to how tightly the classes lie together.

    python -m studies.center_loss lambda --seeds 3

Trains softmax loss plus λ times center loss on synthetic faces, for every λ, with every seed.  The seed decides the
weights, the order of the samples and their augmentation; the faces are the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fer_tutorial.config import NO_AUGMENTATION, TrainConfig
from fer_tutorial.face_data import FaceData
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.loader import Loader
from studies import shared

WEIGHTS = (0.0, 0.03, 0.3, 3.0)  # values of λ


@dataclass(frozen=True)
class Settings:
    train_size: int = 700
    test_size: int = 700
    size: int = 48
    nuisance: float = 0.2
    intensity: tuple[float, float] = (2.5, 5.0)
    epochs: int = 8
    batch_size: int = 32
    lr: float = 3e-3
    backbone: str = "small_cnn"


QUICK = {"train_size": 28, "test_size": 28, "size": 24, "epochs": 2, "batch_size": 14}


def plan(seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, **{"lambda": WEIGHTS})


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    data, test = shared.faces(settings)
    config = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, lr=settings.lr,
        augment=replace(NO_AUGMENTATION, flip=0.5), seed=arm["seed"], progress=False,
    )  # fmt: skip
    method, run = shared.train_expression(
        "center_loss", {"lambda_": arm["lambda"]}, data, test, config, settings.backbone
    )
    features = embed(method, test)
    compactness = spread(features, torch.from_numpy(test.labels), test.num_classes)
    return shared.expression_result(run, test, spread=compactness, length=float(features.norm(dim=1).mean()))


def spread(features: Tensor, labels: Tensor, num_classes: int) -> float:
    """Mean distance of samples (n, d) to their class's mean over the mean distance between two class means."""
    means = torch.stack([features[labels == k].mean(0) for k in range(num_classes)])  # (K, d)
    within = (features - means[labels]).norm(dim=1).mean()
    return float(within / torch.pdist(means).mean())


@torch.no_grad()
def embed(method, data: FaceData) -> Tensor:
    """The embeddings (N, d) of a data set, on the CPU."""
    method.eval()
    batches = Loader(data, method).in_turn(np.arange(len(data)))
    return torch.cat([method.embed(batch["images"]).cpu() for batch in batches])


PARTS = {
    "lambda": shared.Part(
        "center_loss",
        "What does the weight λ of center loss do to accuracy, and to how tightly the classes lie together?",
        Settings(), plan, one_run, QUICK,
    )
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.center_loss", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
