"""SCN under label noise: does the importance find wrong labels, and are the new labels better than the old ones?

    python studies/scn.py synthetic --out data/results/scn_synthetic
    python studies/scn.py ferplus --data-root DIR --out data/results/scn_ferplus --batch-size 256 --epochs 30
    python studies/scn.py ferplus --data-root DIR --noise fer2013 --out OUT

Kinds of noise, all on the training labels alone, fixed for the whole training:

* a share such as ``0.2``: that share of the labels is replaced by another class drawn uniformly (the paper's protocol);
* ``annotator``: the label is the vote of one of the ten annotators, drawn at random; the majority is the truth;
* ``fer2013``: the label is FER2013's own, from fer2013.csv and fer2013new.csv in DIR; FERPlus's majority is the truth.

Writes OUT.csv (a row a run), OUT_epochs.csv (a row an epoch), OUT_importance.csv (histograms) and OUT.json (how).
A run is started only while fewer than --minutes have passed, so the most telling runs come first.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig, TrainConfig
from fer_tutorial.datasets.ferplus import FER2013_CLASSES
from fer_tutorial.datasets.load import load_data
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_faces
from fer_tutorial.methods import StepOutputs, build_method
from fer_tutorial.papers.scn import PRESETS, SCNConfig
from fer_tutorial.training.engine import Run, train
from fer_tutorial.vocabulary import EXPRESSIONS

BINS = np.linspace(0, 1, 51)
NEVER = 10**6


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


def plan(noises: list[str], seeds: int, names: list[str]) -> Iterator[tuple[str, str, int]]:
    """(variant, noise, seed): the comparison over all noises and seeds first, then one change at a time."""
    main = [name for name in names if name in ("softmax", "scn", "scn_all", "scn_never")]
    middle = "0.2" if "0.2" in noises else noises[0]
    for seed in range(seeds):
        for noise in noises:
            for name in main:
                yield name, noise, seed
    for seed in range(seeds):
        for name in names:
            if name not in main:
                yield name, middle, seed


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

    def on_step(self, batch: dict[str, torch.Tensor], outputs: StepOutputs) -> None:
        if "kept" in outputs:
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


def one_run(
    config: SCNConfig | None, data: FaceData, test: FaceData, settings: TrainConfig, backbone: str
) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Train once: a summary, a table of epochs, and the importance of every sample in the last epoch."""
    method = build_method(
        "softmax" if config is None else "scn", data, backbone=backbone, config=config, seed=settings.seed
    )
    watch = Watch()
    started = time.perf_counter()
    run = train(method, data, test, settings, on_step=watch.on_step, on_epoch=watch.on_epoch)
    seconds = time.perf_counter() - started
    alphas = watch.table()
    row = pd.Series(np.arange(len(data)), index=data.index)
    truth = data.clean_labels
    assert truth is not None

    epochs = []
    for epoch, now in enumerate(labels_by_epoch(run, data, len(run.history))):
        entry: dict[str, Any] = {"epoch": epoch, **verdict(data.labels, now, truth)}
        alpha = alphas[alphas["epoch"] == epoch]
        if len(alpha):
            at = row[alpha["index"]].to_numpy()
            entry |= about_importance(alpha["importance"].to_numpy(), data, at, settings.seed)
        epochs.append(entry)
    table = run.history.drop(columns=["label_accuracy"], errors="ignore").merge(pd.DataFrame(epochs), on="epoch")
    keep = ["accuracy", "mean_class_accuracy", "right", "wrong", "missed", "spoiled", "label_accuracy"]
    summary = {key: table[key].iloc[-1] for key in keep}
    summary |= {"best_accuracy": table["accuracy"].max(), "noisy": float((data.labels != truth).mean())}
    for key in ("auc_flipped", "auc_disagreement", "votes_before", "votes_after"):
        if key in table:
            summary[key] = table[key].iloc[-1]
    if data.votes is not None:
        summary |= moved_towards_votes(data, now)
    last = alphas[alphas["epoch"] == alphas["epoch"].max()] if len(alphas) else alphas
    importance = last.assign(flipped=(data.labels != truth)[row[last["index"]].to_numpy()]) if len(last) else last
    return summary | {"seconds": seconds}, table, importance


