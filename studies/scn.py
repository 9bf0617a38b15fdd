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

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig, TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.datasets.ferplus import FER2013_CLASSES
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import build_method
from fer_tutorial.papers.scn import PRESETS, SCNConfig
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.engine import Run, train
from fer_tutorial.vocabulary import EXPRESSIONS
from studies import shared

BINS = np.linspace(0, 1, 51)
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


# --- labels ----------------------------------------------------------------------------------------------------------


def with_noise(data: FaceData, noise: str, seed: int, root: Path | None) -> FaceData:
    """``data`` with noisy labels; what the labels were is in ``clean_labels``."""
    generator = np.random.default_rng([seed, 20200001])
    truth = data.labels
    if noise == "annotator":
        if data.votes is None:
            raise UserError(f"{data.name} has no votes; choose data with annotators, or a share of flipped labels")
        # One vote drawn from those cast for the classes kept: the first whose running total exceeds the draw.
        totals = data.votes.cumsum(axis=1)
        drawn = generator.random(len(truth)) * totals[:, -1]
        labels = (totals > drawn[:, None]).argmax(axis=1)
    elif noise == "fer2013":
        if root is None:
            raise UserError("the noise 'fer2013' needs --data-root with fer2013.csv and fer2013new.csv")
        labels = fer2013_labels(root, data)
    else:
        flipped = generator.random(len(truth)) < float(noise)
        other = (truth + generator.integers(1, data.num_classes, len(truth))) % data.num_classes
        labels = np.where(flipped, other, truth)
    return replace(data, labels=labels.astype(np.int64), clean_labels=truth)


def fer2013_labels(root: Path, data: FaceData) -> np.ndarray:
    """FER2013's own label of each FERPlus picture; the rows of the two files are the same pictures."""
    missing = [name for name in ("fer2013.csv", "fer2013new.csv") if not (root / name).is_file()]
    if missing:
        raise UserError(
            f"{root} has no {' and no '.join(missing)}; expected both files, FER2013's and FERPlus's, there"
        )
    emotion = pd.read_csv(root / "fer2013.csv", usecols=["emotion"])["emotion"].to_numpy()
    names = pd.read_csv(root / "fer2013new.csv")["Image name"]
    if len(emotion) != len(names):
        raise UserError(
            f"fer2013.csv has {len(emotion)} rows and fer2013new.csv {len(names)}; expected the same pictures"
        )
    to_ours = np.array([EXPRESSIONS.index(name) for name in FER2013_CLASSES])
    named = names.notna().to_numpy()
    number = names[named].str.slice(3, 10).astype(int)
    by_number = dict(zip(number, to_ours[emotion[named]], strict=True))
    return np.array([by_number[index] for index in data.index])


# --- one run ---------------------------------------------------------------------------------------------------------


class Watch:
    """Remembers, for every step of training, whose importance was what.  Nothing is read from the device meanwhile."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, torch.Tensor, torch.Tensor]] = []
        self.epoch = 0

    def on_step(self, batch: dict[str, torch.Tensor], outputs: Any) -> None:
        if "importance" in outputs.get("kept", {}):
            self.steps.append((self.epoch, batch["index"], outputs["kept"]["importance"]))

    def on_epoch(self, method: Any, row: dict[str, Any]) -> None:
        self.epoch += 1

    def table(self) -> pd.DataFrame:
        """epoch, index, importance: one row for each time a sample was trained on."""
        parts = [
            pd.DataFrame({"epoch": epoch, "index": index.cpu().numpy(), "importance": alpha.float().cpu().numpy()})
            for epoch, index, alpha in self.steps
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["epoch", "index", "importance"])


def area_under_roc(score: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a random positive scores above a random negative, ties counting half (Mann and Whitney's U)."""
    ranks = pd.Series(score).rank().to_numpy()
    p, n = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * n)) if p and n else float("nan")


