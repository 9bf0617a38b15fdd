import numpy as np
import pytest

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig, DataConfig, TrainConfig
from fer_tutorial.errors import UserError


@pytest.mark.parametrize(("kind", "given", "sentence"), [
    (DataConfig, {"size": 0}, "size is 0; expected 1 pixel or more"),
    (DataConfig, {"size": "48"}, "size is '48'; expected a whole number"),
    (DataConfig, {"classes": 6}, "classes is 6; expected 7, or 8 with contempt"),
    (DataConfig, {"channels": 4}, "channels is 4; expected 1 (gray) or 3"),
    (AugmentConfig, {"flip": 1.1}, "flip is 1.1; expected a probability from 0 to 1"),
    (AugmentConfig, {"flip": float("nan")}, "flip is nan; expected a finite number"),
    (AugmentConfig, {"rotate": -1}, "rotate is -1; expected 0 or more"),
    (AugmentConfig, {"scale": 1.0}, "scale is 1.0; expected from 0 to below 1"),
    (AugmentConfig, {"erase_area": (0.3, 0.2)}, "erase_area is (0.3, 0.2); expected two shares"),
    (AugmentConfig, {"erase_area": (0.1,)}, "erase_area is (0.1,); expected two shares"),
    (AugmentConfig, {"erase_area": 0.1}, "erase_area is 0.1; expected two shares"),
    (TrainConfig, {"epochs": 0}, "epochs is 0; expected 1 or more"),
    (TrainConfig, {"epochs": 2.5}, "epochs is 2.5; expected a whole number"),
    (TrainConfig, {"epochs": True}, "epochs is True; expected a whole number"),
    (TrainConfig, {"batch_size": None}, "batch_size is None; expected a whole number"),
    (TrainConfig, {"lr": 0.0}, "lr is 0.0; expected a number above 0"),
    (TrainConfig, {"lr": "2e-3"}, "lr is '2e-3'; expected a finite number"),
    (TrainConfig, {"lr": float("inf")}, "lr is inf; expected a finite number"),
    (TrainConfig, {"seed": -1}, "seed is -1; expected 0 or more"),
    (TrainConfig, {"momentum": 1.0}, "momentum is 1.0; expected from 0 to below 1"),
    (TrainConfig, {"ema": 1.0}, "ema is 1.0; expected a decay between 0 and 1"),
    (TrainConfig, {"clip_norm": 0.0}, "clip_norm is 0.0; expected a number above 0"),
    (TrainConfig, {"patience": 0}, "patience is 0; expected 1 or more"),
    (TrainConfig, {"optimizer": "lion"}, "optimizer is 'lion'; expected sgd or adam or adamw"),
    (TrainConfig, {"schedule": ""}, "schedule is ''; expected constant or step"),
    (TrainConfig, {"precision": "fp8"}, "precision is 'fp8'; expected fp32 or bf16 or fp16"),
    (TrainConfig, {"device": "tpu"}, "device is 'tpu'; expected auto or cpu or cuda"),
])  # fmt: skip
def test_a_value_out_of_its_range_is_one_sentence(kind, given, sentence):
    with pytest.raises(UserError) as refusal:
        kind(**given)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_may_be_left_out_may_be_none():
    config = TrainConfig(ema=None, clip_norm=None, patience=None, monitor=None, checkpoint_steps=None)
    assert config.ema is None
    assert DataConfig(channels=None).channels is None


def test_numbers_of_numpy_are_numbers():
    assert TrainConfig(epochs=np.int64(3), lr=np.float32(0.5)).lr == 0.5


def test_no_augmentation_changes_nothing():
    amounts = ("flip", "rotate", "scale", "translate", "brightness", "contrast", "erase", "noise")
    assert not any(getattr(NO_AUGMENTATION, name) for name in amounts)
