"""How many samples of each class the owners, or lists that were counted, say that a set has, to compare a copy with."""

from __future__ import annotations

from dataclasses import dataclass

from fer_tutorial.datasets.affectnet import CLASSES as AFFECTNET
from fer_tutorial.datasets.ckplus_tables import HDF5_CLASSES
from fer_tutorial.datasets.fer2013_csv import FER2013_CLASSES
from fer_tutorial.datasets.rafdb import BASIC
from fer_tutorial.vocabulary import EXPRESSIONS


@dataclass(frozen=True)
class Published:
    """``total`` samples in a split of a form, by class where known.

    ``form`` is a regular expression for the form's name; an empty one stands for all forms, read without options.
    """

    form: str
    split: str
    total: int
    by_class: dict[str, int] | None = None


def _counted(form: str, split: str, names: tuple[str, ...], counts: tuple[int, ...]) -> Published:
    return Published(form, split, sum(counts), dict(zip(names, counts, strict=True)))


_FER2013 = {
    "train": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "valid": (467, 56, 496, 895, 653, 415, 607),
    "test": (491, 55, 528, 879, 594, 416, 626),
}
_CKPLUS = (45, 59, 25, 69, 28, 83, 18)
_CK48 = (135, 177, 75, 207, 84, 249, 54)
PUBLISHED: dict[str, tuple[Published, ...]] = {
    "fer2013": tuple(_counted("", split, FER2013_CLASSES, counts) for split, counts in _FER2013.items()),
    "rafdb": (
        _counted("basic.*", "train", BASIC, (1290, 281, 717, 4772, 1982, 705, 2524)),
        _counted("basic.*", "test", BASIC, (329, 74, 160, 1185, 478, 162, 680)),
        Published("compound.*", "train", 3_162),
        Published("compound.*", "test", 792),
    ),
    "affectnet": (
        Published("the owners' of 2017", "train", 287_651),
        Published("the owners' of 2017", "valid", 4_000),
        _counted("the owners' of 2021", "train", AFFECTNET, (74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750)),
        _counted("the owners' of 2021", "valid", AFFECTNET, (500, 500, 500, 500, 500, 500, 500, 499)),
    ),
    "expw": (Published("", "all", 91_793),),
    "genki": (
        _counted("GENKI-4K", "all", ("no smile", "smile"), (1838, 2162)),
        Published("GENKI-SZSL", "all", 3_500),
    ),
    "jaffe": (Published("", "all", 213),),
    "kdef": (Published("", "all", 4_896),),
    "akdef": (_counted("", "train", EXPRESSIONS[:7], (10,) * 7),),
    "rafd": (_counted("", "all", EXPRESSIONS, (1005,) * 8),),
    "ckplus": (
        _counted(
            "the owners', emotion, (all|first_middle_last|last)", "all", HDF5_CLASSES, (45, 59, 25, 69, 28, 83, 18)
        ),
        _counted("class folders", "all", HDF5_CLASSES, _CK48),
        _counted("CK_data.h5", "all", HDF5_CLASSES, _CK48),
    ),
    "oulu_casia": (_counted("", "all", EXPRESSIONS[1:7], (80,) * 6),),
    "disfa": (Published("", "all", 130_814),),
    "london": (_counted("", "test", EXPRESSIONS[:2], (102, 102)),),
}
