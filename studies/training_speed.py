"""Images a second of this package's training loop, against a plain loop over DataLoader and torchvision's transforms.

Both train the same network with the same optimiser on the same random pixels, augmented alike (flip, affine,
brightness and contrast), in the same process, one after the other.  The plain loop augments each image on the CPU, in
workers; ours augments whole batches on the device.

    python studies/training_speed.py --backbone resnet18 --size 112 --n 8192 --batch-size 256 --device cuda \
        --precision bf16 --out data/results/training_speed
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from fer_tutorial.datasets import FaceData
from fer_tutorial.methods import NORMALIZATIONS
from fer_tutorial.records.files import to_json
from fer_tutorial.records.provenance import commit, environment
from fer_tutorial.training import AugmentConfig, TrainConfig, build_method, train
from fer_tutorial.vocabulary import EXPRESSIONS

AUGMENT = AugmentConfig(flip=0.5, rotate=10, scale=0.1, translate=0.05, brightness=0.1, contrast=0.2)


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


def plain_loop(data: FaceData, options: argparse.Namespace, device: torch.device) -> float:
    """Seconds of ``options.epochs`` epochs after one to warm up."""
    method = build_method("softmax", data, backbone=options.backbone).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(method.parameters(), lr=1e-3)
    loader = DataLoader(
        Faces(data),
        batch_size=options.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=options.workers,
        pin_memory=device.type == "cuda",
        persistent_workers=options.workers > 0,
    )
    mixed = {"fp32": None, "bf16": torch.bfloat16}[options.precision]
    torch.backends.cudnn.benchmark = True
    started = 0.0
    for epoch in range(options.epochs + 1):
        if epoch == 1:
            wait(device)
            started = time.perf_counter()
        for images, labels in loader:
            images = images.to(device, non_blocking=True, memory_format=torch.channels_last)
            labels = labels.to(device, non_blocking=True)
            with torch.autocast(device.type, dtype=mixed, enabled=mixed is not None):
                loss = nn.functional.cross_entropy(method(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    wait(device)
    return time.perf_counter() - started


def our_loop(data: FaceData, options: argparse.Namespace, device: torch.device, cache_gb: float) -> float:
    """Seconds of ``options.epochs`` epochs: those of a longer run less those of one epoch, so that set-up cancels."""

    def seconds(epochs: int) -> float:
        method = build_method("softmax", data, backbone=options.backbone)
        config = TrainConfig(
            epochs=epochs,
            batch_size=options.batch_size,
            lr=1e-3,
            augment=AUGMENT,
            device=device.type,
            precision=options.precision,
            device_cache_gb=cache_gb,
            progress=False,
        )
        started = time.perf_counter()
        train(method, data, config=config)
        wait(device)
        return time.perf_counter() - started

    seconds(1)
    first = seconds(1)
    return seconds(options.epochs + 1) - first


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="small_cnn")
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--n", type=int, default=1024)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, help="path without suffix for a .json file")
    parser.add_argument("--commit", help="commit of the code, where it is not run from a git checkout")
    options = parser.parse_args()

    device = torch.device(options.device)
    draw = np.random.default_rng(0)
    data = FaceData(
        name="random pixels",
        split="train",
        images=draw.integers(0, 256, (options.n, options.size, options.size, 3), np.uint8),
        labels=draw.integers(0, 7, options.n),
        class_names=EXPRESSIONS[:7],
        index=np.arange(options.n),
    )
    images = options.n // options.batch_size * options.batch_size * options.epochs
    speed = {
        "DataLoader and torchvision": images / plain_loop(data, options, device),
        "ours, data streamed": images / our_loop(data, options, device, cache_gb=0),
    }
    if device.type == "cuda":
        speed["ours, data on the GPU"] = images / our_loop(data, options, device, cache_gb=100)
    baseline = speed["DataLoader and torchvision"]
    for name, value in speed.items():
        print(f"{name:<28}{value:>10.0f} images/s  {value / baseline:.2f}x")
    if options.out is not None:
        facts = {
            "command": ["python", "studies/training_speed.py", *sys.argv[1:]],
            "commit": options.commit or commit(),
            "date": time.strftime("%Y-%m-%d"),
            "environment": environment(),
            "images_per_second": speed,
            "ratio": {name: value / baseline for name, value in speed.items()},
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.with_suffix(".json").write_text(to_json(facts))


if __name__ == "__main__":
    main()
