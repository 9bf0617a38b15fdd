"""Labels with noise, and what becomes of them: for the studies that train SCN on them.

Kinds of noise, all on the training labels alone, fixed for the whole training:

* a share such as ``0.2``: that share of the labels is replaced by another class drawn uniformly (the paper's protocol);
* ``annotator``: the label is the vote of one of the annotators, drawn at random; the data's own label, on FERPlus their
  majority, is the truth;
* ``fer2013``: the label is FER2013's own; FERPlus's majority is the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fer_tutorial.datasets.fer2013_csv import FER2013_CLASSES
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.records.study import Result
from fer_tutorial.training.engine import Run
from fer_tutorial.vocabulary import EXPRESSIONS

BINS = np.linspace(0, 1, 51)

# --- labels ----------------------------------------------------------------------------------------------------------


def with_noise(data: FaceData, noise: str, seed: int, root: Path | None = None) -> FaceData:
    """``data`` with noisy labels; what the labels were is in ``clean_labels``.

    It follows from its arguments alone.  With ``fer2013`` there are fewer samples: pictures without a certain label
    of FER2013's are left out, so ``len(data) - len(with_noise(data, ...))`` says how many.

    Args:
        data: faces with clean labels; with votes for ``annotator``, with FERPlus's file names as keys for ``fer2013``.
        noise: a share of labels to flip such as ``"0.2"``, ``"annotator"`` or ``"fer2013"``.
        seed: of the draw; it does not matter for ``fer2013``, where nothing is drawn.
        root: the folder with FER2013's labels, see :func:`fer2013_labels`.

    Raises:
        UserError: a noise that the data do not allow.
    """
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
            raise UserError("the noise 'fer2013' needs the folder with FER2013's labels; give it with --data-root")
        labels = fer2013_labels(root, data)
        known = labels >= 0
        data, truth, labels = data.subset(known), truth[known], labels[known]
    else:
        flipped = generator.random(len(truth)) < float(noise)
        other = (truth + generator.integers(1, data.num_classes, len(truth))) % data.num_classes
        labels = np.where(flipped, other, truth)
    return replace(data, labels=labels.astype(np.int64), clean_labels=truth)


def fer2013_labels(root: Path, data: FaceData) -> np.ndarray:
    """FER2013's own label of each FERPlus picture, matched by the picture's name; −1 where it is not certain.

    It is read from ``fer2013.csv`` and ``fer2013new.csv``, whose rows are the same pictures, or from a table
    ``fer2013_emotion.csv`` with the columns split, name, emotion (0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness,
    5 surprise, 6 neutral) and certain (0 or 1), in ``root`` or in ``root/labels``.

    Raises:
        UserError: none of these files, columns or numbers that do not fit, or data whose keys are no picture names.
    """
    own = _emotions(root)
    wrong = own.loc[~own["emotion"].isin(range(len(FER2013_CLASSES))), "emotion"]
    if len(wrong):
        raise UserError(
            f"FER2013's labels in {root} have the emotion {wrong.iloc[0]}; expected 0 to {len(FER2013_CLASSES) - 1}"
        )
    if data.keys is None:
        raise UserError(f"{data.name} does not name its pictures, and FER2013's labels go by name; use ferplus")
    # A name that occurs twice is certain if it has one emotion.
    names = own.groupby("name")
    certain = names["certain"].min().astype(bool) & (names["emotion"].nunique() == 1)
    to_ours = np.array([EXPRESSIONS.index(name) for name in FER2013_CLASSES])
    label = pd.Series(to_ours[names["emotion"].first().astype(int)], certain.index).where(certain, -1)
    return label.reindex(data.keys, fill_value=-1).to_numpy()


def _emotions(root: Path) -> pd.DataFrame:
    """name, emotion, certain: what FER2013's files in ``root`` say."""
    pixels, votes = root / "fer2013.csv", root / "fer2013new.csv"
    if pixels.is_file() and votes.is_file():
        emotion = _columns(pixels, ["emotion"])["emotion"]
        names = _columns(votes, ["Image name"])["Image name"]
        if len(emotion) != len(names):
            raise UserError(
                f"fer2013.csv has {len(emotion)} rows and fer2013new.csv {len(names)}; expected the same pictures"
            )
        return pd.DataFrame({"name": names, "emotion": emotion, "certain": 1}).dropna(subset="name")
    for table in (root / "fer2013_emotion.csv", root / "labels" / "fer2013_emotion.csv"):
        if table.is_file():
            return _columns(table, ["name", "emotion", "certain"])
    raise UserError(
        f"{root} has no label of FER2013's own; expected fer2013.csv and fer2013new.csv there, or fer2013_emotion.csv"
    )


