"""Whether data fit a method, and how the labels of one are read with the class names of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData
from fer_tutorial.vocabulary import EXPRESSIONS


def check_fit(method: Any, data: FaceData) -> None:
    """Raise a UserError if ``method`` cannot be trained on ``data``: other classes or another order of them, other
    action units, images of another size, or something missing that the method needs."""
    spec = method.spec
    if method.task == "expression":
        if data.num_classes != spec.num_classes:
            raise UserError(
                f"the network tells {spec.num_classes} classes apart but the data set {data.name!r} has "
                f"{data.num_classes}; load the data with num_classes={spec.num_classes} (--classes {spec.num_classes})"
            )
        if spec.class_names and data.class_names != spec.class_names:
            raise UserError(
                f"the network's classes are {', '.join(spec.class_names)} but those of the data set {data.name!r} are "
                f"{', '.join(data.class_names)}; train on data with the same names in the same order"
            )
    check_inputs(method, data)


def check_inputs(method: Any, data: FaceData) -> None:
    """Raise a UserError if ``method`` cannot be applied to ``data``, whatever their classes."""
    spec = method.spec
    missing = [name.replace("_", " ") for name in method.needs if getattr(data, name) is None]
    if missing:
        raise UserError(f"{spec.name} needs {' and '.join(missing)}, which the data set {data.name!r} does not have")
    if method.task == "action_units" and tuple(data.action_unit_names) != spec.action_units:
        raise UserError(
            f"the network estimates the action units {spec.action_units} but the data code "
            f"{tuple(data.action_unit_names)}; load the data with those of the network"
        )
    height, width = data.images.shape[-3:-1]
    if (height, width) != (spec.image_size, spec.image_size):
        raise UserError(
            f"the network was built for images of {spec.image_size}×{spec.image_size} pixels but those of "
            f"{data.name!r} have {width}×{height}; load the data with size={spec.image_size} (--size {spec.image_size})"
        )


@dataclass(frozen=True)
class Matched:
    """Data as a network reads them.

    Attributes:
        data: the samples, their labels counted as the network counts its classes.
        present: numbers, in the network's order, of the classes that the data tell apart; all where there are all.
        left_out: samples that were left out because the network does not know their class.
    """

    data: FaceData
    present: tuple[int, ...]
    left_out: int = 0


def match_classes(class_names: tuple[str, ...], data: FaceData) -> Matched:
    """``data`` with their labels matched by name to a network's classes, whose order and number may differ.

    Expressions that the network does not know are left out and counted.

    Args:
        class_names: the network's, in its order.
        data: labeled data of any classes.

    Raises:
        UserError: a class that is not the network's and no expression either, or no sample of the network's classes.

    >>> data = FaceData("toy", "test", np.zeros((3, 8, 8, 1), np.uint8), np.array([0, 1, 2]),
    ...                 ("happiness", "contempt", "neutral"), index=np.arange(3))
    >>> matched = match_classes(("neutral", "happiness", "anger"), data)
    >>> matched.data.labels.tolist(), matched.present, matched.left_out
    ([1, 0], (0, 1), 1)
    """
    if data.class_names == class_names:
        return Matched(data, tuple(range(len(class_names))))
    strange = [name for name in data.class_names if name not in class_names and name not in EXPRESSIONS]
    orders = (
        f"the network's classes are {', '.join(class_names)} and those of the data set {data.name!r} are "
        f"{', '.join(data.class_names)}"
    )
    if strange:
        raise UserError(f"{orders}; {', '.join(strange)} cannot be matched, so rename the data's classes")
    number_of = np.array([class_names.index(name) if name in class_names else -1 for name in data.class_names])
    known = number_of[data.labels] >= 0
    if data.clean_labels is not None:
        known &= number_of[data.clean_labels] >= 0
    if not known.any():
        raise UserError(f"{orders}; no sample is of one of the network's, so choose other data or another network")
    kept = data.subset(known)
    matched = replace(
        kept,
        class_names=class_names,
        labels=number_of[kept.labels],
        clean_labels=None if kept.clean_labels is None else number_of[kept.clean_labels],
        votes=None if kept.votes is None else _moved(kept.votes, number_of, len(class_names)),
    )
    present = tuple(sorted(int(number) for number in number_of if number >= 0))
    return Matched(matched, present, int((~known).sum()))


def _moved(votes: np.ndarray, number_of: np.ndarray, classes: int) -> np.ndarray:
    """Votes (N, data's classes) as votes (N, network's classes), zero where the data have no such class."""
    moved = np.zeros((len(votes), classes), votes.dtype)
    moved[:, number_of[number_of >= 0]] = votes[:, number_of >= 0]
    return moved
