"""SCN under label noise: does it help, are the new labels better than the old ones, and what does importance find?

    python -m studies.scn noise --seeds 8 --processes 2       five kinds of noise on synthetic faces
    python -m studies.scn settings --seeds 4 --processes 2    one setting changed at a time, with a fifth flipped

Noise is a share of labels flipped (``0``, ``0.1``, ``0.2``, ``0.3``) or ``annotator``, the vote of one simulated
annotator; how, and what is measured, is in :mod:`studies.noise`.  Beside runs and epochs it writes ``importance``:
histograms of the last epoch's importances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from fer_tutorial.config import NO_AUGMENTATION, TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import build_method
from fer_tutorial.papers.scn import PRESETS, SCNConfig
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.engine import train
from studies import shared
from studies.noise import Watch, summary, with_noise

NEVER = 10**6
NOISES = ("0.2", "annotator", "0", "0.3", "0.1")  # the most important first
RULES = ("softmax", "scn_never", "scn", "scn_all")
CHANGED = (
    *("scn", "delta_1_0.15", "delta_1_0", "delta_1_0.5", "delta_1_learned", "delta_2_0", "delta_2_0.5"),
    *("beta_0.3", "beta_0.9", "start_early", "start_late", "official"),
)


@dataclass(frozen=True)
class Settings:
    """What all runs have in common."""

    train_size: int = 4000
    test_size: int = 1000
    size: int = 32
    nuisance: float = 0.0  # frontal faces, well lit
    intensity: tuple[float, float] = (2.0, 5.0)  # the weaker, the less annotators agree
    epochs: int = 12
    batch_size: int = 64
    lr: float = 3e-3
    backbone: str = "small_cnn"
    delta_1: float = PRESETS["paper_batch_64"].delta_1  # the margin for batches of this size
    relabel_epoch: int = 6  # the epoch before, the network is right on about seven in ten of the clean labels


QUICK = {
    "train_size": 56, "test_size": 28, "size": 24, "epochs": 3, "batch_size": 14, "relabel_epoch": 2,
}  # fmt: skip


def variants(settings: Settings) -> dict[str, SCNConfig | None]:
    """What is compared: name -> SCN's configuration, None for the softmax baseline.

    ``scn`` is the paper's rule, ``scn_all`` the official code's, ``scn_never`` relabels nothing.  The others differ
    from ``scn`` in one thing, but for ``official``, which has all that the official code does otherwise.
    """
    start, end = settings.relabel_epoch, settings.epochs
    base = SCNConfig(delta_1=settings.delta_1, relabel_epoch=start)
    return {
        "softmax": None,
        "scn": base,
        "scn_all": replace(base, relabel_group="all"),
        "scn_never": replace(base, relabel_epoch=NEVER),
        "beta_0.3": replace(base, beta=0.3),
        "beta_0.9": replace(base, beta=0.9),
        "delta_1_0": replace(base, delta_1=0.0),
        "delta_1_0.15": replace(base, delta_1=0.15),
        "delta_1_0.5": replace(base, delta_1=0.5),
        "delta_1_learned": replace(base, learn_delta_1=True),
        "delta_2_0": replace(base, delta_2=0.0),
        "delta_2_0.5": replace(base, delta_2=0.5),
        "start_early": replace(base, relabel_epoch=2),
        "start_late": replace(base, relabel_epoch=(start + end + 1) // 2),
        "official": replace(PRESETS["official"], delta_1=settings.delta_1, relabel_epoch=start),
    }


def plan(noises: tuple[str, ...], names: tuple[str, ...], seeds: int) -> list[Arm]:
    """All kinds of noise and all variants with one seed, then with the next."""
    return [
        {"noise": noise, "variant": name, "seed": seed} for seed in range(seeds) for noise in noises for name in names
    ]


@cache
def faces(settings: Settings) -> tuple[FaceData, FaceData]:
    """Training and test faces with clean labels and votes, of different people."""
    look = {"size": settings.size, "nuisance": settings.nuisance, "intensity": settings.intensity, "mixed": 0.0}
    return (
        load_data("synthetic", split="train", n=settings.train_size, annotators=10, **look),
        load_data("synthetic", split="test", n=settings.test_size, **look),
    )


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    """Train once; how the labels fared, and the importance of every sample in the last epoch."""
    seed = arm["seed"]
    clean, test = faces(settings)
    data = with_noise(clean, arm["noise"], seed)
    config = variants(settings)[arm["variant"]]
    name = "softmax" if config is None else "scn"
    method = build_method(name, data, backbone=settings.backbone, config=config, seed=seed)
    training = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, lr=settings.lr, seed=seed, progress=False,
        augment=replace(NO_AUGMENTATION, flip=0.5),
    )  # fmt: skip
    watch = Watch()
    run = train(method, data, test, training, on_step=watch.on_step, on_epoch=watch.on_epoch)
    return summary(run, watch.table(), data, seed)


PARTS = {
    "noise": shared.Part(
        "scn_noise",
        "Does SCN help when labels are wrong, and does its relabeling make more right labels than wrong ones?",
        Settings(), partial(plan, NOISES, RULES), one_run, QUICK,
    ),
    "settings": shared.Part(
        "scn_settings",
        "What do β, δ1, δ2, the start of relabeling and the official code's choices change in SCN?",
        Settings(), partial(plan, ("0.2",), CHANGED), one_run, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.scn", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
