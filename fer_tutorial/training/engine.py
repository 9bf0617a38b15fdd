"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from fer_tutorial.config import TrainConfig
from fer_tutorial.errors import UserError, refusals_of_a_paper
from fer_tutorial.face_data import FaceData
from fer_tutorial.methods import StepOutputs
from fer_tutorial.metrics import MONITORS, better, metrics_of
from fer_tutorial.records import checkpoint
from fer_tutorial.records.run_folder import RunFolder
from fer_tutorial.training.augment import Augment
from fer_tutorial.training.averages import Averages
from fer_tutorial.training.distributed import gather, synchronise_batchnorm
from fer_tutorial.training.ema import EMA
from fer_tutorial.training.evaluate import predict_all
from fer_tutorial.training.fit import check_fit, check_inputs, match_classes
from fer_tutorial.training.label_store import LabelStore
from fer_tutorial.training.loader import Loader
from fer_tutorial.training.progress import Reporter
from fer_tutorial.training.schedule import build_optimizer, rate_factor, set_rate
from fer_tutorial.training.setup import repeatable, start_accelerator

OnStep = Callable[[dict[str, Tensor], StepOutputs], None]
OnEpoch = Callable[[nn.Module, dict[str, Any]], None]


@dataclass
class Progress:
    """How far a run has come."""

    epoch: int = 0
    step: int = 0  # of this epoch
    best: float | None = None
    best_epoch: int = -1
    stopped: bool = False
    seconds: float = 0.0  # in training and evaluation, over all parts of the run
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass
class Run:
    """A finished training.

    Attributes:
        history: a row an epoch: epoch, loss, what the method reports, learning rate, metrics on the evaluation data.
        metrics: the metrics of the final weights on the evaluation data, confusion matrix included; empty without data.
        labels: the labels that training ended with, see :class:`LabelStore`.
        best_epoch: the epoch whose monitored metric was the best.
        seconds: how long training and its evaluations took, over all parts of a run that was continued.
        folder: where the run was written; None if nowhere.
    """

    history: pd.DataFrame
    metrics: dict[str, Any]
    labels: LabelStore | None
    best_epoch: int
    seconds: float
    folder: Path | None


class TrainStep(nn.Module):
    """What is wrapped for several processes: the method's training step, or its prediction, as a ``forward``."""

    def __init__(self, method: nn.Module) -> None:
        super().__init__()
        self.method = method

    def forward(self, batch: dict[str, Tensor], epoch: int = 0) -> Any:
        if self.training:
            return self.method.training_step(batch, epoch=epoch, gather=gather)  # type: ignore[operator]
        return self.method.predict(batch)  # type: ignore[operator]


def monitor_of(config: TrainConfig, task: str) -> str:
    """The metric that says which epoch is the best one, or a UserError that lists those of the task."""
    monitor = MONITORS[task][0] if config.monitor is None else config.monitor
    if monitor not in MONITORS[task]:
        raise UserError(f"monitor is {monitor!r}; expected {' or '.join(MONITORS[task])}")
    return monitor


def parameter_groups(method: Any, config: TrainConfig) -> list[dict[str, Any]]:
    """The optimizer's groups: the method's own, or one of all its parameters where it does not say."""
    if hasattr(method, "parameter_groups"):
        return method.parameter_groups(config.lr, config.weight_decay)
    return [{"params": list(method.parameters()), "lr": config.lr, "weight_decay": config.weight_decay}]


