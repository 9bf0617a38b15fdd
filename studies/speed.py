"""How fast the package is: synthetic faces a second, images a second of the training loop, and what a method costs.

    python -m studies.speed faces --seeds 3
    python -m studies.speed training --seeds 3
    python -m studies.speed training --set backbone=resnet18 size=112 n=8192 batch_size=256 device=cuda precision=bf16
    python -m studies.speed steps --seeds 1 --set dacl_repo=../peers/dacl scn_repo=../peers/scn
    python -m studies.speed steps --seeds 1 --set backbone=small_cnn size=48 batch_size=64 repetitions=15

A seed is a round: each is measured anew, and the fastest is disturbed least by other programs of the machine.  Give
no --processes here.

``training`` measures against a plain loop over DataLoader and torchvision's transforms.  Both train the same network
with the same optimizer on the same random pixels, augmented alike (flip, affine, brightness and contrast).  The plain
loop augments each image on the CPU, in workers; ours augments whole batches on the device.

``steps`` asks what everything else costs beside softmax's own step.  A repetition times, in an order drawn anew, a step
of every method on a batch that is there already (table ``steps``), and then whole loops (table ``loops``): ours, from
the data set to the updated weights, against as many steps alone, and the programs of DACL's and SCN's authors where
``dacl_repo`` and ``scn_repo`` name copies of their repositories (:mod:`studies.peers`).  Figures are medians over the
repetitions, ratios medians of the ratio within each; so neither a slow hour nor a slow moment decides one.  They are
seconds of the processor, in which other programs do not count; take ``clock=wall`` with ``device=cuda`` or ``workers``.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from fer_tutorial.config import AugmentConfig, OptimizerName, TrainConfig
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_faces
from fer_tutorial.methods import NORMALIZATIONS, build_method, preset
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.augment import Augment
from fer_tutorial.training.engine import parameter_groups, train
from fer_tutorial.training.loader import Loader
from fer_tutorial.training.schedule import build_optimizer
from fer_tutorial.vocabulary import EXPRESSIONS
from studies import peers, shared

AUGMENT = AugmentConfig(flip=0.5, rotate=10, scale=0.1, translate=0.05, brightness=0.1, contrast=0.2)
LOOPS = ("DataLoader and torchvision", "ours, data streamed", "ours, data cached on the device")


@dataclass(frozen=True)
class Drawing:
    n: int = 1000
    size: int = 64
    threads: int = 2
    device: str = "cpu"


@dataclass(frozen=True)
class Training:
    backbone: str = "small_cnn"
    size: int = 48
    n: int = 4096
    batch_size: int = 64
    epochs: int = 2
    workers: int = 2
    threads: int = 2
    precision: str = "fp32"
    device: str = "cpu"


def draw(settings: Drawing, arm: Arm, data_root: Path | None = None) -> Result:
    """Wall-clock faces a second, and processor time a face (which other programs on the machine disturb less)."""
    torch.set_num_threads(settings.threads)
    sample_faces(64, size=settings.size, device=settings.device)  # warm up
    wall, processor = time.perf_counter(), time.process_time()
    sample_faces(settings.n, seed=arm["seed"], size=settings.size, device=settings.device)
    wait(settings.device)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return Result({"faces_per_second": settings.n / wall, "processor_ms_per_face": 1000 * processor / settings.n})


def measure(settings: Training, arm: Arm, data_root: Path | None = None) -> Result:
    torch.set_num_threads(settings.threads)
    data = random_pixels(settings.n, settings.size)
    images = settings.n // settings.batch_size * settings.batch_size * settings.epochs
    if arm["loop"] == LOOPS[0]:
        seconds = plain_loop(data, settings)
    else:
        seconds = our_loop(data, settings, cache_gb=0 if arm["loop"] == LOOPS[1] else 100)
    return Result({"images_per_second": images / seconds})


def random_pixels(count: int, size: int) -> FaceData:
    pixels = np.random.default_rng(0)
    return FaceData(
        name="random pixels",
        split="train",
        images=pixels.integers(0, 256, (count, size, size, 3), np.uint8),
        labels=pixels.integers(0, 7, count),
        class_names=EXPRESSIONS[:7],
        index=np.arange(count),
    )


class Faces(Dataset):
    """What most training scripts have: an item is one transformed image and its label."""

    def __init__(self, data: FaceData) -> None:
        self.data = data
        mean, std = NORMALIZATIONS["imagenet"]
        self.transform = v2.Compose(
            [
                v2.RandomHorizontalFlip(AUGMENT.flip),
                v2.RandomAffine(
                    AUGMENT.rotate,
                    translate=(AUGMENT.translate,) * 2,
                    scale=(1 - AUGMENT.scale, 1 + AUGMENT.scale),
                    interpolation=v2.InterpolationMode.BILINEAR,
                ),
                v2.ColorJitter(brightness=AUGMENT.brightness, contrast=AUGMENT.contrast),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(mean, std),
            ]
        )

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, position: int) -> tuple[torch.Tensor, int]:
        image = torch.from_numpy(self.data.images[position]).permute(2, 0, 1)  # (H, W, 3) -> (3, H, W)
        return self.transform(image), int(self.data.labels[position])


def plain_loop(data: FaceData, settings: Training) -> float:
    """Seconds of ``settings.epochs`` epochs after one to warm up."""
    device = torch.device(settings.device)
    method = build_method("softmax", data, backbone=settings.backbone).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(method.parameters(), lr=1e-3)
    loader = DataLoader(
        Faces(data),
        batch_size=settings.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=settings.workers,
        pin_memory=device.type == "cuda",
        persistent_workers=settings.workers > 0,
    )
    mixed = {"fp32": None, "bf16": torch.bfloat16}[settings.precision]
    torch.backends.cudnn.benchmark = True
    started = 0.0
    for epoch in range(settings.epochs + 1):
        if epoch == 1:
            wait(settings.device)
            started = time.perf_counter()
        for images, labels in loader:
            images = images.to(device, non_blocking=True, memory_format=torch.channels_last)
            labels = labels.to(device, non_blocking=True)
            with torch.autocast(device.type, dtype=mixed, enabled=mixed is not None):
                loss = nn.functional.cross_entropy(method(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    wait(settings.device)
    return time.perf_counter() - started


def our_loop(data: FaceData, settings: Training, cache_gb: float) -> float:
    """Seconds of ``settings.epochs`` epochs: those of a longer run less those of one epoch, so that set-up cancels."""

    def seconds(epochs: int) -> float:
        method = build_method("softmax", data, backbone=settings.backbone)
        config = TrainConfig(
            epochs=epochs, batch_size=settings.batch_size, lr=1e-3, augment=AUGMENT, device=settings.device,
            precision=settings.precision, device_cache_gb=cache_gb, progress=False,
        )  # fmt: skip
        started = time.perf_counter()
        train(method, data, config=config)
        wait(settings.device)
        return time.perf_counter() - started

    seconds(1)
    first = seconds(1)
    return seconds(settings.epochs + 1) - first


def wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


# --- what a method costs ---------------------------------------------------------------------------------------------

BASELINE = "softmax"
# What is measured -> the method and its preset.
VARIANTS = {
    BASELINE: ("softmax", "plain"),
    "softmax_again": ("softmax", "plain"),  # how far from 1 it comes out is chance
    "center_loss": ("center_loss", "paper"),
    "dacl": ("dacl", "official"),
    "dacl_narrow": ("dacl", "small"),  # a CE-unit of 256, 128, 64 instead of 3584, 512, 64
    "scn": ("scn", "official"),
    "tcl": ("tcl", "fully_synthesized"),
}
OPTIMIZERS: dict[str, OptimizerName] = {"dacl": "sgd", "scn": "adam"}  # those of the authors' programs
CLOCKS: dict[str, Callable[[], float]] = {"processor": time.process_time, "wall": time.perf_counter}
LATE = 1000  # an epoch in which every method does all that it ever does: SCN changes labels
ALONE, PIPELINE, LOADER = "softmax, step alone", "softmax, whole loop", "loader alone"


@dataclass(frozen=True)
class Steps:
    backbone: str = "resnet18"
    size: int = 224
    batch_size: int = 16
    repetitions: int = 7
    loop_steps: int = 4  # of a loop, in each repetition
    optimizer: OptimizerName = "sgd"
    workers: int = 0  # of the authors' loaders; ours has none, so without them all do their work on the same threads
    threads: int = 1
    clock: str = "processor"  # or "wall", for a GPU, and for worker processes
    device: str = "cpu"
    dacl_repo: str | None = None
    scn_repo: str | None = None


class Stepper:
    """A method, its optimizer and a batch: everything that a training step needs."""

    def __init__(self, variant: str, settings: Steps, data: FaceData) -> None:
        self.device, self.clock = settings.device, CLOCKS[settings.clock]
        name, which = VARIANTS[variant]
        method: Any = build_method(name, data, backbone=settings.backbone, config=preset(name, which))
        self.method = method.to(settings.device, memory_format=torch.channels_last).train()
        config = TrainConfig(optimizer=settings.optimizer, lr=1e-3)
        self.optimizer = build_optimizer(config, parameter_groups(self.method, config))
        self.batch = Loader(data, self.method).take(range(settings.batch_size))

    def __call__(self) -> np.ndarray:
        """Seconds of a step's forward pass, its backward pass, and the update of the weights, (3,)."""
        moments = [self._now()]
        outputs = self.method.training_step(self.batch, epoch=LATE)
        moments.append(self._now())
        outputs["loss"].backward()
        moments.append(self._now())
        self.optimizer.step()
        self.optimizer.zero_grad()
        if hasattr(self.method, "after_step"):
            self.method.after_step(self.batch, outputs)
        moments.append(self._now())
        return np.diff(moments)

    def _now(self) -> float:
        wait(self.device)
        return self.clock()