def about_importance(alpha: np.ndarray, data: FaceData, at: np.ndarray, seed: int) -> dict[str, float]:
    """Do low importances point to wrong labels, and do they point to faces the annotators disagree on?"""
    assert data.clean_labels is not None
    wrong = (data.labels != data.clean_labels)[at]
    values = {
        "auc_flipped": area_under_roc(-alpha, wrong),
        "importance_clean": float(alpha[~wrong].mean()),
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


# --- the command -----------------------------------------------------------------------------------------------------


def load(args: argparse.Namespace) -> tuple[FaceData, FaceData]:
    """Training and test data with clean labels and votes."""
    if args.data == "synthetic":
        look = {"nuisance": 0.0, "intensity": (3.0, 5.0), "mixed": 0.0} if args.easy else {}
        faces = sample_faces(args.train_size, seed=1, size=args.size, annotators=10, **look)
        test = sample_faces(args.test_size, seed=2, size=args.size, **look)
        return faces.to_face_data(), test.to_face_data(split="test")
    data, test = (
        load_data("ferplus", args.data_root, split, args.size, num_classes=args.classes) for split in ("train", "test")
    )
    if args.train_size and args.train_size < len(data):
        data = data.subset(np.sort(np.random.default_rng(0).permutation(len(data))[: args.train_size]))
    return data, test


def train_config(args: argparse.Namespace) -> TrainConfig:
    """How every run trains; its seed comes later."""
    augment = replace(NO_AUGMENTATION, flip=0.5) if args.easy else AugmentConfig()
    return TrainConfig(epochs=args.epochs, batch_size=args.batch_size, lr=args.lr, augment=augment, progress=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=("synthetic", "ferplus"))
    parser.add_argument("--out", type=Path, required=True, help="where to write, without the ending")
    parser.add_argument("--data-root", type=Path, help="the folder with FERPlus")
    parser.add_argument("--noise", nargs="+", default=["0.2", "0.3", "0.1", "annotator"])
    parser.add_argument(
        "--variants", nargs="+", choices=list(variants(SCNConfig())), default=list(variants(SCNConfig()))
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--delta-1", type=float, default=0.15)
    parser.add_argument("--relabel-epoch", type=int, default=10)
    parser.add_argument("--backbone", default="small_cnn")
    parser.add_argument("--classes", type=int, default=8, help="of FERPlus: 7, or 8 with contempt")
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--train-size", type=int, help="faces to train on; synthetic: 2000 unless given, ferplus: all")
    parser.add_argument("--test-size", type=int, default=1000, help="synthetic faces to test on")
    parser.add_argument(
        "--easy", action="store_true", help="clear frontal synthetic faces, mirrored at most: for a CPU"
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="start no run after so long")
    args = parser.parse_args()
    if args.data == "ferplus" and args.data_root is None:
        parser.error("ferplus needs --data-root, the folder with FER2013Train/ and the other official folders")
    args.train_size = args.train_size or (2000 if args.data == "synthetic" else None)

    started = time.perf_counter()
    data, test = load(args)
    base = SCNConfig(delta_1=args.delta_1, relabel_epoch=args.relabel_epoch)
    runs, epochs, histograms, skipped = [], [], [], []
    for variant, noise, seed in plan(args.noise, args.seeds, args.variants):
        key = {"data": args.data, "noise": noise, "variant": variant, "seed": seed}
        if time.perf_counter() - started > 60 * args.minutes:
            skipped.append(key)
            continue
        noisy = with_noise(data, noise, seed, args.data_root)
        settings = replace(train_config(args), seed=seed)
        summary, table, importance = one_run(variants(base)[variant], noisy, test, settings, args.backbone)
        runs.append(key | summary)
        epochs.append(table.assign(**key))
        if len(importance):
            for flipped, group in importance.groupby("flipped"):
                counts, _ = np.histogram(group["importance"], BINS)
                histograms.append(pd.DataFrame({**key, "flipped": flipped, "left": BINS[:-1], "count": counts}))
        print(key, {name: round(float(value), 3) for name, value in summary.items()}, flush=True)
        write(args, runs, epochs, histograms, skipped, started, data, test)


def write(
    args: argparse.Namespace,
    runs: list,
    epochs: list,
    histograms: list,
    skipped: list,
    started: float,
    data: FaceData,
    test: FaceData,
) -> None:
    """All tables so far, and how they came about."""
    args.out.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(runs).to_csv(f"{args.out}.csv", index=False, float_format="%.5g")
    columns = [
        *("data", "noise", "variant", "seed", "epoch", "accuracy", "train_accuracy", "label_accuracy"),
        *("right", "wrong", "missed", "spoiled", "auc_flipped", "auc_disagreement", "importance_clean"),
        *("importance_flipped", "delta_1", "rank_regularization"),
    ]
    table = pd.concat(epochs, ignore_index=True)
    table[[name for name in columns if name in table]].to_csv(
        f"{args.out}_epochs.csv", index=False, float_format="%.5g"
    )
    if histograms:
        pd.concat(histograms, ignore_index=True).to_csv(f"{args.out}_importance.csv", index=False, float_format="%.5g")
    about = {
        "command": "python studies/scn.py " + " ".join(sys.argv[1:]),
        "commit": subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        ).stdout.strip(),
        "hardware": torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {platform.machine()}",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "train_size": len(data),
        "test_size": len(test),
        "settings": asdict(train_config(args)),
        "seconds": round(time.perf_counter() - started, 1),
        "runs": len(runs),
        "skipped": skipped,
    }
    Path(f"{args.out}.json").write_text(json.dumps(about, indent=2, default=str) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        print(f"scn: {error}", file=sys.stderr)
        sys.exit(2)
