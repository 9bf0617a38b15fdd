"""Any data set by its name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_tutorial.datasets.affectnet import SPLITS as AFFECTNET_SPLITS
from fer_tutorial.datasets.affectnet import open_affectnet
from fer_tutorial.datasets.akdef import open_akdef
from fer_tutorial.datasets.bp4d import open_bp4d
from fer_tutorial.datasets.cards import CARDS
from fer_tutorial.datasets.ckplus import EXPECTED as EXPECTED_CKPLUS
from fer_tutorial.datasets.ckplus import ckplus_splits, open_ckplus
from fer_tutorial.datasets.coded_frames import SPLITS as SPLITS_OF_CODED
from fer_tutorial.datasets.disfa import open_disfa
from fer_tutorial.datasets.emotionet import open_emotionet
from fer_tutorial.datasets.expw import open_expw
from fer_tutorial.datasets.fer2013 import EXPECTED as EXPECTED_FER2013
from fer_tutorial.datasets.fer2013 import fer2013_splits, open_fer2013
from fer_tutorial.datasets.ferplus import open_ferplus
from fer_tutorial.datasets.fixed_folds import SPLITS as SPLITS_OF_FOLDS
from fer_tutorial.datasets.folder import folder_splits, open_folder
from fer_tutorial.datasets.genki import open_genki
from fer_tutorial.datasets.jaffe import open_jaffe
from fer_tutorial.datasets.kdef import open_kdef
from fer_tutorial.datasets.london import open_london
from fer_tutorial.datasets.oulu_casia import open_oulu_casia
from fer_tutorial.datasets.packed import load_packed, packed_splits
from fer_tutorial.datasets.picture_list import EXPECTED as EXPECTED_LIST
from fer_tutorial.datasets.picture_list import list_splits, open_list
from fer_tutorial.datasets.rafd import open_rafd
from fer_tutorial.datasets.rafdb import SPLITS as RAFDB_SPLITS
from fer_tutorial.datasets.rafdb import open_rafdb
from fer_tutorial.datasets.recognize import recognize
from fer_tutorial.datasets.source import SPLITS, Source, existing_root, logger
from fer_tutorial.datasets.synthetic import load_synthetic, open_synthetic, open_synthetic_sequences
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData

READERS: dict[str, Callable[..., Source]] = {
    "synthetic": open_synthetic,
    "synthetic_sequences": open_synthetic_sequences,
    "ferplus": open_ferplus,
    "fer2013": open_fer2013,
    "london": open_london,
    "rafdb": open_rafdb,
    "genki": open_genki,
    "jaffe": open_jaffe,
    "kdef": open_kdef,
    "akdef": open_akdef,
    "rafd": open_rafd,
    "ckplus": open_ckplus,
    "oulu_casia": open_oulu_casia,
    "affectnet": open_affectnet,
    "expw": open_expw,
    "emotionet": open_emotionet,
    "disfa": open_disfa,
    "bp4d": open_bp4d,
    "folder": open_folder,
    "list": open_list,
}

# Those that have not all three splits, wherever they lie.
OWN_SPLITS: dict[str, tuple[str, ...]] = {
    "london": ("test",),
    "rafdb": RAFDB_SPLITS,
    "akdef": ("train",),
    "oulu_casia": SPLITS_OF_FOLDS,
    "affectnet": AFFECTNET_SPLITS,
    "disfa": SPLITS_OF_CODED,
    "bp4d": SPLITS_OF_CODED,
}

# Folds by person are made of all pictures of these, and not of a training split that no owner has drawn.
FOLDED_WHOLE = ("folder", "list", "jaffe", "kdef", "rafd", "ckplus", "oulu_casia", "disfa", "bp4d")


def load_data(
    name: str,
    root: str | Path | None = None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    **options: Any,
) -> FaceData:
    """A split of a data set, in memory (``packed`` and ``synthetic``: memory-mapped).

    Args:
        name: one of READERS, such as ``synthetic`` or ``ferplus``, or ``packed`` (``fer-tutorial datasets`` lists
            them); ``auto`` finds out by the files in ``root``.
        root: where its files are; the synthetic ones need none.
        split: ``train``, ``valid`` or ``test``; readers of photographs also know ``all``, except ``ferplus`` and
            ``fer2013``; ``rafdb`` has no ``valid``, and ``london`` is ``test`` alone.
        size: height and width of the images, in pixels.
        channels: 1 (gray) or 3 (RGB; gray pictures are repeated three times).
        num_classes: 7, or 8 with contempt.  ``london`` has the first two of them, ``genki`` two of its own,
            whatever is asked for.
        **options: what the reader of this data set takes besides, such as ``labels="vote"`` for ``ferplus`` or
            ``n=2000, seed=0, label_noise=0.2`` for ``synthetic``.

    Raises:
        UserError: an unknown name or option, or files that are not what the reader expects.

    >>> load_data("cats")
    Traceback (most recent call last):
    ...
    fer_tutorial.errors.UserError: there is no data set 'cats'; expected one of synthetic, ...
    """
    if name == "auto":
        name = recognize(root)
        logger.info("auto: %s is read as %s", root, name)
    if name == "packed":
        check_options(name, load_packed, options)
        return load_packed(root, split, size, channels, num_classes, **options)
    if name in ("synthetic", "synthetic_sequences"):
        return load_synthetic(name, root, split, size, channels, num_classes, **options)
    return open_source(name, root, split, size, channels, num_classes, **options).load()


def open_source(
    name: str,
    root: str | Path | None = None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    **options: Any,
) -> Source:
    """As :func:`load_data`, but with the pixels still to be read: what :func:`fer_tutorial.datasets.pack` streams."""
    reader = reader_of(name)
    check_options(name, reader, options)
    return reader(root, split, size, channels, num_classes, **options)


def splits_of(name: str, root: str | Path | None = None, **options: Any) -> tuple[str, ...]:
    """The splits that a data set has where it lies, in the order train, valid, test; of a list, as its options say.

    >>> splits_of("synthetic"), splits_of("london")
    (('train', 'valid', 'test'), ('test',))
    """
    if name in OWN_SPLITS:
        return OWN_SPLITS[name]
    if name == "ckplus":
        return SPLITS_OF_FOLDS if root is None else ckplus_splits(existing_root(name, root, EXPECTED_CKPLUS))
    if name == "fer2013" and root is not None:
        return fer2013_splits(existing_root(name, root, EXPECTED_FER2013))
    if name == "folder":
        return folder_splits(
            existing_root("a folder of images", root, "a folder with a sub-folder for each expression")
        )
    if name == "list":
        check_options(name, open_list, options)
        return list_splits(existing_root("a list of pictures", root, EXPECTED_LIST), **options)
    if name == "packed":
        return packed_splits(existing_root("packed", root, "a folder written by fer-tutorial pack"))
    reader_of(name)
    return SPLITS


def reader_of(name: str) -> Callable[..., Source]:
    if name in READERS:
        return READERS[name]
    if name == "packed":
        raise UserError(
            "a pack is used as it was made and not packed again; expected the data set that it was made from, such as "
            "ferplus"
        )
    if name == "auto":
        raise UserError(
            "auto is found out by load_data alone; expected the name of a data set, which fer-tutorial datasets check "
            "--data-root DIR tells"
        )
    if name in CARDS:
        raise UserError(
            f"there is no reader for {name} yet; sort its images into folders named after the expressions and read "
            f"them as 'folder' (what is known of it: fer-tutorial datasets {name})"
        )
    raise UserError(f"there is no data set {name!r}; expected one of {', '.join([*READERS, 'packed'])}")


def check_options(name: str, reader: Callable[..., Any], options: dict[str, Any]) -> None:
    """Refuse an option the reader does not take, naming those it does."""
    parameters = inspect.signature(reader).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    known = [key for key in parameters if key not in ("root", "split", "size", "channels", "num_classes")]
    for option in options:
        if option not in known:
            raise UserError(f"{name} has no option {option!r}; expected {', '.join(known) or 'none'}")
