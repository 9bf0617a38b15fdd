"""For whom a network is right: accuracy by what people are, with intervals and the number of people."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import pandas as pd

from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData

Z = 1.959964  # the standard normal's quantile at 97.5 %
UNKNOWN = "not known"


def accuracy_by_group(predicted: np.ndarray, data: FaceData, crossed: Sequence[str] = ()) -> pd.DataFrame:
    r"""The accuracy of every group of people, one attribute after the other.

    The interval is Wilson's at 95 %, with :math:`n` the number of *people*, as if each were one picture: pictures of
    one person are right or wrong together, and counting them all would promise too much.  With :math:`p` the accuracy
    and :math:`z = 1.96` it is

    .. math:: \frac{p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}

    Args:
        predicted: int (N,), the class predicted for each sample.
        data: labeled faces with ``groups``; where ``subjects`` are not known, every picture counts as a person.
        crossed: attributes to cross, such as ``("sex", "skin tone")``; every attribute by itself if none is given.

    Returns:
        A row a group: ``attribute``, ``group``, ``samples``, ``people``, ``accuracy``, ``low``, ``high`` and
        ``mean_class_accuracy``, which a group with many easy faces cannot flatter.  Groups are sorted by name, those
        of whom nothing is known come last.

    Raises:
        UserError: data without groups, an attribute that they do not have, or not one prediction a sample.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    >>> data = FaceData("toy", "test", np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 1, 0, 1]),
    ...                 ("neutral", "happiness"), index=np.arange(4),
    ...                 groups=np.array([["old"], ["old"], ["young"], ["young"]]), group_names=("age",))
    >>> accuracy_by_group(np.array([0, 1, 0, 0]), data)[["group", "people", "accuracy"]].values.tolist()
    [['old', 2, 1.0], ['young', 2, 0.5]]
    """
    if data.groups is None:
        raise UserError(f"{data.name} says nothing about the people in it (no groups); choose data that do")
    if np.shape(predicted) != (len(data),):
        raise UserError(f"there are predictions of shape {np.shape(predicted)} for {len(data)} samples; give one each")
    if unknown := [name for name in crossed if name not in data.group_names]:
        raise UserError(f"{data.name} has no attribute {unknown[0]!r}; choose among {', '.join(data.group_names)}")
    samples = pd.DataFrame(data.groups, columns=list(data.group_names)).replace("", UNKNOWN)
    outcome = pd.DataFrame({"class": data.labels, "right": np.asarray(predicted) == data.labels})
    outcome["person"] = np.arange(len(data)) if data.subjects is None else data.subjects
    attributes = [tuple(crossed)] if crossed else [(name,) for name in data.group_names]
    rows = [row for names in attributes for row in _rows(names, samples, outcome)]
    return pd.DataFrame(rows)


def _rows(names: tuple[str, ...], samples: pd.DataFrame, outcome: pd.DataFrame) -> list[dict[str, object]]:
    group = samples[list(names)].agg(", ".join, axis=1)
    rows = [_row(" × ".join(names), str(name), members) for name, members in outcome.groupby(group)]
    return sorted(rows, key=lambda row: (UNKNOWN in str(row["group"]), str(row["group"])))


def _row(attribute: str, name: str, members: pd.DataFrame) -> dict[str, object]:
    accuracy, people = float(members["right"].mean()), int(members["person"].nunique())
    low, high = wilson(accuracy, people)
    return {
        "attribute": attribute,
        "group": name,
        "samples": len(members),
        "people": people,
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "mean_class_accuracy": float(members.groupby("class")["right"].mean().mean()),
    }


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a ``share`` seen among ``n``.

    >>> [round(end, 3) for end in wilson(1.0, 10)]
    [0.722, 1.0]
    """
    middle, half = share + Z**2 / (2 * n), Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(0.0, (middle - half) / (1 + Z**2 / n)), min(1.0, (middle + half) / (1 + Z**2 / n))
