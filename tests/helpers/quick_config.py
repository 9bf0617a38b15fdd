"""Settings under which a training test takes a moment."""

from fer_tutorial.training import NO_AUGMENTATION, TrainConfig


def quick(**changes):
    """Two epochs of SGD on the CPU without augmentation, silently."""
    settings = {"epochs": 2, "batch_size": 16, "optimizer": "sgd", "lr": 0.02, "warmup_epochs": 0, "device": "cpu"}
    settings |= {"augment": NO_AUGMENTATION, "progress": False, "tensorboard": False}
    return TrainConfig(**(settings | changes))
