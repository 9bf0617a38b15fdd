"""How the authors' own code trains: what ``--preset official`` sets besides a method's hyper-parameters.

Values not listed here are this package's defaults.  Each is from the authors' repository, read by us.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig, TrainConfig


@dataclass(frozen=True)
class Recipe:
    """Training settings that belong to a preset of a method, with the network and images they are meant for."""

    train: TrainConfig = field(default_factory=TrainConfig)
    backbone: str = "small_cnn"
    size: int = 48
    normalization: str = "imagenet"


RECIPES: dict[tuple[str, str], Recipe] = {
    # The paper's batch size; its network was one of its own.
    ("center_loss", "paper"): Recipe(train=TrainConfig(batch_size=256)),
    # The code's rate falls tenfold after 16,000 and 24,000 of 28,000 batches; an epoch here stands for a thousand, and
    # the second fall is left out: falls are evenly spaced here.  Its network, too, was one of its own.
    ("center_loss", "official"): Recipe(
        train=TrainConfig(
            epochs=28,
            batch_size=256,
            optimizer="sgd",
            lr=0.1,
            momentum=0.9,
            weight_decay=5e-4,
            schedule="step",
            step_epochs=16,
            gamma=0.1,
            warmup_epochs=0,
            augment=AugmentConfig(flip=0.5, rotate=0, scale=0, translate=0, brightness=0, contrast=0),
        ),
    ),
    # The code trains on one of five crops of 224 from 256 pixels and tests on the middle one, 7/8 of the picture's
    # side.  Here the whole picture is seen, in training shifted by up to 16 of 224 pixels.
    ("dacl", "official"): Recipe(
        train=TrainConfig(
            epochs=60,
            batch_size=64,
            optimizer="sgd",
            lr=0.01,
            momentum=0.9,
            weight_decay=5e-4,
            schedule="step",
            step_epochs=20,
            gamma=0.1,
            warmup_epochs=0,
            augment=AugmentConfig(flip=0.5, rotate=0, scale=0, translate=16 / 224, brightness=0, contrast=0),
        ),
        backbone="resnet18",
        size=224,
        normalization="dacl",
    ),
    # Half the time one of {flip, noise of variance 30 on 0-255}; here each of the two a quarter of the time.  The code
    # leaves torchvision's default for how often it erases: half the time.
    ("scn", "official"): Recipe(
        train=TrainConfig(
            epochs=70,
            batch_size=64,
            optimizer="adam",
            lr=1e-3,
            weight_decay=1e-4,
            schedule="exponential",
            gamma=0.9,
            warmup_epochs=0,
            augment=AugmentConfig(
                flip=0.25,
                rotate=0,
                scale=0,
                translate=0,
                brightness=0,
                contrast=0,
                noise=30**0.5 / 255,
                noise_probability=0.25,
                erase=0.5,
                erase_area=(0.02, 0.25),
            ),
        ),
        backbone="resnet18",
        size=224,
    ),
    ("mgln", "official"): Recipe(
        train=TrainConfig(
            epochs=151,
            batch_size=64,
            optimizer="adam",
            lr=1e-4,
            weight_decay=0,
            schedule="step",
            step_epochs=80,
            gamma=0.1,
            warmup_epochs=0,
            augment=NO_AUGMENTATION,
        ),
        backbone="vgg16_trunk",
        size=128,
    ),
}
