"""Seven expressions on synthetic faces: every method at its best against softmax.

    python -m studies.synthetic choice --seeds 2      each method's λ (TCL: margin, distance), by validation people
    python -m studies.synthetic methods --seeds 8     every method with what was chosen for it
    python -m studies.synthetic shipped --seeds 1     the networks that the chapters look into

Training, validation and test show different people.  A run ends with the weights of the epoch that did best on the
validation people, and sees the test people once.  With ``--set weights_to=data/weights`` the part ``shipped`` writes
each network there, a file METHOD.safetensors in half precision.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from fer_tutorial.config import TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.face_data import FaceData
from fer_tutorial.papers.configs import STRATEGIES
from fer_tutorial.records.comparison import best
from fer_tutorial.records.study import Arm, Result
from studies import shared


@dataclass(frozen=True)
class Settings:
    train_size: int = 4200
    valid_size: int = 1400
    test_size: int = 2800
    size: int = 48
    nuisance: float = 0.2
    intensity: tuple[float, float] = (1.5, 5.0)
    epochs: int = 24
    batch_size: int = 64
    backbone: str = "small_cnn"
    precision: str = "bf16"


@dataclass(frozen=True)
class ShippedSettings(Settings):
    weights_to: str = ""  # a folder for the trained networks


QUICK = {
    "train_size": 28, "valid_size": 28, "test_size": 28, "size": 24, "epochs": 2, "batch_size": 14, "precision": "fp32",
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """One thing that is compared.

    Args:
        method: its name in the package.
        changes: what differs from the method's small preset.
        optimizer: the name of one of ``OPTIMIZERS``.
        lambdas: values of λ to choose among; none for a method without.
        pulls: TCL's pairs of a distance and a margin that belongs to it, to choose among.
    """

    method: str
    changes: dict[str, Any]
    optimizer: str = "adamw"
    lambdas: tuple[float | None, ...] = (None,)
    pulls: tuple[tuple[str | None, float | None], ...] = ((None, None),)


OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adamw": {"optimizer": "adamw", "lr": 3e-3, "weight_decay": 1e-4},
    "sgd": {"optimizer": "sgd", "lr": 0.05, "weight_decay": 5e-4},
}
LAMBDAS = (0.01, 0.03, 0.1, 0.3, 1.0)
# A margin is in the unit of its distance, and half squares are the larger numbers.
PULLS = (("half_square", 1.0), ("half_square", 10.0), ("half_square", 50.0), ("euclidean", 1.0), ("euclidean", 5.0))
VARIANTS: dict[str, Variant] = {
    "softmax": Variant("softmax", {}),
    "center loss": Variant("center_loss", {}, lambdas=LAMBDAS),
    # It pulls with a in [0, 1], so at equal λ less than the others: its best λ may lie higher.
    "DACL": Variant("dacl", {}, lambdas=(*LAMBDAS, 3.0)),
    "DACL, a = 1": Variant("dacl", {"attention": "one"}, lambdas=LAMBDAS),
    "DACL, mean one": Variant("dacl", {"mean_one": True}, lambdas=LAMBDAS),
    # The margin that the authors advise for small batches; relabeling begins after a third of the epochs, or never: on
    # labels that are all right it can only spoil some.
    "SCN": Variant("scn", {"delta_1": 0.07, "relabel_epoch": 8}),
    "SCN, no relabeling": Variant("scn", {"delta_1": 0.07, "relabel_epoch": 10**6}),
    "softmax, SGD": Variant("softmax", {}, "sgd"),
    "DACL, SGD": Variant("dacl", {}, "sgd", LAMBDAS),
    # Centers that descend the loss's gradient, as autograd would move them, in place of the official step.
    "DACL, SGD, gradient step": Variant("dacl", {"update_rule": "autograd"}, "sgd", LAMBDAS),
    **{
        f"TCL, {negatives.replace('_', ' ')}": Variant(
            "tcl", {"negatives": negatives}, lambdas=(0.03, 0.3), pulls=PULLS
        )
        for negatives in STRATEGIES
    },
}


CHOSEN = ("lambda", "distance", "margin")

# One network of each method, for the chapters to look into.  The λ of center loss and of DACL did best on the
# validation people in the part `choice`; TCL has those of its preset.  All labels are right here, so SCN relabels none.
SHIPPED: dict[str, dict[str, Any]] = {
    "softmax": {},
    "DACL": {"lambda": 1.0},
    "center loss": {"lambda": 0.3},
    "SCN, no relabeling": {},
    "TCL, fully synthesized": {},
}


# --- plans -----------------------------------------------------------------------------------------------------------


def plan_choice(seeds: int) -> list[Arm]:
    """Every method that has something to choose, with every choice, one method after the other."""
    return [
        {"variant": name, "lambda": weight, "distance": distance, "margin": margin, "seed": seed}
        for name, variant in VARIANTS.items()
        if len(variant.lambdas) > 1
        for seed in range(seeds)
        for weight in variant.lambdas
        for distance, margin in variant.pulls
    ]


def plan_methods(seeds: int, choice: pd.DataFrame) -> list[Arm]:
    """Every method with what was chosen for it, one seed after the other; without those that wait for their choice."""
    chosen = dict.fromkeys((name for name, v in VARIANTS.items() if len(v.lambdas) == 1), dict.fromkeys(CHOSEN))
    chosen |= choices(choice)
    if waiting := [name for name in VARIANTS if name not in chosen]:
        print(f"left out until the part 'choice' has run to its end: {', '.join(waiting)}", file=sys.stderr)
    return [
        {"variant": name, **chosen[name], "seed": seed} for seed in range(seeds) for name in VARIANTS if name in chosen
    ]


def plan_shipped(seeds: int) -> list[Arm]:
    nothing = dict.fromkeys(CHOSEN)
    return [
        {"variant": name, **nothing, **given, "seed": seed} for seed in range(seeds) for name, given in SHIPPED.items()
    ]


def choices(runs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """For each variant whose choices were all tried equally often, the λ, distance and margin best on validation."""
    found = {}
    for name, group in runs.groupby("variant"):
        variant, tried = VARIANTS[name], group.groupby(list(CHOSEN), dropna=False).size()
        if len(tried) == len(variant.lambdas) * len(variant.pulls) and tried.nunique() == 1:
            setting = best(group, "valid_accuracy", CHOSEN)
            found[name] = {key: None if pd.isna(value) else value for key, value in setting.items()}
    return found


# --- one run ---------------------------------------------------------------------------------------------------------


@cache
def faces(settings: Settings) -> tuple[FaceData, FaceData, FaceData]:
    """Training, validation and test faces, of different people."""
    look = {"size": settings.size, "nuisance": settings.nuisance, "intensity": settings.intensity}
    sizes = {"train": settings.train_size, "valid": settings.valid_size, "test": settings.test_size}
    train, valid, test = (load_data("synthetic", split=split, n=n, **look) for split, n in sizes.items())
    return train, valid, test


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None, *, tested: bool = False) -> Result:
    """Train once; the metrics of the chosen epoch on the validation people, and on the test people if ``tested``."""
    train, valid, test = faces(settings)
    variant = VARIANTS[arm["variant"]]
    given = {"lambda_": arm["lambda"], "distance": arm["distance"], "margin": arm["margin"]}
    changes = variant.changes | {name: value for name, value in given.items() if value is not None}
    config = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, precision=settings.precision, restore_best=True,
        seed=arm["seed"], progress=False, **OPTIMIZERS[variant.optimizer],
    )  # fmt: skip
    method, run = shared.train_expression(variant.method, changes, train, valid, config, settings.backbone)
    if isinstance(settings, ShippedSettings) and settings.weights_to:
        shared.save_weights(method, Path(settings.weights_to) / f"{variant.method}.safetensors")
    return shared.chosen_epoch_result(method, run, test if tested else None)


PARTS = {
    "choice": shared.Part(
        "synthetic_choice", "Which λ, and which margin and distance of TCL, does each method do best with?",
        Settings(), plan_choice, one_run, QUICK,
    ),
    "methods": shared.Part(
        "synthetic_methods", "Which method tells seven expressions of synthetic faces apart better than softmax?",
        Settings(), plan_methods, partial(one_run, tested=True), QUICK, chosen_by="synthetic_choice",
    ),
    "shipped": shared.Part(
        "synthetic_shipped", "How good are the networks of synthetic faces that the chapters look into?",
        ShippedSettings(), plan_shipped, partial(one_run, tested=True), QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.synthetic", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