def compare_steps(settings: Steps, arm: Arm, data_root: Path | None = None) -> Result:
    """All methods and loops, each repetition in another order, after one repetition to warm up."""
    torch.set_num_threads(settings.threads)
    data = random_pixels(settings.batch_size * (settings.loop_steps + 1), settings.size)
    steppers = {variant: Stepper(variant, settings, data) for variant in VARIANTS}
    # A network of its own: one that trains more often than the others would be at hand in the processor's cache.
    loops = our_loops(settings, data, Stepper(BASELINE, settings, data)) | authors_loops(settings)
    steps: dict[str, list[np.ndarray]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    order = np.random.default_rng(arm["seed"])
    for repetition in range(settings.repetitions + 1):
        for variant in order.permutation(list(steppers)):
            parts = steppers[variant]()
            if repetition:
                steps[variant].append(parts)
        for name in order.permutation(list(loops)):
            spent = loops[name]()
            if repetition:
                seconds[name].append(spent)
    table = steps_table({variant: np.array(steps[variant]) for variant in VARIANTS}, steppers, settings)
    paired = {
        "pipeline_share": ratio(seconds[ALONE], seconds[PIPELINE]),
        **{f"{variant}_relative": value for variant, value in zip(table["method"], table["relative"], strict=True)},
        **{
            f"{variant}_authors_relative": ratio(seconds[f"{variant}, authors' program"], seconds[f"{variant}, ours"])
            for variant in peers.PROGRAMS
            if f"{variant}, ours" in seconds
        },
    }
    loop_rows = [
        {"loop": name, "ms": 1000 * np.median(values), "images_per_second": settings.batch_size / np.median(values)}
        for name, values in ((name, seconds[name]) for name in loops)
    ]
    return Result(paired, tables={"steps": table, "loops": pd.DataFrame(loop_rows)})


def ratio(values: Any, others: Any) -> float:
    """The median of the ratio within each repetition.

    >>> ratio([2.0, 20.0, 3.0], [1.0, 10.0, 1.0])  # the second repetition fell into a slow moment, for both
    2.0
    """
    return float(np.median(np.asarray(values) / np.asarray(others)))


def steps_table(steps: dict[str, np.ndarray], steppers: dict[str, Stepper], settings: Steps) -> pd.DataFrame:
    """A row a method, from the seconds (repetitions, 3) of its forward pass, backward pass and update."""
    rows = []
    for variant, parts in steps.items():
        softmax = steps[BASELINE]
        forward, backward, update = 1000 * np.median(parts, axis=0)
        rows.append(
            {
                "method": variant,
                "forward_ms": forward,
                "backward_ms": backward,
                "update_ms": update,
                "images_per_second": settings.batch_size / np.median(parts.sum(1)),
                "relative": ratio(parts.sum(1), softmax.sum(1)),
                "relative_without_update": ratio(parts[:, :2].sum(1), softmax[:, :2].sum(1)),
                "weights_million": sum(weight.numel() for weight in steppers[variant].method.parameters()) / 1e6,
                "peak_mb": peak_memory(steppers[variant], settings.device) / 1e6,
            }
        )
    return pd.DataFrame(rows)


def peak_memory(step: Callable[[], object], device: str) -> int:
    """The most bytes that ``step`` has in tensors at one time, beyond those that were there before.

    >>> peak_memory(lambda: len([torch.zeros(100), torch.zeros(50)]) + len(torch.zeros(10)), "cpu")
    600
    """
    if device == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        step()
    events = [event for event in recorded.profiler.kineto_results.events() if event.name() == "[memory]"]
    changes = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]
    return max(0, *np.cumsum(changes).tolist())


