"""DACL against softmax and center loss on synthetic faces, with AdamW and with SGD.

python -m studies.dacl adamw --seeds 3
python -m studies.dacl sgd --seeds 3
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fer_tutorial.config import TrainConfig
from fer_tutorial.records.study import Arm, Result
from studies import shared


@dataclass(frozen=True)
class Settings:
    optimizer: str = "adamw"
    lr: float = 3e-3
    weight_decay: float = 1e-4
    train_size: int = 1400
    test_size: int = 1000
    size: int = 48
    nuisance: float = 0.2
    intensity: tuple[float, float] = (2.5, 5.0)
    epochs: int = 8
    batch_size: int = 32
    backbone: str = "small_cnn"


# What is compared: name -> method, and what differs from its small preset.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "softmax": ("softmax", {}),
    "center_loss, lambda 0.01": ("center_loss", {"lambda_": 0.01}),
    "center_loss, lambda 0.1": ("center_loss", {"lambda_": 0.1}),
    "dacl, lambda 0.01": ("dacl", {"lambda_": 0.01}),
    "dacl, lambda 0.1": ("dacl", {"lambda_": 0.1}),
    "dacl, lambda 0.1, mean one": ("dacl", {"lambda_": 0.1, "mean_one": True}),
    "dacl, lambda 0.1, gradient step": ("dacl", {"lambda_": 0.1, "update_rule": "autograd"}),
}
ADAMW = tuple(VARIANTS)[:6]
SGD = ("softmax", "dacl, lambda 0.1", "dacl, lambda 0.1, gradient step")
QUICK = {"train_size": 28, "test_size": 28, "size": 24, "epochs": 2, "batch_size": 14}


def plan(variants: tuple[str, ...], seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, variant=variants)


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    data, test = shared.faces(settings)
    config = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, optimizer=settings.optimizer, lr=settings.lr,
        weight_decay=settings.weight_decay, seed=arm["seed"], progress=False,
    )  # fmt: skip
    _, run = shared.train_expression(*VARIANTS[arm["variant"]], data, test, config, settings.backbone)
    return shared.expression_result(run, test)


PARTS = {
    "adamw": shared.Part(
        "dacl_adamw", "Are center loss and DACL more accurate than softmax alone with AdamW, and at which λ?",
        Settings(), partial(plan, ADAMW), one_run, QUICK,
    ),
    "sgd": shared.Part(
        "dacl_sgd",
        "Is DACL more accurate than softmax alone with SGD, and does the rule that moves the centers matter?",
        Settings(optimizer="sgd", lr=0.05, weight_decay=5e-4), partial(plan, SGD), one_run, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.dacl", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
