"""The Face Research Lab London Set: the same people neutral and smiling, with hand-placed landmarks.

Two layouts are read.  *Official* (DeBruine & Jones 2017): folders whose names contain ``neutral`` and ``smiling``, 1350
pixel JPEGs ``001_03.jpg`` and, beside them, Psychomorph templates ``001_03.tem``.  *Small*: ``neutral/001.jpg``,
``smiling/001.jpg`` and ``landmarks_neutral.csv`` with columns face_id, point, x, y in pixels of these images.

The templates have 189 points of their own scheme.  Only some of them are iBUG points, so ``FaceData.landmarks`` stays
empty and :func:`london_landmarks` gives the points as they are; here they say where the eyes are, for the crop.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from fer_tutorial.datasets.images import IMAGE_SUFFIXES, check_size, open_image_file, stack_pixels, to_pixels
from fer_tutorial.datasets.places import visible
from fer_tutorial.datasets.source import Source, check_split, existing_root, reason
from fer_tutorial.errors import UserError
from fer_tutorial.vocabulary import EXPRESSIONS

EXPECTED = "a folder with neutral and smiling pictures and their .tem templates, or landmarks_neutral.csv"
NUM_POINTS = 189
# Points 0 and 1 of a template are the centers of the two pupils.
PUPILS = [0, 1]
# The square crop, in distances between the pupils: its width, and how far above the eyes it begins.  Chosen so that
# eyes and mouth come to lie about where FER2013's average face has them.
CROP_WIDTH, CROP_ABOVE = 3.2, 1.28
FOLDER_WORDS = {"neutral": "neutral", "smiling": "happiness"}
# What people said of themselves: tables by name, and an attribute's names for their columns.
PEOPLE_TABLES = ("people.csv", "london_faces_info.csv")
ATTRIBUTES = {
    "age": ("age", "face_age"),
    "gender": ("gender", "face_gender", "face_sex"),
    "ethnicity": ("ethnicity", "face_eth"),
}
UNKNOWN = ("",) * len(ATTRIBUTES)


def open_london(
    root: str | Path | None, split: str = "test", size: int = 48, channels: int = 3, num_classes: int = 7
) -> Source:
    """Neutral faces (label 0) and smiling ones (label 1, happiness), cropped to the face; a set for testing only.

    The labels are the first two of EXPRESSIONS, so they mean the same to a network with seven or eight classes.
    ``subjects`` are the numbers of the people.  A picture without points of its own (in the small layout, the smiling
    ones) is cropped where the eyes of the same person's neutral picture are found in it (:func:`find_shift`).
    ``groups`` are age (in decades), gender and ethnicity as the people reported them, where their table is there.
    ``index`` is the position in the list of all pictures, neutral ones first.

    Raises:
        UserError: a split other than "test", missing files, templates or tables that cannot be read.
    """
    check_size(size, channels)
    if split in ("train", "valid"):
        raise UserError(
            f"the London set is too small to have a split {split!r}; expected split='test', which is all of it"
        )
    check_split("london", split, ("test",))
    path = existing_root("london", root, EXPECTED)
    pictures = _pictures(path)
    points = london_landmarks(path)
    people = sorted({person for _, person in pictures})
    without = [person for person in people if ("neutral", person) not in points]
    if without:
        raise UserError(f"{path} has no landmarks for the neutral picture of {without[0]}; expected {EXPECTED}")

    keys = list(pictures)
    about = _people(path)
    people_known = {} if about is None else {"groups": np.array([about.get(int(p), UNKNOWN) for _, p in keys])}

    def picture(row: int) -> np.ndarray:
        expression, person = keys[row]
        file = pictures[expression, person]
        image = open_image_file(file)
        pupils = points.get((expression, person))
        if pupils is None:
            neutral = open_image_file(pictures["neutral", person])
            if image.size != neutral.size:
                raise UserError(
                    f"{file} is {image.width}×{image.height} pixels and the neutral picture of {person} is "
                    f"{neutral.width}×{neutral.height}; expected one size, for the points are those of the neutral one"
                )
            pupils = points["neutral", person][PUPILS]
            _crop_box(pupils, neutral, pictures["neutral", person])  # refuses points outside the picture
            pupils = pupils + find_shift(neutral, image, pupils)
        return to_pixels(image, size, channels, _crop_box(pupils[PUPILS], image, file))

    def read(start: int, stop: int) -> np.ndarray:
        return stack_pixels(picture, start, stop, (size, size, channels))

    return Source(
        "london",
        split,
        EXPRESSIONS[:2],
        {
            "labels": np.array([int(expression == "smiling") for expression, _ in keys], np.int64),
            "index": np.arange(len(keys)),
            "subjects": np.array([int(person) for _, person in keys], np.int64),
            "keys": np.array([f"{expression}/{person}" for expression, person in keys]),
            **people_known,
        },
        (size, size, channels),
        read,
        group_names=tuple(ATTRIBUTES) if people_known else (),
        provenance={"root": str(path.resolve()), "crop": f"{CROP_WIDTH} pupil distances"},
    )


def london_landmarks(root: str | Path) -> dict[tuple[str, str], np.ndarray]:
    """The (189, 2) template points (x, y), in pixels of the original picture, by expression folder and person.

    Keys are like ``("neutral", "001")``; only pictures that have points are in it.

    Raises:
        UserError: a template or table that is damaged or has not 189 points.
    """
    path = existing_root("london", root, EXPECTED)
    points = {}
    for (expression, person), file in _pictures(path).items():
        template = file.with_suffix(".tem")
        if template.is_file():
            points[expression, person] = read_tem(template)
    for expression in FOLDER_WORDS:
        table = path / f"landmarks_{expression}.csv"
        if table.is_file():
            points |= {(expression, person): value for person, value in _read_points_csv(table).items()}
    return points


def read_tem(file: str | Path) -> np.ndarray:
    """The points (P, 2) of a Psychomorph or WebMorph template: their number on the first line, then x and y each.

    Raises:
        UserError: the first line is no number, or there are fewer points than it says.
    """
    try:
        text = Path(file).read_text(errors="replace")
    except OSError as error:
        raise UserError(
            f"{file} cannot be read ({error.strerror}); expected a template of {NUM_POINTS} points"
        ) from None
    lines = [line.split() for line in text.splitlines()]
    lines = [line for line in lines if line and not line[0].startswith("#")]
    try:
        count = int(lines[0][0])
        points = np.array([[float(value) for value in line] for line in lines[1 : count + 1]])
    except (IndexError, ValueError):
        raise UserError(f"{file} is no template: expected the number of points, then x and y on a line each") from None
    if points.shape != (NUM_POINTS, 2):
        raise UserError(f"{file} has points of shape {points.shape}; expected {NUM_POINTS} points x, y")
    _check_points(points, file)
    return points


def _check_points(points: np.ndarray, where: object) -> None:
    if not np.isfinite(points).all() or (points[PUPILS[0]] == points[PUPILS[1]]).all():
        raise UserError(f"{where} has points that are no numbers, or both pupils at one place; expected pixels x, y")


def find_shift(neutral: Image.Image, other: Image.Image, pupils: np.ndarray) -> np.ndarray:
    """How far (x, y) the eyes moved between two pictures of one person, in pixels.

    The strip around the eyes, cut from the ``neutral`` picture, is laid over ``other`` at every offset up to 0.8 pupil
    distances; the one with the highest normalized cross-correlation

        NCC(s) = Σ_p (t_p − mean t)(o_{p+s} − mean o) / (|t − mean t| |o − mean o|)

    wins, with t the strip's pixels and o those of ``other`` under it.  Only a shift is looked for: heads of the set are
    upright and photographed from one distance.
    """
    distance = float(np.linalg.norm(pupils[1] - pupils[0]))
    scale = 24 / distance  # at 24 pixels from pupil to pupil the search is quick and good to half a pixel there
    first, second = (_gray(image, scale) for image in (neutral, other))
    x, y = (pupils.mean(axis=0) * scale).round().astype(int)
    half_width, half_height, reach = 24, 10, 19
    strip = first[y - half_height : y + half_height, x - half_width : x + half_width]
    area = second[
        max(0, y - half_height - reach) : y + half_height + reach,
        max(0, x - half_width - reach) : x + half_width + reach,
    ]
    strip = strip - strip.mean()
    windows = np.lib.stride_tricks.sliding_window_view(area, strip.shape)  # (H, W) -> (H-h+1, W-w+1, h, w)
    # Subtracting the mean of o too would change nothing: that of t is zero already.
    score = np.einsum("abhw,hw->ab", windows, strip) / np.maximum(windows.std(axis=(2, 3)), 1e-6)
    row, column = divmod(int(score.argmax()), score.shape[1])
    found_y = row + max(0, y - half_height - reach) + half_height
    found_x = column + max(0, x - half_width - reach) + half_width
    return np.array([found_x - x, found_y - y]) / scale


def _gray(image: Image.Image, scale: float) -> np.ndarray:
    size = (round(image.width * scale), round(image.height * scale))
    return np.asarray(image.convert("L").resize(size, Image.Resampling.BILINEAR), np.float32) / 255


def _crop_box(pupils: np.ndarray, image: Image.Image, file: Path) -> tuple[float, float, float, float]:
    distance = float(np.linalg.norm(pupils[1] - pupils[0]))
    side = CROP_WIDTH * distance
    left = pupils[:, 0].mean() - side / 2
    top = pupils[:, 1].mean() - CROP_ABOVE * distance
    if not (left >= 0 and left + side <= image.width and top >= 0 and top + side <= image.height):
        raise UserError(
            f"the face in {file} reaches beyond the picture ({image.width}×{image.height}); expected landmarks in "
            "pixels of this very picture, so check that it was not resized without them"
        )
    return left, top, left + side, top + side


def _pictures(path: Path) -> dict[tuple[str, str], Path]:
    """Files by (folder word, person), all neutral ones first; a person is the digits a file name begins with."""
    if not path.is_dir():
        raise UserError(f"{path} is a file; expected {EXPECTED}")
    pictures: dict[tuple[str, str], Path] = {}
    for word in FOLDER_WORDS:
        folders = [child for child in visible(path) if child.is_dir() and _is_folder(child.name, word)]
        if not folders:
            found = ", ".join(sorted(child.name for child in visible(path))[:8]) or "nothing"
            raise UserError(f"{path} has no folder of {word} pictures; expected {EXPECTED}; found {found}")
        if len(folders) > 1:
            names = " and ".join(folder.name for folder in folders)
            raise UserError(f"{path} has {names}, both of {word} pictures; expected one of them")
        for entry in visible(folders[0]):
            file = Path(str(entry))
            if file.suffix.lower() in IMAGE_SUFFIXES:
                person = file.stem.split("_")[0]
                if not (person.isascii() and person.isdecimal()):
                    raise UserError(f"{file} begins with no person's number; expected names like 001.jpg or 001_03.jpg")
                if (word, person) in pictures:
                    raise UserError(
                        f"{file} and {pictures[word, person].name} are both of person {person}; expected one"
                    )
                pictures[word, person] = file
    for word, person in pictures:
        if ("neutral", person) not in pictures:
            raise UserError(f"{path} has a {word} picture of {person} but no neutral one; expected both")
    if not pictures:
        raise UserError(f"{path} has neutral and smiling folders without a picture; expected {EXPECTED}")
    return pictures


def _is_folder(name: str, word: str) -> bool:
    # The official archive also has profile views, in folders such as neutral_left; only frontal ones are read.
    return name.lower() in (word, f"{word}_front")


def _people(path: Path) -> dict[int, tuple[str, ...]] | None:
    """Each person's attributes, from the first table that is there; "" for what it does not say."""
    file = next((path / name for name in PEOPLE_TABLES if (path / name).is_file()), None)
    if file is None:
        return None
    table = _read_table(file, "face_id")
    columns = {name: next((c for c in names if c in table), None) for name, names in ATTRIBUTES.items()}
    found = {}
    for row in table.to_dict("records"):
        person = re.match(r"\D*(\d+)", str(row["face_id"]))
        if person is None:
            raise UserError(f"{file} has {row['face_id']!r} as face_id; expected a person's number, such as 001")
        said = {name: str(row[column]).strip() if column else "" for name, column in columns.items()}
        said = {name: "" if value.lower() in ("", "na", "nan") else value for name, value in said.items()}
        found[int(person[1])] = (_decade(said.pop("age")), *(value.replace("_", " ") for value in said.values()))
    return found