def our_loops(settings: Steps, data: FaceData, softmax: Stepper) -> dict[str, Callable[[], float]]:
    """Seconds a step of softmax's step alone, of the loader alone, and of the whole loop; by name."""

    def alone() -> float:
        return sum(softmax().sum() for _ in range(settings.loop_steps)) / settings.loop_steps

    def loader() -> float:
        augment = Augment(AUGMENT, settings.device)
        batches = Loader(data, softmax.method, augment=augment, batch_size=settings.batch_size).epoch(0)
        next(batches)  # the thread that gathers has started
        started = CLOCKS[settings.clock]()
        count = sum(1 for _ in batches)
        wait(settings.device)
        return (CLOCKS[settings.clock]() - started) / count

    def whole() -> float:
        return loop_seconds(softmax.method, data, settings, settings.optimizer)

    return {ALONE: alone, LOADER: loader, PIPELINE: whole}


def authors_loops(settings: Steps) -> dict[str, Callable[[], float]]:
    """The programs of the authors and our loop with the same method, where there is a copy of their repository."""
    loops: dict[str, Callable[[], float]] = {}
    for variant, program in peers.PROGRAMS.items():
        path = getattr(settings, f"{variant}_repo")
        why = ""
        if path is None:
            why = f"no {variant}_repo was given"
        elif torch.cuda.is_available() != (settings.device == "cuda"):
            why = "it takes a GPU wherever there is one"
        elif (settings.backbone, settings.size) != ("resnet18", 224):
            why = "it trains a ResNet-18 on 224 pixels and nothing else"
        if why:
            print(f"the program of {variant}'s authors is left out: {why}")
        else:
            loops |= authors_loop(variant, Path(path), program, settings)
    return loops


