"""How fast the package is: synthetic faces a second, and images a second of the training loop.

    python -m studies.speed faces --seeds 3
    python -m studies.speed training --seeds 3
    python -m studies.speed training --set backbone=resnet18 size=112 n=8192 batch_size=256 device=cuda precision=bf16

A seed is a round: each is measured anew, and the fastest is disturbed least by other programs of the machine.  Give
no --processes here.

``training`` measures against a plain loop over DataLoader and torchvision's transforms.  Both train the same network
with the same optimiser on the same random pixels, augmented alike (flip, affine, brightness and contrast).  The plain
loop augments each image on the CPU, in workers; ours augments whole batches on the device.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from fer_tutorial.config import AugmentConfig, TrainConfig
from fer_tutorial.face_data import FaceData
from fer_tutorial.faces import sample_faces
from fer_tutorial.methods import NORMALIZATIONS, build_method
from fer_tutorial.records.study import Arm, Result
from fer_tutorial.training.engine import train
from fer_tutorial.vocabulary import EXPRESSIONS
from studies import shared

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
    pixels = np.random.default_rng(0)
    data = FaceData(
        name="random pixels",
        split="train",
        images=pixels.integers(0, 256, (settings.n, settings.size, settings.size, 3), np.uint8),
        labels=pixels.integers(0, 7, settings.n),
        class_names=EXPRESSIONS[:7],
        index=np.arange(settings.n),
    )
    images = settings.n // settings.batch_size * settings.batch_size * settings.epochs
    if arm["loop"] == LOOPS[0]:
        seconds = plain_loop(data, settings)
    else:
        seconds = our_loop(data, settings, cache_gb=0 if arm["loop"] == LOOPS[1] else 100)
    return Result({"images_per_second": images / seconds})


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
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    shared.main("studies.speed", __doc__, PARTS, arguments)


if __name__ == "__main__":
    main()