def train(
    method: Any,
    train_data: FaceData,
    eval_data: FaceData | None = None,
    config: TrainConfig | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    notes: dict[str, Any] | None = None,
    on_step: OnStep | None = None,
    on_epoch: OnEpoch | None = None,
) -> Run:
    """Train ``method``, in this process alone or together with the others that ``accelerate launch`` started.

    Args:
        method: what :func:`fer_tutorial.training.build_method` returned; it is trained in place.
        train_data: what to learn from.
        eval_data: what to evaluate on after every epoch.
        config: how to train.
        folder: where to write the run; None for nowhere.
        resume: continue the run in ``folder`` from its last checkpoint, as if it had never stopped.  Where the schedule
            does not depend on the number of epochs, that may be larger now.
        notes: further facts for the folder's config.json, such as where the data came from.
        on_step: called as ``on_step(batch, outputs)`` after every training step, with the batch as the method saw it
            (:class:`fer_tutorial.methods.Method`) and what its ``training_step`` returned
            (:class:`fer_tutorial.methods.StepOutputs`).  With several processes, each calls it with its own share.
        on_epoch: called as ``on_epoch(method, row)`` after every epoch's evaluation, while the method has the weights
            that were evaluated; ``row`` is the epoch's row of the history, and what is added to it stays there.

    Raises:
        UserError: data, settings, device or folder that cannot be used, or a loss that is no longer a number.

    >>> import numpy as np
    >>> from fer_tutorial.datasets import data_from_arrays
    >>> from fer_tutorial.training import build_method
    >>> data = data_from_arrays(np.zeros((8, 16, 16), np.uint8), np.arange(8) % 2, class_names=("neutral", "happiness"))
    >>> losses = []
    >>> run = train(
    ...     build_method("softmax", data),
    ...     data,
    ...     config=TrainConfig(epochs=2, batch_size=4, device="cpu", progress=False),
    ...     on_step=lambda batch, outputs: losses.append(outputs["loss"].item()),
    ... )
    >>> len(losses), len(run.history)
    (4, 2)
    """
    config = config or TrainConfig()
    check_fit(method, train_data)
    if eval_data is not None:
        check_inputs(method, eval_data)
        if method.task == "expression" and method.spec.class_names:
            eval_data = match_classes(method.spec.class_names, eval_data).data
        check_fit(method, eval_data)
    if config.draw_labels and train_data.votes is None:
        raise UserError(
            f"draw_labels draws from annotators' votes, which the data set {train_data.name!r} does not have; train on "
            "data with votes, such as ferplus, or leave draw_labels out"
        )
    accelerator = start_accelerator(config)
    files = RunFolder(folder) if folder is not None else None
    if files is not None and resume:
        files.check_same(method, train_data, config)
        if accelerator.is_main_process:
            files.note_epochs(config.epochs)
    elif files is not None and accelerator.is_main_process:
        files.start(method, train_data, config, notes or {})
    with repeatable(config, accelerator):
        training = _Training(method, train_data, eval_data, config, accelerator, files, on_step, on_epoch)
        return training.run(resume)


