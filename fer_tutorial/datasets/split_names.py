"""The names people give to the parts of a data set."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Without signs, blanks and "set": "Train", "train_set" and "TRAINSET" are one name here.
SPLIT_NAMES: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev", "publictest"),
    "test": ("test", "testing", "privatetest"),
}
# Validation, or the test where there are other validation pictures.
EVALUATION = ("eval", "evaluation")


def splits_named(names: Iterable[str]) -> dict[str, str]:
    """The split that each of ``names`` stands for; names that stand for none are left out.

    >>> splits_named(["Training", "val_set", "eval", "notes"])
    {'Training': 'train', 'val_set': 'valid', 'eval': 'test'}
    """
    bare = {name: re.sub(r"[\W_]|set$", "", name.lower()) for name in names}
    splits = {name: split for name, word in bare.items() for split, words in SPLIT_NAMES.items() if word in words}
    evaluation = "test" if "valid" in splits.values() else "valid"
    return splits | {name: evaluation for name, word in bare.items() if word in EVALUATION}
