"""From pictures that a reader found, each with its expression, to a Source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from fer_tutorial.datasets.images import Box, picture_reader
from fer_tutorial.datasets.source import CONTEMPT_LEFT_OUT, Source, expression_classes, say_left_out
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS


def stills_source(
    name: str,
    split: str,
    size: int,
    channels: int,
    num_classes: int,
    files: Sequence[Path],
    expressions: Sequence[str],
    table: dict[str, np.ndarray],
    provenance: dict[str, str],
    left_out: dict[str, int] | None = None,
    boxes: Sequence[Box] | None = None,
    around_box: Callable[[Box, Image.Image], Box] | None = None,
    group_names: tuple[str, ...] = (),
) -> Source:
    """The pictures of one split; those of contempt are left out, and said, where seven classes are asked for.

    Args:
        name: of the data set.
        split: of the pictures.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: 7 or 8.
        files: of the pictures.
        expressions: of each, by the names in EXPRESSIONS.
        table: what FaceData has of each besides, at least ``index``.
        provenance: where they are from.
        left_out: what else was left out of the split.
        boxes: the face in each picture; unless given, the largest central square.
        around_box: what is cut around a box, such as ``square_around``; unless given, the box itself.
        group_names: of the attributes in the table's ``groups``, where it has them.
    """
    class_names = expression_classes(num_classes)
    labels = np.array([EXPRESSIONS.index(expression) for expression in expressions], np.int64)
    known = labels < num_classes
    kept = np.flatnonzero(known).tolist()
    if len(labels) and not len(kept):
        raise UserError(f"{name} has nothing but contempt in split {split!r}; expected num_classes=8 (--classes 8)")
    say_left_out(name, split, {CONTEMPT_LEFT_OUT: len(labels) - len(kept), **(left_out or {})})

    def box_of(position: int, image: Image.Image) -> Box | None:
        if boxes is None:
            return None
        box = boxes[kept[position]]
        return box if around_box is None else around_box(box, image)

    return Source(
        name,
        split,
        class_names,
        {"labels": labels[kept], **{column: values[kept] for column, values in table.items()}},
        (size, size, channels),
        picture_reader([files[row] for row in kept], size, channels, box_of),
        provenance=provenance,
        group_names=group_names,
    )
