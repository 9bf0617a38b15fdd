"""A reader of a data set that the package does not know: pictures in one folder, person and expression in the name."""

import re
from pathlib import Path

import numpy as np

from fer_tutorial.datasets import Source
from fer_tutorial.datasets.images import open_image_file, stack_pixels, to_pixels
from fer_tutorial.datasets.people import drawn_split
from fer_tutorial.datasets.source import SPLITS, check_split, existing_root, expression_classes
from fer_tutorial.errors import UserError

NAME = re.compile(r"(?P<person>p\d+)-(?P<expression>[a-z]+)-\d+\.png")  # p07-happiness-2.png


def open_labels_in_names(
    root: str | Path | None, split: str = "train", size: int = 48, channels: int = 3, num_classes: int = 7
) -> Source:
    """Read ``root/p07-happiness-2.png`` and its like; a person is in one split alone."""
    check_split("labels_in_names", split, SPLITS)
    folder = existing_root("labels_in_names", root, "a folder of pictures such as p07-happiness-2.png")
    classes = expression_classes(num_classes)
    files, people, labels = [], [], []
    for path in sorted(folder.glob("*.png")):
        name = NAME.fullmatch(path.name)
        if name is None or name["expression"] not in classes:
            raise UserError(
                f"{path} does not name a person and an expression; expected a name like p07-happiness-2.png"
            )
        if drawn_split(name["person"]) == split:
            files.append(path)
            people.append(int(name["person"][1:]))
            labels.append(classes.index(name["expression"]))
    shape = (size, size, channels)

    def read(start: int, stop: int) -> np.ndarray:  # pixels only when they are asked for
        return stack_pixels(lambda i: to_pixels(open_image_file(files[i]), size, channels), start, stop, shape)

    table = {"labels": np.array(labels, int), "subjects": np.array(people, int), "index": np.arange(len(files))}
    return Source("labels_in_names", split, classes, table, shape, read)