class _Training:
    """One run: what it works with, and the loop over it."""

    def __init__(
        self,
        method: Any,
        train_data: FaceData,
        eval_data: FaceData | None,
        config: TrainConfig,
        accelerator: Accelerator,
        files: RunFolder | None,
        on_step: OnStep | None,
        on_epoch: OnEpoch | None,
    ) -> None:
        device = accelerator.device
        self.method, self.config, self.accelerator, self.files = method, config, accelerator, files
        self.on_step, self.on_epoch = on_step, on_epoch
        self.monitor = monitor_of(config, method.task)

        world = accelerator.num_processes
        if config.batch_size % world:
            raise UserError(
                f"batch_size {config.batch_size} cannot be shared by {world} processes; use a multiple of it"
            )
        batch_size = min(config.batch_size, len(train_data) // world * world)
        self.steps = len(train_data) // max(batch_size, 1) // config.accumulate * config.accumulate
        if self.steps == 0:
            raise UserError(
                f"{len(train_data)} training samples do not fill {config.accumulate} batches of {config.batch_size}; "
                "use a smaller batch_size"
            )
        share = batch_size // world

        method.to(device)
        if world > 1:
            synchronise_batchnorm(method, device)
        if config.channels_last:
            method.to(memory_format=torch.channels_last)
        step = TrainStep(method)
        if config.compile:
            step.compile()
        self.model, self.optimizer = accelerator.prepare(
            step, build_optimizer(config, parameter_groups(method, config))
        )
        self.ema = EMA(method, config.ema) if config.ema else None
        self.labels = LabelStore(train_data, device)
        self.averages = Averages()
        where = {"device": device, "cache_gb": config.device_cache_gb, "channels_last": config.channels_last}
        self.loader = Loader(
            train_data,
            method,
            augment=Augment(config.augment, device),
            batch_size=batch_size,
            steps=self.steps,
            rows=slice(accelerator.process_index * share, (accelerator.process_index + 1) * share),
            seed=config.seed,
            balanced=config.class_balanced,
            draw_labels=config.draw_labels,
            **where,
        )
        self.eval_loader = None if eval_data is None else Loader(eval_data, method, **where)
        self.progress = Progress()
        self.started = time.monotonic()
        self.best_weights: dict[str, Tensor] = {}

    def run(self, resume: bool) -> Run:
        """All epochs, from the beginning or from the last checkpoint."""
        if resume and self.files is not None and self.files.last.is_file():
            self.restore()
        progress, config = self.progress, self.config
        total, done = config.epochs * self.steps, progress.epoch * self.steps + progress.step
        main, files = self.accelerator.is_main_process, self.files
        with Reporter(total, done, config.progress and main, files if main else None, config.tensorboard) as reporter:
            while progress.epoch < config.epochs and not progress.stopped:
                self.train_epoch(reporter)
                self.finish_epoch(reporter)
        if config.restore_best and self.best_weights:
            self.method.load_state_dict(self.best_weights)
        elif self.ema is not None:
            self.method.load_state_dict(self.ema.averages, strict=False)
        self.method.eval()
        history = pd.DataFrame(progress.history)
        if main and files is not None:
            files.write_metrics(history)  # once more: a run may have been killed between its last checkpoint and this
        metrics = self.evaluate()
        return Run(history, metrics, self.labels, progress.best_epoch, self.seconds(), files.path if files else None)

    def train_epoch(self, reporter: Reporter) -> None:
        """One pass over the training data, or what is left of it after a continuation."""
        config, epoch, accelerator = self.config, self.progress.epoch, self.accelerator
        self.model.train()
        for batch in self.loader.epoch(epoch, self.progress.step):
            set_rate(self.optimizer, rate_factor(config, epoch * self.steps + self.progress.step, self.steps))
            if not config.draw_labels:
                batch["labels"] = self.labels.labels_of(batch["index"])

            with accelerator.accumulate(self.model):
                with refusals_of_a_paper():
                    outputs = self.model(batch, epoch)
                accelerator.backward(outputs["loss"])
                if config.clip_norm is not None and accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(self.model.parameters(), config.clip_norm)
                self.optimizer.step()
                self.optimizer.zero_grad()
            if hasattr(self.method, "after_step"):
                self.method.after_step(batch, outputs, gather)

            if "relabel" in outputs and not config.draw_labels:  # what is drawn anew each time cannot be corrected
                change = outputs["relabel"]
                index, labels, confidence = (
                    gather(t) for t in (batch["index"], change["labels"], change["confidence"])
                )
                self.labels.write(index, labels, confidence, epoch)
            if self.ema is not None and accelerator.sync_gradients:
                self.ema.update()
            self.averages.add(outputs, batch["labels"] if self.method.task == "expression" else None)
            if self.on_step is not None:
                self.on_step(batch, outputs)
            self.progress.step += 1
            reporter.step()
            if (
                config.checkpoint_steps
                and self.progress.step % config.checkpoint_steps == 0
                and accelerator.sync_gradients
            ):
                self.save()

    def finish_epoch(self, reporter: Reporter) -> None:
        """Evaluate, note the results, keep the best weights, and save all."""
        progress, config = self.progress, self.config
        last_step = (progress.epoch + 1) * self.steps - 1
        row: dict[str, Any] = {
            "epoch": progress.epoch,
            **self.averages.read(),
            "lr": self.optimizer.param_groups[0]["initial_lr"] * rate_factor(config, last_step, self.steps),
        }
        if not math.isfinite(row["loss"]):
            raise UserError(
                f"the loss became {row['loss']} in epoch {progress.epoch}; use a smaller lr, clip_norm=1, or fp32"
            )
        self.labels.settle()
        with self.ema.applied() if self.ema is not None else nullcontext():
            row |= {name: value for name, value in self.evaluate().items() if isinstance(value, float)}
            if self.monitor in row and better(row[self.monitor], progress.best, self.monitor):
                progress.best, progress.best_epoch = row[self.monitor], progress.epoch
                self.keep_best()
            if self.on_epoch is not None:
                self.on_epoch(self.method, row)
        progress.history.append(row)
        progress.stopped = config.patience is not None and progress.epoch - progress.best_epoch >= config.patience
        progress.epoch, progress.step = progress.epoch + 1, 0
        self.averages = Averages()
        self.save()
        reporter.epoch(progress.history)

    def evaluate(self) -> dict[str, Any]:
        """The metrics of the method's present weights on the evaluation data; empty where there are none."""
        if self.eval_loader is None:
            return {}
        return metrics_of(self.method.task, predict_all(self.method, self.eval_loader), self.eval_loader.data)

    def seconds(self) -> float:
        """How long the run has taken so far; what an interrupted part did after its last checkpoint is not counted."""
        return self.progress.seconds + time.monotonic() - self.started

    def keep_best(self) -> None:
        """The present weights are the best so far."""
        if self.config.restore_best:
            self.best_weights = {name: tensor.clone() for name, tensor in self.method.state_dict().items()}
        if self.files is not None and self.accelerator.is_main_process:
            self.files.save_best(self.method, {"epoch": self.progress.epoch, self.monitor: self.progress.best})

    def save(self) -> None:
        """Write the last checkpoint: all that :meth:`restore` needs to continue as if nothing had happened."""
        if self.files is None:
            return
        label_tensors, label_prints = self.labels.state()
        states = {
            name: gather(state[None].to(self.accelerator.device)) for name, state in checkpoint.random_states().items()
        }
        tensors = {
            "method": self.method.state_dict(),
            "optimizer": checkpoint.optimizer_tensors(self.optimizer),
            "labels": label_tensors,
            "averages": self.averages.sums,
            "random": states,
            "ema": self.ema.averages if self.ema is not None else {},
        }
        facts = {
            "progress": asdict(self.progress) | {"seconds": self.seconds()},
            "labels": label_prints,
            "averages": list(self.averages.sums),  # their order: that of the columns of metrics.csv
            "ema_steps": self.ema.steps if self.ema is not None else 0,
            "scaler": self.accelerator.scaler.state_dict() if self.accelerator.scaler is not None else {},
        }
        if self.accelerator.is_main_process:
            checkpoint.save_checkpoint(self.files.last, tensors, facts)

    def restore(self) -> None:
        """Read the last checkpoint."""
        assert self.files is not None
        tensors, facts = checkpoint.load_checkpoint(self.files.last)
        checkpoint.load_weights(self.method, tensors["method"], self.files.last)
        checkpoint.load_optimizer_tensors(self.optimizer, tensors.get("optimizer", {}))
        self.labels.load_state(tensors["labels"], facts["labels"])
        self.averages.sums = {name: tensors["averages"][name].to(self.accelerator.device) for name in facts["averages"]}
        if self.ema is not None:
            self.ema.steps = facts["ema_steps"]
            for name, average in self.ema.averages.items():
                average.copy_(tensors["ema"][name])
        if self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(facts["scaler"])
        if self.config.restore_best and self.files.best.is_file():
            self.best_weights = checkpoint.load_checkpoint(self.files.best)[0]["method"]
        self.progress = Progress(**facts["progress"])
        rank = min(self.accelerator.process_index, len(tensors["random"]["cpu"]) - 1)
        checkpoint.restore_random_states({name: states[rank] for name, states in tensors["random"].items()})
