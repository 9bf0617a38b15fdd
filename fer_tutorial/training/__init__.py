"""Train any method of this package on any data that have what it needs; see :func:`train`."""

from fer_tutorial.config import NO_AUGMENTATION, AugmentConfig, DataConfig, TrainConfig
from fer_tutorial.methods import METHODS, build_method, preset, presets
from fer_tutorial.records.run_folder import load_run
from fer_tutorial.training.engine import Run, train
from fer_tutorial.training.evaluate import evaluate, predict
from fer_tutorial.training.label_store import LabelStore
from fer_tutorial.training.loader import Loader
from fer_tutorial.training.run import Plan, Result, run, run_folds

__all__ = [
    "METHODS",
    "NO_AUGMENTATION",
    "AugmentConfig",
    "DataConfig",
    "LabelStore",
    "Loader",
    "Plan",
    "Result",
    "Run",
    "TrainConfig",
    "build_method",
    "evaluate",
    "load_run",
    "predict",
    "preset",
    "presets",
    "run",
    "run_folds",
    "train",
]
