"""AffectNet (Mollahosseini et al. 2019): photographs from the web, labeled by hand, in the three forms that go around.

*2017*: ``Manually_Annotated_file_lists/training.csv`` and ``validation.csv``, a row a face (box, 68 points, expression,
valence, arousal), and the photographs in ``Manually_Annotated_Images``.  *2021*: faces of 224×224 pixels in
``train_set/images/0.jpg`` with ``train_set/annotations/0_exp.npy``, ``0_val.npy``, ``0_aro.npy`` and ``0_lnd.npy``;
``val_set`` likewise.  *Numbered folders*: ``train/0`` to ``train/7`` and ``val/0`` to ``val/7``, in an order of classes
that is not always the owners'.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fer_tutorial.datasets.affectnet_2017 import NUMBERED, Faces, read_2017
from fer_tutorial.datasets.expression_names import NUMBERS_DIFFER, expression_of
from fer_tutorial.datasets.images import Box, check_size
from fer_tutorial.datasets.picture_files import files_below, is_image, visible_in
from fer_tutorial.datasets.source import Source, check_split, existing_root, reason
from fer_tutorial.datasets.split_names import splits_named
from fer_tutorial.datasets.stills import stills_source
from fer_tutorial.errors import UserError

EXPECTED = (
    "AffectNet's folder, with Manually_Annotated_file_lists/training.csv and Manually_Annotated_Images, or train_set "
    "and val_set"
)
SPLITS = ("train", "valid")
CLASSES, NO_EXPRESSION = NUMBERED[:8], NUMBERED[8:]
SETS = {"train": "train_set", "valid": "val_set"}
# Pictures of 2021 are so many pixels high and wide, and their points are in these pixels.
SIDE = 224
# What valence and arousal are where nobody could tell.
NOT_TOLD = -2


def open_affectnet(
    root: str | Path | None,
    split: str = "train",
    size: int = 48,
    channels: int = 3,
    num_classes: int = 7,
    landmarks: bool = False,
    order: str | None = None,
    missing: str = "refuse",
) -> Source:
    """AffectNet's pictures labeled by hand, with 7 or 8 classes.

    ``valid`` is the owners' validation set, on which papers report; no test set was ever given out, so hold out a share
    of the training pictures to choose an epoch by (``--holdout 0.1``).  Pictures labeled none, uncertain or no face are
    counted and left out.  Those of 2017 are cut to the square around the owners' box.

    Args:
        root: the folder with one of the three forms.
        split: ``train`` or ``valid``.
        size: height and width of the images.
        channels: 1 or 3.
        num_classes: 7, or 8 with contempt.
        landmarks: whether the owners' 68 points are read as well (of the form of 2021 a file a picture).
        order: what numbered folders mean, from 0: ``owners`` (neutral, happiness, sadness, surprise, fear, disgust,
            anger, contempt) or names of expressions with commas.
        missing: ``refuse`` a list that names pictures that are not there, or ``skip`` them.

    ``index`` is the number of the row in the owners' list, or the number that is the picture's name; in numbered
    folders, the place in the sorted list of paths.  Valence and arousal are in :func:`affectnet_annotations`.

    Raises:
        UserError: none of the forms, labels out of range, pictures that are missing, or folders whose order was not
            told.
    """
    check_size(size, channels)
    if split == "test":
        raise UserError(
            "AffectNet's test set was never given out; expected train or valid, the owners' validation set, on which "
            "papers report"
        )
    check_split("affectnet", split, SPLITS)
    if missing not in ("refuse", "skip"):
        raise UserError(f"missing is {missing!r}; expected 'refuse' or 'skip'")
    path = existing_root("affectnet", root, EXPECTED)
    found = read_2017(path, split, missing, landmarks) or _of_2021(path, split, landmarks)
    found = found or _of_folders(path, split, order)
    if found is None:
        raise UserError(f"{path} is not AffectNet's {split} split; expected {EXPECTED}")
    names = np.array(NUMBERED)[found.numbers]
    kept = np.flatnonzero(found.numbers < len(CLASSES)).tolist()
    if not kept:
        raise UserError(f"{path} has no picture with an expression in split {split!r}; expected the whole set")
    left_out = {f"pictures labeled {word}": int((names == word).sum()) for word in NO_EXPRESSION}
    boxes = None if found.boxes is None else [_square(found.boxes[i]) for i in kept]
    table = {"index": found.index[kept], "keys": np.array([found.keys[i] for i in kept])}
    if found.points is not None:
        table["landmarks"] = _in_square(found.points[kept], boxes, size)
    return stills_source(
        "affectnet",
        split,
        size,
        channels,
        num_classes,
        [found.files[i] for i in kept],
        names[kept].tolist(),
        table,
        {"root": str(path.resolve()), "form": found.form, "splits": "the owners'"},
        {**left_out, **found.left_out},
        boxes,
    )


def affectnet_annotations(root: str | Path, split: str = "train") -> pd.DataFrame:
    """Valence and arousal, -1 to 1 and NaN where nobody could tell, of every picture of a split, in their order.

    The columns are ``key`` (as in :class:`FaceData`), ``label`` (the owners' word, none, uncertain and no face among
    them), ``valence`` and ``arousal``.

    Raises:
        UserError: as ``load_data("affectnet", root)``; numbered folders, which have nothing of this.
    """
    check_split("affectnet", split, SPLITS)
    path = existing_root("affectnet", root, EXPECTED)
    found = read_2017(path, split, "skip", False) or _of_2021(path, split, False, True)
    if found is None or found.feelings is None:
        raise UserError(f"{path} has no valence and arousal; expected the owners' form of 2017 or of 2021")
    feelings = np.where(found.feelings == NOT_TOLD, np.nan, found.feelings)
    words = np.array(NUMBERED)[found.numbers]
    return pd.DataFrame({"key": found.keys, "label": words, "valence": feelings[:, 0], "arousal": feelings[:, 1]})


def _square(box: np.ndarray) -> Box:
    """The square around a box of left, top, width and height."""
    left, top, width, height = box.tolist()
    half = max(width, height) / 2
    x, y = left + width / 2, top + height / 2
    return x - half, y - half, x + half, y + half


def _in_square(points: np.ndarray, boxes: list[Box] | None, size: int) -> np.ndarray:
    """Points (n, 68, 2) in pixels of the squares that are cut; without boxes, of the pictures of 2021."""
    squares = np.array(boxes if boxes is not None else [(0, 0, SIDE, SIDE)] * len(points), np.float64)
    scale = size / (squares[:, 2] - squares[:, 0])
    return ((points - squares[:, None, :2]) * scale[:, None, None]).astype(np.float32)


def _of_2021(path: Path, split: str, landmarks: bool, feelings: bool = False) -> Faces | None:
    for place in (path, *(visible_in(path)[0] if path.is_dir() else ())):
        folder = place / SETS[split]
        if (folder / "images").is_dir() and (folder / "annotations").is_dir():
            break
    else:
        return None
    pictures = {file.stem: file for file in visible_in(folder / "images")[1] if is_image(file)}
    strange = [stem for stem in pictures if not stem.isdecimal()]
    if strange or not pictures:
        raise UserError(
            f"{folder / 'images'} holds {strange[0] if strange else 'no picture'}; expected pictures named by numbers, "
            "such as 0.jpg"
        )
    stems = sorted(pictures, key=int)
    annotations = folder / "annotations"
    numbers = np.array([_value(annotations / f"{stem}_exp.npy") for stem in stems])
    wrong = np.flatnonzero(~np.isin(numbers, np.arange(len(NUMBERED))))
    if len(wrong):
        raise UserError(
            f"{annotations / stems[wrong[0]]}_exp.npy is {numbers[wrong[0]]:g}; expected 0 to {len(NUMBERED) - 1}"
        )
    return Faces(
        "the owners' of 2021",
        [pictures[stem] for stem in stems],
        [f"{SETS[split]}/images/{pictures[stem].name}" for stem in stems],
        np.array([int(stem) for stem in stems]),
        numbers.astype(np.int64),
        {},
        points=np.stack([_points(annotations / f"{stem}_lnd.npy") for stem in stems]) if landmarks else None,
        feelings=np.array([[_value(annotations / f"{stem}_{kind}.npy") for kind in ("val", "aro")] for stem in stems])
        if feelings
        else None,
    )


def _value(file: Path) -> float:
    """The one value in a file; it may be stored as text."""
    try:
        return float(_array(file).item())
    except ValueError as error:
        raise UserError(f"{file} holds no number ({reason(error)}); expected one, so unpack it again") from None


def _points(file: Path) -> np.ndarray:
    """68 points: x, y, x, y and so on in one row."""
    try:
        values = _array(file).astype(np.float64).ravel()
    except ValueError:
        values = np.zeros(0)
    if len(values) != 136 or not np.isfinite(values).all():
        raise UserError(f"{file} holds no 68 points; expected 136 numbers, x and y in turn")
    return values.reshape(68, 2)  # (136,) -> (68, 2)


def _array(file: Path) -> np.ndarray:
    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise UserError(f"{file} cannot be read ({reason(error)}); expected the owners' array, so unpack it") from None
    if not isinstance(values, np.ndarray):
        raise UserError(f"{file} holds several arrays; expected the owners' one, so unpack it again")
    return values


def _of_folders(path: Path, split: str, order: str | None) -> Faces | None:
    """``train/0`` to ``train/7`` and ``val/0`` to ``val/7``."""
    for place in (path, *(visible_in(path)[0] if path.is_dir() else ())):
        folders = visible_in(place)[0] if place.is_dir() else []
        split_of = splits_named(folder.name for folder in folders)
        folder = next((each for each in folders if split_of.get(each.name) == split), None)
        if folder is None:
            continue
        inside = visible_in(folder)[0]
        if any(expression_of(child.name) for child in inside):
            raise UserError(f"the folders in {folder} are named after expressions; read {place} as 'folder'")
        numbered = [child for child in inside if child.name.isdecimal()]
        if numbered:
            return _numbered(place, sorted(numbered, key=lambda child: int(child.name)), order)
    return None


def _numbered(place: Path, folders: list[Path], order: str | None) -> Faces:
    if order is None:
        raise UserError(
            f"the folders in {folders[0].parent} are numbers, and {NUMBERS_DIFFER}; expected order=owners for "
            f"AffectNet's own ({', '.join(CLASSES)}), or order=anger,contempt,... with the names from 0, for one "
            "copy of AffectNet is in the order of the alphabet"
        )
    names = CLASSES if order == "owners" else _names_of(order)
    if int(folders[-1].name) >= len(names):
        raise UserError(f"there is a folder {folders[-1]}, but order has {len(names)} names; expected one for each")
    files: list[Path] = []
    numbers: list[int] = []
    for folder in folders:
        pictures = sorted(file for file in files_below(folder) if is_image(file))
        files += pictures
        numbers += [CLASSES.index(names[int(folder.name)])] * len(pictures)
    return Faces(
        f"numbered folders ({', '.join(names)})",
        files,
        [file.relative_to(place).as_posix() for file in files],
        np.arange(len(files)),
        np.array(numbers, np.int64),
        {},
    )


def _names_of(order: object) -> list[str]:
    words = order if isinstance(order, (tuple, list)) else str(order).split(",")
    names = [expression_of(str(word)) for word in words]
    if None in names or len(set(names)) < len(names):
        raise UserError(
            f"order is {order!r}; expected 'owners', or the expression of each folder from 0, every one once, such as "
            "order=anger,contempt,disgust,fear,happiness,neutral,sadness,surprise"
        )
    return [name for name in names if name is not None]