def _decade(age: str) -> str:
    """
    >>> _decade("38"), _decade("19.5"), _decade("?")
    ('30 to 39', '10 to 19', '')
    """
    try:
        first = int(float(age)) // 10 * 10
    except (ValueError, OverflowError):
        return ""
    return f"{first} to {first + 9}"


def _read_table(file: Path, *needed: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, dtype=str, encoding="utf-8-sig", skipinitialspace=True, keep_default_na=False)
    except (OSError, UnicodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise UserError(
            f"{file} cannot be read as a table ({reason(error)}); expected columns {_listed(needed)}"
        ) from None
    missing = [column for column in needed if column not in table]
    if missing:
        raise UserError(f"{file} lacks the columns {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")
    return table


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _read_points_csv(file: Path) -> dict[str, np.ndarray]:
    table = _read_table(file, "face_id", "point", "x", "y")
    table["point"] = pd.to_numeric(table["point"], errors="coerce")
    points = {}
    for person, rows in table.groupby("face_id"):
        rows = rows.sort_values("point")
        if rows["point"].tolist() != list(range(NUM_POINTS)):
            raise UserError(f"{file} has {len(rows)} points for {person}; expected points 0 to {NUM_POINTS - 1}")
        points[str(person)] = rows[["x", "y"]].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
        _check_points(points[str(person)], f"{file}, person {person},")
    return points