def authors_loop(
    variant: str, path: Path, program: Callable[[Path, int, int, int], None], settings: Steps
) -> dict[str, Callable[[], float]]:
    def ours() -> float:
        data = random_pixels(settings.batch_size * (settings.loop_steps + 1), settings.size)
        name, which = VARIANTS[variant]
        method = build_method(name, data, backbone=settings.backbone, config=preset(name, which))
        return loop_seconds(method, data, settings, OPTIMIZERS[variant])

    def theirs() -> float:
        with moments_of_steps(CLOCKS[settings.clock]) as moments:
            program(path, settings.batch_size, settings.loop_steps + 1, settings.workers)
        return float(np.diff(moments).mean())

    return {f"{variant}, ours": ours, f"{variant}, authors' program": theirs}


def loop_seconds(method: Any, data: FaceData, settings: Steps, optimizer: OptimizerName) -> float:
    """Seconds a step of our training loop, from the data to the updated weights."""
    config = TrainConfig(
        epochs=1, batch_size=settings.batch_size, optimizer=optimizer, lr=1e-3, augment=AUGMENT, device=settings.device,
        progress=False,
    )  # fmt: skip
    with moments_of_steps(CLOCKS[settings.clock]) as moments:
        train(method, data, config=config)
    return float(np.diff(moments).mean())


@contextmanager
def moments_of_steps(clock: Callable[[], float]) -> Iterator[list[float]]:
    """When the optimizer that steps first has stepped, each time, whoever's program it is in."""
    moments: list[float] = []
    first: list[torch.optim.Optimizer] = []

    def note(optimizer: torch.optim.Optimizer, arguments: Any, options: Any) -> None:
        first.append(optimizer)
        if optimizer is first[0]:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            moments.append(clock())

    handle = register_optimizer_step_post_hook(note)
    try:
        yield moments
    finally:
        handle.remove()


PARTS = {
    "faces": shared.Part(
        "speed_faces", "How many synthetic faces are drawn in a second?",
        Drawing(), lambda seeds: [{"seed": seed} for seed in range(seeds)], draw, {"n": 8, "size": 24},
    ),
    "training": shared.Part(
        "speed_training",
        "How many images a second does the training loop take, against a plain loop over DataLoader and torchvision?",
        Training(), lambda seeds: shared.over_seeds(seeds, loop=LOOPS), measure,
        {"n": 16, "size": 24, "batch_size": 8, "workers": 0, "epochs": 2},
    ),
    "steps": shared.Part(
        "speed_steps", "What do the loader and the methods cost beside softmax's own training step?",
        Steps(), lambda seeds: [{"seed": seed} for seed in range(seeds)], compare_steps,
        {"backbone": "small_cnn", "size": 24, "batch_size": 8, "repetitions": 1, "loop_steps": 2},
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.speed", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
