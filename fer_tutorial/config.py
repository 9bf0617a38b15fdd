"""What can be chosen about a training run, checked when it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import isfinite
from numbers import Integral, Real
from typing import Any, Literal, get_args

from fer_tutorial.errors import UserError

OptimizerName = Literal["sgd", "adam", "adamw"]
ScheduleName = Literal["constant", "step", "exponential", "cosine"]
Precision = Literal["fp32", "bf16", "fp16"]
Device = Literal["auto", "cpu", "cuda"]


def _expect(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise UserError(f"{name} is {value!r}; expected {expected}")


def _expect_numbers(config: Any) -> None:
    """Refuse what is no number where one belongs, and fractions where things are counted."""
    for member in fields(config):
        value, kind = getattr(config, member.name), str(member.type).removesuffix(" | None")
        if value is None and kind != member.type:
            continue
        if kind == "int":
            _expect(isinstance(value, Integral) and not isinstance(value, bool), member.name, value, "a whole number")
        elif kind == "float":
            _expect(isinstance(value, Real) and isfinite(value), member.name, value, "a finite number")


@dataclass(frozen=True)
class DataConfig:
    """Which faces.

    Attributes:
        name: of the data set, one of those that :func:`fer_tutorial.datasets.load_data` knows.
        root: the folder that holds it; synthetic faces need none.
        size: side of the images in pixels.
        classes: 7 expressions, or 8 with contempt.
        channels: 1 (gray) or 3; None for 3, or what a packed data set has.
        options: what the data set's reader takes besides, such as ``{"n": 2000}`` for synthetic faces.

    Raises:
        UserError: a value out of its range.

    >>> DataConfig("ferplus", root="FERPLUS", options={"labels": "vote"}).size
    48
    """

    name: str = "synthetic"
    root: str | None = None
    size: int = 48
    classes: int = 7
    channels: int | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _expect_numbers(self)
        _expect(self.size >= 1, "size", self.size, "1 pixel or more")
        _expect(self.classes in (7, 8), "classes", self.classes, "7, or 8 with contempt")
        _expect(self.channels in (None, 1, 3), "channels", self.channels, "1 (gray) or 3")


@dataclass(frozen=True)
class AugmentConfig:
    """How training images are varied, each one by a draw of its own (a sequence's frames share theirs).

    Attributes:
        flip: probability of mirroring; landmarks are mirrored and renumbered.
        rotate: largest rotation in degrees, to either side.
        scale: largest relative change of size, 0.1 for 0.9 to 1.1.
        translate: largest shift as a fraction of the image's side.
        brightness: largest change added to pixels in [0, 1].
        contrast: largest relative change of the distance from the image's mean.
        erase: probability of painting a rectangle gray.
        erase_area: smallest and largest share of the image that such a rectangle covers.
        noise: standard deviation of Gaussian noise on pixels in [0, 1]; SCN's variance of 30 on 0 to 255 is 0.0215.
        noise_probability: share of the samples that get the noise.
    """

    flip: float = 0.5
    rotate: float = 10.0
    scale: float = 0.1
    translate: float = 0.05
    brightness: float = 0.1
    contrast: float = 0.2
    erase: float = 0.0
    erase_area: tuple[float, float] = (0.02, 0.25)
    noise: float = 0.0
    noise_probability: float = 1.0

    def __post_init__(self) -> None:
        _expect_numbers(self)
        for name in ("flip", "erase", "noise_probability"):
            _expect(0 <= getattr(self, name) <= 1, name, getattr(self, name), "a probability from 0 to 1")
        for name in ("rotate", "brightness", "noise"):
            _expect(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        for name in ("scale", "translate", "contrast"):
            _expect(0 <= getattr(self, name) < 1, name, getattr(self, name), "from 0 to below 1")
        two = "two shares between 0 and 1, ascending"
        _expect(
            isinstance(self.erase_area, tuple | list) and len(self.erase_area) == 2, "erase_area", self.erase_area, two
        )
        smallest, largest = self.erase_area
        _expect(0 < smallest <= largest < 1, "erase_area", self.erase_area, two)


NO_AUGMENTATION = AugmentConfig(flip=0, rotate=0, scale=0, translate=0, brightness=0, contrast=0)


@dataclass(frozen=True)
class TrainConfig:
    """How to train, whatever the method.

    Attributes:
        epochs: passes over the training data.
        batch_size: samples a step, over all processes together, so that one GPU and eight do the same training.
        optimizer: sgd (with momentum), adam or adamw.
        lr: learning rate before the schedule.
        momentum: of SGD.
        weight_decay: L2 penalty of all weights, unless the method says otherwise of some.
        schedule: constant; step and exponential multiply the rate by gamma every step_epochs epochs
            or every epoch; cosine falls to zero.
        step_epochs: see schedule.
        gamma: see schedule.
        warmup_epochs: the rate rises linearly from zero over so many epochs first (0.5 is half an epoch).
        accumulate: batches whose gradients are averaged into one step of the optimizer.
        clip_norm: longest gradient allowed; None for any.
        ema: decay of an exponential moving average of the weights, which is what is then evaluated; None for none.
        patience: epochs without a better monitor before training stops; None for never.
        monitor: the metric that says which epoch is the best one; None for accuracy (intensities: ICC).
        restore_best: end with the best epoch's weights.  Only fair where the evaluation data are validation data.
        class_balanced: draw every class equally often, with replacement.
        draw_labels: draw a sample's label anew from its annotators' votes each time it is seen (Barsoum et al. 2016,
            "probabilistic label drawing"), instead of the one label that the data give it; what a method relabels then
            has no effect.
        augment: how training images are varied.
        precision: fp32, or mixed precision with bf16 or fp16.
        channels_last: memory layout of images and weights; faster on CPUs and on tensor cores.
        compile: compile the training step with torch.compile.
        deterministic: let torch use deterministic algorithms alone, and say so where there is none.
        device: cpu, cuda, or auto for a GPU where there is one.
        device_cache_gb: data that fit into so much GPU memory are moved there once instead of batch by batch.
        seed: of everything drawn: order, augmentation, dropout.
        checkpoint_steps: a checkpoint every so many batches beside the one every epoch; None for none.
        tensorboard: write TensorBoard's files as well, where the run has a folder.
        progress: show a progress bar and a line of metrics every epoch.

    Raises:
        UserError: a value out of its range.

    >>> TrainConfig(epochs=3, lr=0.1).lr
    0.1
    """

    epochs: int = 8
    batch_size: int = 64
    optimizer: OptimizerName = "adamw"
    lr: float = 2e-3
    momentum: float = 0.9
    weight_decay: float = 1e-4
    schedule: ScheduleName = "cosine"
    step_epochs: int = 20
    gamma: float = 0.1
    warmup_epochs: float = 0.5
    accumulate: int = 1
    clip_norm: float | None = None
    ema: float | None = None
    patience: int | None = None
    monitor: str | None = None
    restore_best: bool = False
    class_balanced: bool = False
    draw_labels: bool = False
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    precision: Precision = "fp32"
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = False
    device: Device = "auto"
    device_cache_gb: float = 4.0
    seed: int = 0
    checkpoint_steps: int | None = None
    tensorboard: bool = True
    progress: bool = True

    def __post_init__(self) -> None:
        _expect_numbers(self)
        for name in ("epochs", "batch_size", "step_epochs", "accumulate"):
            _expect(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in ("lr", "gamma"):
            _expect(getattr(self, name) > 0, name, getattr(self, name), "a number above 0")
        for name in ("weight_decay", "warmup_epochs", "device_cache_gb", "seed"):
            _expect(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        _expect(0 <= self.momentum < 1, "momentum", self.momentum, "from 0 to below 1")
        _expect(self.ema is None or 0 < self.ema < 1, "ema", self.ema, "a decay between 0 and 1, such as 0.999")
        _expect(self.clip_norm is None or self.clip_norm > 0, "clip_norm", self.clip_norm, "a number above 0")
        for name in ("patience", "checkpoint_steps"):
            _expect(getattr(self, name) is None or getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        choices = {"optimizer": OptimizerName, "schedule": ScheduleName, "precision": Precision, "device": Device}
        for name, values in choices.items():
            _expect(getattr(self, name) in get_args(values), name, getattr(self, name), " or ".join(get_args(values)))
