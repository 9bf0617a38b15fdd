"""SCN under label noise: does the importance find wrong labels, and are the new labels better than the old ones?

    python -m studies.scn noise --seeds 2                        four kinds of noise on synthetic faces
    python -m studies.scn settings --seeds 1                     one setting changed at a time, at 0.2
    python -m studies.scn ferplus --data-root DIR --seeds 1      on FERPlus
    python -m studies.scn fer2013 --data-root DIR --seeds 1      with FER2013's own labels

Kinds of noise, all on the training labels alone, fixed for the whole training:

* a share such as ``0.2``: that share of the labels is replaced by another class drawn uniformly (the paper's protocol);
* ``annotator``: the label is the vote of one of the ten annotators, drawn at random; the majority is the truth;
* ``fer2013``: the label is FER2013's own, from fer2013.csv and fer2013new.csv in DIR; FERPlus's majority is the truth.

Beside runs and epochs it writes ``importance``: histograms of the last epoch's importances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig, TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import build_method
from fer_tutorial.papers.scn import PRESETS, SCNConfig
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.engine import train
from studies import shared
from studies.noise import Watch, summary, with_noise

NEVER = 10**6
EASY = {"nuisance": 0.0, "intensity": (3.0, 5.0), "mixed": 0.0}  # clear frontal faces


@dataclass(frozen=True)
class Settings:
    data: str = "synthetic"
    classes: int = 7  # of FERPlus: 7, or 8 with contempt
    train_size: int | None = 1000  # None for all of FERPlus
    test_size: int = 500  # synthetic faces to test on
    size: int = 32
    easy: bool = True  # clear frontal faces, mirrored at most: for a CPU
    epochs: int = 16
    batch_size: int = 32
    lr: float = 3e-3
    delta_1: float = 0.15
    relabel_epoch: int = 10
    backbone: str = "small_cnn"


FERPLUS = Settings("ferplus", 8, 8000, size=48, easy=False, epochs=8, batch_size=64, lr=2e-3, relabel_epoch=4)
QUICK = {"train_size": 56, "test_size": 28, "size": 24, "epochs": 2, "batch_size": 14, "relabel_epoch": 1}
COMPARED = ("softmax", "scn", "scn_all", "scn_never")
NOISES = ("0.2", "annotator", "0.3", "0.1")
CHANGED = (
    *("scn", "scn_official", "beta_0.3", "beta_0.9", "delta_1_0", "delta_1_0.5", "delta_1_learned"),
    *("delta_2_0", "delta_2_0.5", "start_2"),
)


def variants(base: SCNConfig) -> dict[str, SCNConfig | None]:
    """What is compared: name -> SCN's configuration, None for the softmax baseline.  Each differs in one thing."""
    return {
        "softmax": None,
        "scn": base,
        "scn_all": replace(base, relabel_group="all"),
        "scn_never": replace(base, relabel_epoch=NEVER),
        "scn_official": replace(PRESETS["official"], delta_1=base.delta_1, relabel_epoch=base.relabel_epoch),
        "scn_never_margin_0": replace(base, relabel_epoch=NEVER, delta_1=0.0),
        "beta_0.3": replace(base, beta=0.3),
        "beta_0.9": replace(base, beta=0.9),
        "delta_1_0": replace(base, delta_1=0.0),
        "delta_1_0.5": replace(base, delta_1=0.5),
        "delta_1_learned": replace(base, learn_delta_1=True),
        "delta_2_0": replace(base, delta_2=0.0),
        "delta_2_0.5": replace(base, delta_2=0.5),
        "start_2": replace(base, relabel_epoch=2),
        "start_half": replace(base, relabel_epoch=2 * base.relabel_epoch),
    }


def plan(noises: tuple[str, ...], names: tuple[str, ...], seeds: int) -> list[Arm]:
    """All kinds of noise and all variants with one seed, then with the next."""
    return [
        {"noise": noise, "variant": name, "seed": seed} for seed in range(seeds) for noise in noises for name in names
    ]


# --- one run ---------------------------------------------------------------------------------------------------------


@cache
def faces(settings: Settings, data_root: Path | None) -> tuple[FaceData, FaceData]:
    """Training and test data with clean labels and votes."""
    if settings.data == "synthetic":
        look = {"size": settings.size, **(EASY if settings.easy else {})}
        return (
            load_data("synthetic", split="train", n=settings.train_size, annotators=10, **look),
            load_data("synthetic", split="test", n=settings.test_size, **look),
        )
    data, test = (
        load_data("ferplus", data_root, split, settings.size, num_classes=settings.classes)
        for split in ("train", "test")
    )
    if settings.train_size and settings.train_size < len(data):
        data = data.subset(np.sort(np.random.default_rng(0).permutation(len(data))[: settings.train_size]))
    return data, test


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """Train once; how the labels fared, and the importance of every sample in the last epoch."""
    seed = arm["seed"]
    clean, test = faces(settings, data_root)
    data = with_noise(clean, arm["noise"], seed, data_root)
    base = SCNConfig(delta_1=settings.delta_1, relabel_epoch=settings.relabel_epoch)
    config = variants(base)[arm["variant"]]
    name = "softmax" if config is None else "scn"
    method = build_method(name, data, backbone=settings.backbone, config=config, seed=seed)
    augment = replace(NO_AUGMENTATION, flip=0.5) if settings.easy else AugmentConfig()
    training = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, lr=settings.lr, augment=augment, seed=seed,
        progress=False,
    )  # fmt: skip
    watch = Watch()
    run = train(method, data, test, training, on_step=watch.on_step, on_epoch=watch.on_epoch)
    return summary(run, watch.table(), data, seed, left_out=len(clean) - len(data))


PARTS = {
    "noise": shared.Part(
        "scn_noise",
        "Does SCN help when labels are wrong, and does its relabelling make more right labels than wrong ones?",
        Settings(), partial(plan, NOISES, COMPARED), one_run, QUICK,
    ),
    "settings": shared.Part(
        "scn_settings",
        "What do β, δ1, δ2, the start of relabelling and the official code's choices change in SCN?",
        Settings(), partial(plan, ("0.2",), CHANGED), one_run, QUICK,
    ),
    "ferplus": shared.Part(
        "scn_ferplus", "Does SCN help on FERPlus when labels are wrong, and does its importance find them?",
        FERPLUS, partial(plan, ("0.2", "annotator"), COMPARED[:3]), one_run, QUICK,
    ),
    "fer2013": shared.Part(
        "scn_fer2013", "Does SCN find the wrong labels of FER2013, and do its relabels move towards the annotators?",
        FERPLUS, partial(plan, ("fer2013",), COMPARED), one_run, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.scn", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