def _columns(file: Path, names: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(file, usecols=names)
    except ValueError as error:  # a column is missing
        raise UserError(f"{file} lacks a column; expected {', '.join(names)} in its first line") from error


# --- watching a training ---------------------------------------------------------------------------------------------


class Watch:
    """Remembers, for every step of training, the network's favorite class of each sample and, with SCN, its importance.

    Hand ``on_step`` and ``on_epoch`` to ``train``.  Nothing is read from the device meanwhile.
    """

    def __init__(self) -> None:
        self.steps: list[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor | None]] = []
        self.epoch = 0

    def on_step(self, batch: dict[str, torch.Tensor], outputs: Any) -> None:
        favorite = outputs["logits"].detach().argmax(dim=1)
        self.steps.append((self.epoch, batch["index"], favorite, outputs.get("kept", {}).get("importance")))

    def on_epoch(self, method: Any, row: dict[str, Any]) -> None:
        self.epoch += 1

    def table(self) -> pd.DataFrame:
        """epoch, index, favorite, importance: a row for each time a sample was trained on; NaN without importance."""
        parts = [
            pd.DataFrame(
                {
                    "epoch": epoch,
                    "index": index.cpu().numpy(),
                    "favorite": favorite.cpu().numpy(),
                    "importance": np.nan if alpha is None else alpha.float().cpu().numpy(),
                }
            )
            for epoch, index, favorite, alpha in self.steps
        ]
        return pd.concat(parts, ignore_index=True)


# --- what became of the labels ---------------------------------------------------------------------------------------


def area_under_roc(score: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a random positive scores above a random negative, ties counting half (Mann and Whitney's U)."""
    ranks = pd.Series(score).rank().to_numpy()
    p, n = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * n)) if p and n else float("nan")


def verdict(given: np.ndarray, now: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """What relabeling made of the labels.

    * ``right``, ``wrong``: changed labels that are true now, or not; ``spoiled``: those of the wrong ones that were
      true before; ``missed``: wrong labels left as they were.
    * ``relabel_precision``: right / changed; ``relabel_recall``: right / labels that were wrong.  NaN for 0 / 0.
    * ``given_label_accuracy``, ``label_accuracy``: share of true labels before and after.
    """
    changed, was_wrong = now != given, given != truth
    right = int((changed & (now == truth)).sum())
    return {
        "right": right,
        "wrong": int((changed & (now != truth)).sum()),
        "missed": int((~changed & was_wrong).sum()),
        "spoiled": int((changed & ~was_wrong).sum()),
        "relabel_precision": right / changed.sum() if changed.any() else float("nan"),
        "relabel_recall": right / was_wrong.sum() if was_wrong.any() else float("nan"),
        "given_label_accuracy": float((~was_wrong).mean()),
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


def summary(run: Run, watched: pd.DataFrame, data: FaceData, seed: int, **further: float) -> Result:
    """Metrics of the run's last epoch, a table of epochs, and histograms of the last epoch's importances.

    Args:
        run: what ``train`` returned.
        watched: the table of a :class:`Watch`.
        data: the training data, with noisy ``labels`` and ``clean_labels``.
        seed: tells faces with equal agreement apart, see :func:`about_importance`.
        further: metrics to be written beside these.
    """
    row = pd.Series(np.arange(len(data)), index=data.index)
    truth = data.clean_labels
    assert truth is not None
    now = data.labels
    epochs = []
    for epoch, now in enumerate(labels_by_epoch(run, data, len(run.history))):
        own = watched[watched["epoch"] == epoch]
        at = row[own["index"]].to_numpy()
        hits = float((own["favorite"].to_numpy() == truth[at]).mean())
        entry: dict[str, Any] = {"epoch": epoch, "clean_train_accuracy": hits, **verdict(data.labels, now, truth)}
        if own["importance"].notna().all():
            entry |= about_importance(own["importance"].to_numpy(), data, at, seed)
        epochs.append(entry)
    table = run.history.drop(columns=["label_accuracy"], errors="ignore").merge(pd.DataFrame(epochs), on="epoch")
    keep = ["accuracy", "mean_class_accuracy", "macro_f1", "train_accuracy", *list(epochs[-1])[1:]]
    metrics = {key: table[key].iloc[-1] for key in keep} | {"best_accuracy": table["accuracy"].max()}
    if data.votes is not None:
        metrics |= moved_towards_votes(data, now)
    last = watched[watched["epoch"] == len(epochs) - 1]
    if last["importance"].isna().any():
        return Result(metrics | further, table)
    flipped = (data.labels != truth)[row[last["index"]].to_numpy()]
    histograms = [
        pd.DataFrame({"flipped": wrong, "left": BINS[:-1], "count": np.histogram(group["importance"], BINS)[0]})
        for wrong, group in last.groupby(flipped)
    ]
    return Result(metrics | further, table, {"importance": pd.concat(histograms, ignore_index=True)})


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
    """Of the relabeled faces: mean share of the annotators' votes for the old label, and for the new one."""
    assert data.votes is not None
    changed = np.flatnonzero(now != data.labels)
    share = data.votes / data.votes.sum(axis=1, keepdims=True)
    if not len(changed):
        return {"votes_before": float("nan"), "votes_after": float("nan")}
    return {
        "votes_before": float(share[changed, data.labels[changed]].mean()),
        "votes_after": float(share[changed, now[changed]].mean()),
    }
