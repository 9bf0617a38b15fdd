"""A whole run: check what was asked for, read the data, build, train, evaluate, report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from fer_tutorial.backbones import BACKBONES
from fer_tutorial.config import DataConfig, TrainConfig
from fer_tutorial.datasets import splits_of
from fer_tutorial.datasets.load import FOLDED_WHOLE
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import NORMALIZATIONS, build_method, check_needs, config_class, network_class
from fer_tutorial.records.report import write_results
from fer_tutorial.records.run_folder import RunFolder, restore_config, saved_config, saved_method_config, saved_spec
from fer_tutorial.training.distributed import is_first_process
from fer_tutorial.training.engine import OnEpoch, OnStep, monitor_of, train
from fer_tutorial.training.evaluate import evaluate
from fer_tutorial.training.folds import CrossValidation, check_fold_count, cross_validate, fold_folder, hold_out
from fer_tutorial.training.setup import check_machine
from fer_tutorial.training.splits import check_data_set, open_split

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """All that is needed to do a run, and to do it again.

    Attributes:
        method: its name, one of :data:`fer_tutorial.methods.METHODS`.
        data: which faces.
        train: how to train.
        config: the method's hyper-parameters; None for its first preset.
        backbone: name of the backbone.
        pretrained: weights of the backbone, see :func:`fer_tutorial.backbones.build_backbone`.
        normalization: which mean and standard deviation images are normalized with.
        holdout: share of the training split to hold out for validation, where the data have no validation split.
    """

    method: str
    data: DataConfig = field(default_factory=DataConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    config: Any = None
    backbone: str = "small_cnn"
    pretrained: str | None = None
    normalization: str = "imagenet"
    holdout: float | None = None

    def check(self) -> None:
        """Raise a UserError about whatever cannot be meant, before anything is read."""
        wanted = config_class(self.method)
        if self.config is not None and not isinstance(self.config, wanted):
            raise UserError(f"the hyper-parameters are a {type(self.config).__name__}; expected a {wanted.__name__}")
        if self.backbone not in BACKBONES:
            raise UserError(f"there is no backbone named {self.backbone!r}; choose one of {', '.join(BACKBONES)}")
        if self.pretrained not in (None, "imagenet") and not Path(str(self.pretrained)).expanduser().exists():
            raise UserError(f"there are no weights at {self.pretrained}; give the path of a state dict or of a run")
        if self.normalization not in NORMALIZATIONS:
            known = ", ".join(NORMALIZATIONS)
            raise UserError(f"there is no normalization {self.normalization!r}; choose one of {known}")
        if self.holdout is not None and not 0 < self.holdout < 1:
            raise UserError(f"holdout is {self.holdout}; expected a share between 0 and 1, such as 0.1")
        monitor_of(self.train, network_class(self.method).task)
        check_machine(self.train)
        check_data_set(self.data)

    def build(self, data: FaceData) -> nn.Module:
        """The untrained method for data like these."""
        return build_method(
            self.method,
            data,
            backbone=self.backbone,
            pretrained=self.pretrained,
            config=self.config,
            normalization=self.normalization,
            seed=self.train.seed,
        )

    def notes(self) -> dict[str, Any]:
        """What a run's folder must say besides what the engine writes there, for :func:`saved_plan`."""
        return {"data": asdict(self.data), "pretrained": self.pretrained, "holdout": self.holdout}


@dataclass(frozen=True)
class Result:
    """A finished run.

    Attributes:
        method: the trained network.
        history: a row an epoch, see :class:`fer_tutorial.training.Run`.
        metrics: of the weights that were chosen, on ``split``; see :func:`fer_tutorial.training.evaluate`.
        split: test, or valid where the data have no test split.
        samples: how many the split has.
        best_epoch: the epoch whose monitored metric was the best.
        seconds: how long training took.
        folder: where the run was written; None if nowhere.
    """

    method: nn.Module
    history: pd.DataFrame
    metrics: dict[str, Any]
    split: str
    samples: int
    best_epoch: int
    seconds: float
    folder: Path | None


