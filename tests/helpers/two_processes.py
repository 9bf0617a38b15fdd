"""Trains every method given; run as one process or, by torchrun, as two, it must come to the same weights.

Usage: two_processes.py OUT METHOD...
"""

import sys
from dataclasses import fields, replace
from pathlib import Path

from safetensors.torch import save_file
from torch import distributed

from fer_tutorial.training import build_method, presets, train
from tests.helpers.quick_config import quick
from tests.helpers.striped_faces import striped

# Paper methods that need more than images and labels, or larger images.
DATA = {"mgln": {"sequence": 3, "size": 32}, "g2rl": {"size": 32}}
PRESET = {"dacl": "small", "mgln": "small", "g2rl": "small"}
# What would draw random numbers of its own in each process is off; SCN relabels from the start, so that it does.
SETTINGS = {"mixup": 0.0, "dropout": 0.0, "relabel_epoch": 1, "delta_2": 0.0}


def configuration(name):
    choices = presets(name)
    config = choices.get(PRESET.get(name, ""), next(iter(choices.values())))
    known = {field.name for field in fields(config)}
    return replace(config, **{key: value for key, value in SETTINGS.items() if key in known})


def trained(name):
    data = striped(n=32, **DATA.get(name, {}))
    method = build_method(name, data, config=configuration(name), seed=3)
    run = train(method, data, striped(n=21, seed=1, **DATA.get(name, {})), quick(clip_norm=1.0))
    return method, run


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name in sys.argv[2:]:
        method, run = trained(name)
        rank = distributed.get_rank()
        weights = {key: value.detach().contiguous().clone() for key, value in method.state_dict().items()}
        weights["__labels__"] = run.labels.labels
        save_file(weights, folder / f"{name}-{rank}.safetensors")
        run.history.to_csv(folder / f"{name}-{rank}.csv", index=False)
    distributed.destroy_process_group()
