"""MGLN on synthetic sequences: movement, fusion, complementary modules, and what the mistakes cost.

    python -m studies.mgln variants --seeds 5     the variants
    python -m studies.mgln shipped --seeds 1      the network the chapter looks into

Training, validation and test show different people.  Apexes range from barely visible to full and resting faces differ,
so a still face is ambiguous: part of what one apex shows is how that person always looks.  The validation people are
for watching the training alone; what is measured is the last epoch.  A seed stands for other training sequences, other
weights and another order; the validation and the test are always the same.

Variants, the most important first:

    moving             MGLN: the whole face at the apex, the parts in three frames, both modules on one trunk
    still              the apex three times, in training as in testing
    apart              a trunk for each module: ``global`` and ``local`` are then those of either module alone
    shared_statistics  one set of averages in the trunk's batch normalization for all kinds of pictures
    both_whole         both modules see the whole face: architectures differ, inputs do not
    both_parts         both see the parts
    both_offsets       both are offset layers at the apex: inputs differ, architectures do not
    both_lstm          both are LSTMs over three frames
    swapped            offset layers see the parts at the apex, the LSTM the whole face in three frames
    parts_apart        no fusion of features: each part has scores of its own, which are averaged
    softmax            no MGLN: the same trunk, global average pooling and softmax on the apex
    group_norm, official_offset, deform_conv, mixup   one setting changed

Beside runs and epochs it writes ``fusion`` (accuracy over the fusion weight) and ``confusion`` (a confusion matrix for
each module).  With ``--set weights_to=data/weights/mgln.safetensors`` the trained network is written there, in half
precision.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.datasets import load_data
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import build_method
from fer_tutorial.metrics import expression_metrics
from fer_tutorial.papers.checks import Gather, identity
from fer_tutorial.papers.mgln import (
    GFM,
    MGLN,
    PBM,
    PRESETS,
    MGLNConfig,
    frame_positions,
    fuse,
    select_frames,
    two_task_loss,
)
from fer_tutorial.papers.mgln import PARTS as FACE_PARTS
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.engine import train
from fer_tutorial.training.evaluate import predict
from fer_tutorial.training.loader import Loader
from studies import shared

AUGMENT = AugmentConfig(flip=0.5, rotate=5, scale=0.05, translate=0.03, brightness=0.1, contrast=0.1)
WEIGHTS = np.round(np.linspace(0, 1, 21), 2)
SMALL = PRESETS["small"]


@dataclass(frozen=True)
class Settings:
    train: int = 1200  # sequences to train on
    valid: int = 300
    test: int = 1000
    fold: int = 33  # of the test, as many as in a fold of ten of CK+
    epochs: int = 30
    batch_size: int = 32
    lr: float = 2e-3
    backbone: str = "vgg16_trunk_small"
    size: int = 48
    frames: int = 3  # first, middle and apex; more would not be looked at
    intensity: tuple[float, float] = (0.5, 5.0)
    nuisance: float = 0.1
    people: int = 600  # of each split
    weights_to: str = ""  # a file for the trained network


QUICK = {"train": 14, "valid": 7, "test": 14, "fold": 7, "epochs": 1, "batch_size": 7, "people": 20}


# --- the network's pieces, put together otherwise -------------------------------------------------------------------


class Apart(MGLN):
    """A trunk for each module, so that nothing is shared and each learns its own task alone."""

    def __init__(self, plain: MGLN, size: int) -> None:
        super().__init__(plain.backbone, plain.num_classes, plain.config, size)
        self.trunk_of_parts = copy.deepcopy(self.backbone)

    def trunk(self, kind: str, images: Tensor) -> Tensor:
        return self.statistics[kind](self.trunk_of_parts, images)


class Apiece(nn.ModuleDict):
    """A module for each kind of pictures, a GFM (at the apex) or a PBM (over the frames); their scores are averaged."""

    def forward(self, maps: dict[str, Tensor], present: Tensor) -> Tensor:
        scores = [
            module(maps[kind][:, -1]) if isinstance(module, GFM) else module({kind: maps[kind]}, present[:, [n]])
            for n, (kind, module) in enumerate(self.items())
        ]
        return torch.stack(scores).mean(0)


def parts_apart(plain: MGLN, size: int) -> MGLN:
    """Each part has a part-end and scores of its own: decisions are fused, features are not."""
    channels = int(plain.backbone.out_channels)  # type: ignore[arg-type]
    maps = {part: plain.map_size(plain.sizes[part]) for part in FACE_PARTS}
    ends = {part: PBM(channels, plain.num_classes, {part: maps[part]}, plain.config) for part in FACE_PARTS}
    plain.pbm = Apiece(ends)  # type: ignore[assignment]
    return plain


class Arranged(MGLN):
    """MGLN with other modules in the places of the global and the local one.

    Args:
        modules: of either place, the architecture (``"offsets"``: GFMs, at the apex; ``"lstm"``: a PBM, over three
            frames) and the kinds of pictures that it sees.
    """

    def __init__(self, plain: MGLN, size: int, modules: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        super().__init__(plain.backbone, plain.num_classes, plain.config, size)
        channels = int(self.backbone.out_channels)  # type: ignore[arg-type]
        sizes = {"face": (size, size), **self.sizes}
        built: list[nn.Module] = []
        for architecture, kinds in modules:
            if architecture == "lstm":
                maps = {kind: self.map_size(sizes[kind]) for kind in kinds}
                built.append(PBM(channels, self.num_classes, maps, self.config))
            else:
                built.append(Apiece({kind: GFM(channels, self.num_classes, self.config) for kind in kinds}))
        self.gfm, self.pbm = built  # type: ignore[assignment]
        self.kinds = [kinds for _, kinds in modules]
        # Of kinds that offset layers alone look at, the trunk need see the apex only.
        self.moving = {kind for architecture, kinds in modules for kind in kinds if architecture == "lstm"}

    def scores(self, batch: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
        _, crops, there = self.look(batch)
        faces = select_frames(batch["images"], frame_positions(batch["lengths"], self.config.frames))
        pictures = {"face": faces, **crops}  # each (m, 3 frames, 3, h, w)
        present = {"face": torch.ones_like(there[:, 0]), **dict(zip(FACE_PARTS, there.unbind(1), strict=True))}
        maps = {}
        for kind in dict.fromkeys(kind for kinds in self.kinds for kind in kinds):
            seen = pictures[kind] if kind in self.moving else pictures[kind][:, -1:]
            maps[kind] = self.trunk(kind, seen.flatten(0, 1)).unflatten(0, seen.shape[:2])
        first, second = (
            module({kind: maps[kind] for kind in kinds}, torch.stack([present[kind] for kind in kinds], 1))
            for module, kinds in zip((self.gfm, self.pbm), self.kinds, strict=True)
        )
        return first, second, present["face"]

    def training_step(self, batch: dict[str, Any], epoch: int = 0, gather: Gather = identity) -> dict[str, Any]:
        first, second, _ = self.scores(batch)
        losses = two_task_loss(first, second, batch["labels"])
        log = {"global_loss": losses[0].detach(), "local_loss": losses[1].detach()}
        return {"loss": sum(losses), "logits": fuse(first, second), "log": log}


CONFIGS: dict[str, MGLNConfig] = {
    "still": replace(SMALL, frames="apex"),
    "shared_statistics": replace(SMALL, trunk_norm="shared"),
    "group_norm": replace(SMALL, trunk_norm="group"),
    "official_offset": replace(SMALL, offset="official"),
    "deform_conv": replace(SMALL, offset="deform_conv"),
    "mixup": replace(SMALL, mixup=1.0),
}
WHOLE, PIECES = ("face",), FACE_PARTS
NETWORKS: dict[str, Callable[[MGLN, int], MGLN]] = {
    "apart": Apart,
    "parts_apart": parts_apart,
    "both_whole": partial(Arranged, modules=(("offsets", WHOLE), ("lstm", WHOLE))),
    "both_parts": partial(Arranged, modules=(("offsets", PIECES), ("lstm", PIECES))),
    "both_offsets": partial(Arranged, modules=(("offsets", WHOLE), ("offsets", PIECES))),
    "both_lstm": partial(Arranged, modules=(("lstm", WHOLE), ("lstm", PIECES))),
    "swapped": partial(Arranged, modules=(("offsets", PIECES), ("lstm", WHOLE))),
}
VARIANTS = (
    *("moving", "still", "apart", "shared_statistics", "both_whole", "both_parts", "both_offsets", "both_lstm"),
    *("swapped", "parts_apart", "softmax", "group_norm", "official_offset", "deform_conv", "mixup"),
)


def build(settings: Settings, arm: Arm, data: FaceData) -> Any:
    """The untrained network of a variant."""
    config = CONFIGS.get(arm["variant"], SMALL)
    plain: Any = build_method("mgln", data, backbone=settings.backbone, config=config, seed=arm["seed"])
    if arm["variant"] not in NETWORKS:
        return plain
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(arm["seed"])
        method: Any = NETWORKS[arm["variant"]](plain, settings.size)
    method.spec = plain.spec
    return method


# --- runs -----------------------------------------------------------------------------------------------------------


def plan(variants: tuple[str, ...], seeds: int) -> list[Arm]:
    return shared.over_seeds(seeds, variant=variants)


@cache
def sequences(settings: Settings, split: str, seed: int = 0) -> FaceData:
    look = {name: getattr(settings, name) for name in ("size", "frames", "intensity", "nuisance")}
    people = (0, settings.people)  # of train; those of the other splits follow
    n = getattr(settings, split)
    return load_data("synthetic_sequences", split=split, n=n, seed=seed, subjects=people, **look)


def one_run(settings: Settings, arm: Arm, data_root: Path | None = None) -> Result:
    data = sequences(settings, "train", arm["seed"])
    valid, test = sequences(settings, "valid"), sequences(settings, "test")
    training = TrainConfig(
        epochs=settings.epochs, batch_size=settings.batch_size, lr=settings.lr, augment=AUGMENT, seed=arm["seed"],
        progress=False,
    )  # fmt: skip
    if arm["variant"] == "softmax":
        return softmax_run(settings, arm["seed"], training, *(apex(part) for part in (data, valid, test)))
    method = build(settings, arm, data)
    fold = test.subset(np.arange(settings.fold))
    best: dict[str, Any] = {"fold": -1.0}

    def watch(method: Any, row: dict[str, Any]) -> None:
        row |= accuracies(*scores(method, valid), valid)
        if arm["variant"] == "moving":
            row["fold"] = accuracies(*scores(method, fold), fold)["fused"]
            if row["fold"] > best["fold"]:
                best.update(fold=row["fold"], weights=copy.deepcopy(method.state_dict()))

    run = train(method, data, None, training, on_epoch=watch)
    last = run.history.iloc[-1]
    on_valid, on_test = scores(method, valid), scores(method, test)
    chosen = max(WEIGHTS, key=lambda weight: accuracy(fuse(*on_valid, float(weight)), valid))
    by_weight = {weight: accuracy(fuse(*on_test, float(weight)), test) for weight in WEIGHTS}
    metrics: dict[str, Any] = {
        **accuracies(*on_test, test),
        "chosen_weight": chosen,  # on the validation people
        "chosen_fused": by_weight[chosen],
        **{f"valid_{module}": last[module] for module in ("global", "local", "fused")},
        **{name: last[name] for name in ("global_loss", "local_loss")},
    }
    if settings.weights_to:
        shared.save_weights(method, Path(settings.weights_to))
    if arm["variant"] == "shared_statistics":
        # The same weights, each kind of pictures with averages of its own, gathered on the training sequences.
        own = with_own_statistics(settings, method, data)
        metrics |= prefixed("own", accuracies(*scores(own, test), test))
    if arm["variant"] == "moving":
        # The official test loop's mistake: the apex three times to a network that knows movement.
        config, method.config = method.config, replace(method.config, frames="apex")
        metrics |= prefixed("apex_thrice", accuracies(*scores(method, test), test))
        method.config = config
        # Another mistake: the epoch that is best on the fold, and the accuracy that is then reported.
        method.load_state_dict(best["weights"])
        picked = accuracies(*scores(method, test), test)["fused"]
        metrics |= {"fold_best": best["fold"], "fold_last": last["fold"], "picked_fused": picked}
    modules = {"global": on_test[0], "local": on_test[1], "fused": fuse(*on_test)}
    return Result(
        metrics,
        run.history,
        {
            "fusion": pd.DataFrame({"weight": list(by_weight), "accuracy": list(by_weight.values())}),
            "confusion": pd.concat([mistakes(module, logits, test) for module, logits in modules.items()]),
        },
    )


def softmax_run(
    settings: Settings, seed: int, training: TrainConfig, data: FaceData, valid: FaceData, test: FaceData
) -> Result:
    """The trunk with global average pooling and softmax, on still faces; its accuracies stand in the fused columns."""
    method = build_method("softmax", data, backbone=settings.backbone, seed=seed)
    history = train(method, data, valid, training).history.rename(columns={"accuracy": "fused"})
    logits = torch.from_numpy(predict(method, test))
    metrics = {"fused": accuracy(logits, test), "valid_fused": history["fused"].iloc[-1]}
    return Result(metrics, history[["epoch", "loss", "fused"]], {"confusion": mistakes("fused", logits, test)})


def apex(data: FaceData) -> FaceData:
    """The apex frames as ordinary still pictures."""
    rows, last = np.arange(len(data)), data.lengths - 1
    return replace(data, images=data.images[rows, last], landmarks=data.landmarks[rows, last], lengths=None)


def with_own_statistics(settings: Settings, method: Any, data: FaceData) -> Any:
    """A network with the weights of ``method`` and averages for each kind of pictures, over ``data``."""
    own: Any = build_method("mgln", data, backbone=settings.backbone, config=replace(method.config, trunk_norm="own"))
    own.load_state_dict(method.state_dict())
    for layer in own.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.momentum = None  # all batches count alike
    for name, buffer in own.named_buffers():
        if name.endswith("num_batches_tracked"):
            buffer.zero_()
    own.to(next(method.parameters()).device).train()
    with torch.no_grad():
        for batch in Loader(data, own).in_turn(np.arange(len(data)), settings.batch_size):
            own.scores(batch)
    return own


@torch.no_grad()
def scores(method: Any, data: FaceData) -> tuple[Tensor, Tensor]:
    """Global and local scores (n, K)."""
    was_training = method.training
    method.eval()
    both = [method.scores(batch)[:2] for batch in Loader(data, method).in_turn(np.arange(len(data)))]
    method.train(was_training)
    first, second = (torch.cat(module).float().cpu() for module in zip(*both, strict=True))
    return first, second


def accuracies(global_scores: Tensor, local_scores: Tensor, data: FaceData) -> dict[str, float]:
    """Of the global scores, the local ones and their sum."""
    modules = {"global": global_scores, "local": local_scores, "fused": fuse(global_scores, local_scores)}
    return {module: accuracy(logits, data) for module, logits in modules.items()}


def accuracy(logits: Tensor, data: FaceData) -> float:
    return (logits.argmax(1) == torch.from_numpy(data.labels)).float().mean().item()


def prefixed(prefix: str, values: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in values.items()}


def mistakes(module: str, logits: Tensor, data: FaceData) -> pd.DataFrame:
    """The confusion matrix of one module."""
    matrix = expression_metrics(logits, torch.from_numpy(data.labels))["confusion_matrix"]
    return shared.confusion(matrix, data.class_names).assign(module=module)


PARTS = {
    "variants": shared.Part(
        "mgln_repaired",
        "What do movement, fusion and complementary modules of MGLN contribute, and what do its mistakes cost?",
        Settings(), partial(plan, VARIANTS), one_run, QUICK,
    ),
    "shipped": shared.Part(
        "mgln_shipped", "How good is the MGLN network that the chapter looks into?",
        Settings(), partial(plan, ("moving",)), one_run, QUICK,
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.mgln", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