def run(
    plan: Plan,
    folder: str | Path | None = None,
    resume: bool = False,
    say: Say = lambda line: None,
    on_step: OnStep | None = None,
    on_epoch: OnEpoch | None = None,
    notes: dict[str, Any] | None = None,
) -> Result:
    """Do what ``plan`` says: train, choose the epoch by the validation split, and report on the test split.

    Every name and every setting is checked before a pixel is read.

    Args:
        plan: what to do.
        folder: where to write the run; None for nowhere.
        resume: continue the run in ``folder``.
        say: is told, line by line, what is going on.
        on_step: see :func:`fer_tutorial.training.train`.
        on_epoch: see there.
        notes: further facts for the folder's config.json.

    Raises:
        UserError: something that cannot be used, or splits that the data set does not have.

    >>> config = TrainConfig(epochs=1, batch_size=8, device="cpu", progress=False)
    >>> data = DataConfig(size=32, options={"n": 16, "cache": False})
    >>> result = run(Plan("softmax", data, config))
    >>> result.split, result.samples
    ('test', 16)
    """
    plan.check()
    files = RunFolder(folder) if folder is not None else None
    if files is not None:
        files.check_method(plan.method) if resume else files.check_free()
    available = splits_of(plan.data.name, plan.data.root, **plan.data.options)
    if "valid" not in available and "train" in available and plan.holdout is None:
        raise UserError(
            f"the data set {plan.data.name!r} has no validation split (it has {', '.join(available)}); hold out a "
            "share of its training split with holdout=0.1 (--holdout 0.1)"
        )
    names = ["train", *([] if plan.holdout is not None else ["valid"]), *(["test"] if "test" in available else [])]
    splits = {name: open_split(plan.data, name) for name in names}
    check_needs(plan.method, splits["train"].known)
    _check_classes(plan.method, splits["train"].known)
    loaded = {name: split.load() for name, split in splits.items()}
    training = loaded["train"]
    if plan.holdout is not None:
        training, loaded["valid"] = hold_out(training, plan.holdout, plan.train.seed)
        if training.subjects is None:
            say(
                f"{training.name} does not say who is pictured, so one person may be in both the training and the "
                "held-out samples"
            )
    validation, test = loaded["valid"], loaded.get("test")
    if test is None:
        say(
            f"{training.name} has no test split: the report is on the validation split, by which the epoch is chosen "
            "as well"
        )
    sizes = f"{len(training)} training, {len(validation)} validation, {len(test or ())} test samples"
    say(f"{plan.method} on {training.name}: {sizes}")
    method = plan.build(training)
    facts = plan.notes() | (notes or {})
    done = train(method, training, validation, plan.train, folder, resume, facts, on_step, on_epoch)
    split, reported = ("valid", validation) if test is None else ("test", test)
    metrics = evaluate(method, reported)
    if files is not None and is_first_process():
        write_results(files.path, done.history, metrics, method.spec, split, len(reported), done.seconds)
    return Result(method, done.history, metrics, split, len(reported), done.best_epoch, done.seconds, done.folder)


def run_folds(
    plan: Plan, k: int, folder: str | Path | None = None, resume: bool = False, say: Say = lambda line: None
) -> CrossValidation:
    """Do what ``plan`` says k times, each time evaluating on people who were left out of training.

    The samples are those of the training split, or all where no owner has split them (``FOLDED_WHOLE``).  Each
    fold is a run of its own in ``folder/fold-NUMBER``; to resume is to read the folds that are finished and to continue
    the one that is not.

    Raises:
        UserError: as :func:`run`; data that do not say who is pictured; too many folds for the people; or folds that
            were begun with another number of them.
    """
    plan.check()
    if plan.holdout is not None:
        raise UserError("holdout has no effect on folds, which need no validation split; leave out one of the two")
    check_begun(plan, k, folder, resume)
    split = open_split(plan.data, "all" if plan.data.name in FOLDED_WHOLE else "train")
    check_needs(plan.method, split.known)
    _check_classes(plan.method, split.known)
    check_fold_count(split.known, k)
    data = split.load()
    say(f"{plan.method} on {data.name}, {k} folds: {len(data)} samples")
    return cross_validate(plan.build, data, k, plan.train, plan.train.seed, folder, resume, plan.notes() | {"folds": k})


def _check_classes(method: str, data: FaceData) -> None:
    """Refuse to learn to tell expressions apart where there is but one."""
    present = [data.class_names[label] for label in sorted(set(data.labels.tolist()))]
    if network_class(method).task == "expression" and len(present) < 2:
        raise UserError(
            f"all {len(data):,} training samples of {data.name} are {present[0]}; expected two classes or more, so "
            "check the folder and the options, or choose a method that learns something else"
        )


def check_begun(plan: Plan, k: int, folder: str | Path | None, resume: bool) -> None:
    """Raise a UserError if what lies in ``folder`` is not what is to be continued, or is in the way."""
    if folder is None:
        return
    first = RunFolder(fold_folder(folder, 0))
    if not resume:
        RunFolder(folder).check_free()
        first.check_free()
        return
    first.check_method(plan.method)
    begun = first.read_config()["notes"].get("folds")
    if begun != k:
        raise UserError(
            f"the cross-validation in {folder} is one of {begun} folds, not of {k}; leave out folds (--folds)"
        )


def saved_plan(folder: str | Path) -> Plan:
    """The plan of the run, or of the cross-validation, that lies in ``folder``.

    Raises:
        UserError: there is none, or it was not made by :func:`run`.
    """
    folds = fold_folder(folder, 0)
    path = folds if (folds / "config.json").is_file() else Path(folder)
    notes, spec = RunFolder(path).read_config()["notes"], saved_spec(path)
    file = path / "config.json"
    if not isinstance(notes.get("data"), dict):
        raise UserError(f"{file} does not say which data the run was trained on; name the data set (--data)")
    return Plan(
        spec.name,
        restore_config(DataConfig, notes["data"], file),
        saved_config(path),
        saved_method_config(path),
        spec.backbone,
        notes.get("pretrained"),
        spec.normalization,
        notes.get("holdout"),
    )


def saved_folds(folder: str | Path) -> int | None:
    """How many folds the cross-validation in ``folder`` has; None if it is an ordinary run."""
    first = fold_folder(folder, 0)
    return RunFolder(first).read_config()["notes"].get("folds") if (first / "config.json").is_file() else None