def verdict(given: np.ndarray, now: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Relabels that are right, wrong, and wrong labels that were missed, as counts; and the share of right labels."""
    changed = now != given
    return {
        "right": int((changed & (now == truth)).sum()),
        "wrong": int((changed & (now != truth)).sum()),
        "missed": int((~changed & (given != truth)).sum()),
        "spoiled": int((changed & (given == truth)).sum()),
        "label_accuracy": float((now == truth).mean()),
    }


def labels_by_epoch(run: Run, data: FaceData, epochs: int) -> Iterator[np.ndarray]:
    """The labels after each epoch, replayed from the label store's audit."""
    assert run.labels is not None
    audit = run.labels.audit()
    row = pd.Series(np.arange(len(data)), index=data.index)
    now = data.labels.copy()
    for epoch in range(epochs):
        changes = audit[audit["when"] == epoch]
        now[row[changes["index"]].to_numpy()] = changes["to"].to_numpy()
        yield now.copy()


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
    return summary(run, watch.table(), data, seed)


def summary(run: Run, alphas: pd.DataFrame, data: FaceData, seed: int) -> Result:
    """Metrics of the run, a table of epochs, and histograms of the importances of the last epoch."""
    row = pd.Series(np.arange(len(data)), index=data.index)
    truth = data.clean_labels
    assert truth is not None
    now = data.labels
    epochs = []
    for epoch, now in enumerate(labels_by_epoch(run, data, len(run.history))):
        entry: dict[str, Any] = {"epoch": epoch, **verdict(data.labels, now, truth)}
        alpha = alphas[alphas["epoch"] == epoch]
        if len(alpha):
            at = row[alpha["index"]].to_numpy()
            entry |= about_importance(alpha["importance"].to_numpy(), data, at, seed)
        epochs.append(entry)
    table = run.history.drop(columns=["label_accuracy"], errors="ignore").merge(pd.DataFrame(epochs), on="epoch")
    keep = ["accuracy", "mean_class_accuracy", "right", "wrong", "missed", "spoiled", "label_accuracy"]
    keep += [key for key in ("auc_flipped", "auc_disagreement") if key in table]
    metrics = {key: table[key].iloc[-1] for key in keep}
    metrics |= {"best_accuracy": table["accuracy"].max(), "noisy": float((data.labels != truth).mean())}
    if data.votes is not None:
        metrics |= moved_towards_votes(data, now)
    if not len(alphas):
        return Result(metrics, table)
    last = alphas[alphas["epoch"] == alphas["epoch"].max()]
    flipped = (data.labels != truth)[row[last["index"]].to_numpy()]
    histograms = [
        pd.DataFrame({"flipped": wrong, "left": BINS[:-1], "count": np.histogram(group["importance"], BINS)[0]})
        for wrong, group in last.groupby(flipped)
    ]
    return Result(metrics, table, {"importance": pd.concat(histograms, ignore_index=True)})


def about_importance(alpha: np.ndarray, data: FaceData, at: np.ndarray, seed: int) -> dict[str, float]:
    """Do low importances point to wrong labels, and do they point to faces the annotators disagree on?"""
    assert data.clean_labels is not None
    wrong = (data.labels != data.clean_labels)[at]
    values = {
        "auc_flipped": area_under_roc(-alpha, wrong),
        "importance_clean": float(alpha[~wrong].mean()) if not wrong.all() else float("nan"),
        "importance_flipped": float(alpha[wrong].mean()) if wrong.any() else float("nan"),
    }
    if data.votes is not None:
        agreement = data.votes[at].max(axis=1) / data.votes[at].sum(axis=1)
        # The fifth of the faces with the least agreement; equals are told apart at random.
        order = np.lexsort((np.random.default_rng(seed).random(len(at)), agreement))
        doubtful = np.zeros(len(at), bool)
        doubtful[order[: len(at) // 5]] = True
        values["auc_disagreement"] = area_under_roc(-alpha, doubtful)
    return values


def moved_towards_votes(data: FaceData, now: np.ndarray) -> dict[str, float]:
    """Of the relabelled faces: mean share of the annotators' votes for the old label, and for the new one."""
    assert data.votes is not None
    changed = np.flatnonzero(now != data.labels)
    share = data.votes / data.votes.sum(axis=1, keepdims=True)
    if not len(changed):
        return {"votes_before": float("nan"), "votes_after": float("nan")}
    return {
        "votes_before": float(share[changed, data.labels[changed]].mean()),
        "votes_after": float(share[changed, now[changed]].mean()),
    }


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
