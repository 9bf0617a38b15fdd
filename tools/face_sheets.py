"""Draw what each parameter of a face does: a strip of five pictures, in which it alone is changed.

python tools/face_sheets.py
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from fer_tutorial.faces import DEGRADATION, LIGHT, POSE, SCENE, TRAITS, FaceParameters, face_parameters, render
from fer_tutorial.faces.camera import CENTER_Y
from fer_tutorial.vocabulary import ACTION_UNITS

SHEETS = Path(__file__).resolve().parent.parent / "book" / "_static" / "face_sheets"
INDEX = SHEETS / "strips.json"
SIZE = 64  # pixels
QUALITY = 62  # of WebP
PERSON = 159  # a young woman; nothing of hers hides what is to be seen
TABLES: dict[str, dict[str, str]] = {
    "action_units": {str(unit): name for unit, name in ACTION_UNITS.items()},
    "traits": TRAITS,
    "pose": POSE,
    "light": LIGHT,
    "scene": SCENE,
    "degradation": DEGRADATION,
}
PLAIN = {"hair": 1, "fringe": 0, "receding": 0, "glasses": 0, "lens_dark": 0, "makeup": 0, "freckles": 0}
BARE = {"beard": 0, "moustache": 0, "goatee": 0, "stubble": 0, "hair_length": 0.2, "hair_volume": 0.4}
# What must be there for a parameter to be seen.
NEEDED = {
    "lens_": {"glasses": 1.0},
    "parting": {"fringe": 0.8},
    "curl": {"hair_length": 0.5, "hair_volume": 1.0},
    "clutter_": {"clutter": 1.0},
    "bar_": {"bar": 1.0, "bar_y": 0.3, "bar_width": 0.12},
    "hand_": {"hand": 1.0, "hand_y": 0.6, "hand_angle": 1.57},
    "bar": {"bar_y": 0.3, "bar_width": 0.12},
    "hand": {"hand_y": 0.6, "hand_angle": 1.57},
}
# Least and greatest value of what runs neither from 0 to 1 nor like a standard normal number.
RANGES = {
    "yaw": (-40, 40), "pitch": (-24, 24), "roll": (-24, 24), "span": (1.6, 3.2), "shift_x": (-0.1, 0.1),
    "shift_y": (-0.1, 0.1), "gaze_x": (-0.4, 0.4), "gaze_y": (-0.3, 0.3), "azimuth": (-80, 80), "elevation": (-40, 80),
    "key": (0.2, 1.4), "ambient": (0.05, 0.9), "warmth": (-1, 1), "clutter_a": (0, 4), "clutter_b": (0, 4),
    "clutter_c": (0, 4), "bar_x": (-0.8, 0.2), "bar_y": (-0.3, 0.9), "bar_angle": (0, 1.6), "bar_width": (0.05, 0.25),
    "hand_x": (-0.5, 0.5), "hand_y": (0.2, 1.0), "hand_angle": (0.8, 2.4), "exposure": (0.6, 1.4),
    "contrast": (0.6, 1.4), "blur": (0, 0.04), "noise": (0, 0.1),
}  # fmt: skip
# How wide the picture is, and the height of the face in its middle, for what is small or lies outside the face.
UPPER, MIDDLE, LOWER = (1.3, -0.05), (1.3, 0.2), (1.3, 0.6)
UNITS = dict.fromkeys(["1", "2", "4", "5", "6", "7", "43"], UPPER) | {"9": MIDDLE, "10": MIDDLE, "26": (1.7, 0.5)}
CLOSE = {
    ("eye_", "lid_", "epi", "iris", "brow_", "gaze_", "makeup"): UPPER,
    ("nose_",): (1.1, 0.25),
    ("mouth_", "upper_", "lower_", "lip_"): (1.1, 0.55),
    ("hair", "receding", "forehead", "fringe", "parting", "curl"): (2.6, 0.05),
    ("cloth_",): (3.2, 0.6),
}


@dataclass(frozen=True)
class Strip:
    """A parameter with the five values that its pictures have."""

    table: str
    name: str
    values: tuple[float, ...]

    @property
    def path(self) -> Path:
        return SHEETS / self.table / f"{self.name}.webp"

    @property
    def alt(self) -> str:
        what = f"action unit {self.name}" if self.table == "action_units" else self.name
        return f"Five pictures of a face, in which {what} is {', '.join(f'{value:g}' for value in self.values)}"


def strips() -> Iterator[Strip]:
    for table, meanings in TABLES.items():
        for name, meaning in meanings.items():
            yield Strip(table, name, _values(table, name, meaning))


def _values(table: str, name: str, meaning: str) -> tuple[float, ...]:
    if table == "action_units":
        return (0, 1, 2, 3.5, 5)
    if name in RANGES:
        low, high = RANGES[name]
    elif meaning.startswith("z"):
        low, high = -2, 2
    else:
        low, high = 0, 1
    return tuple(round(low + (high - low) * step / 4, 4) for step in range(5))


def parameters(strip: Strip) -> FaceParameters:
    """Five faces that differ in one number."""
    face = face_parameters({}, PERSON, span=2.1)
    changes: dict[str, dict[str, float]] = {"traits": {**PLAIN, **BARE}, "pose": _view(strip)}
    for beginning, needed in NEEDED.items():
        if strip.name == beginning or (beginning.endswith("_") and strip.name.startswith(beginning)):
            changes[strip.table] = changes.get(strip.table, {}) | needed
    for table, values in changes.items():
        for name, value in values.items():
            getattr(face, table)[0, list(TABLES[table]).index(name)] = value
    five = face.map(lambda value: value.expand(5, *value.shape[1:]).clone())
    getattr(five, strip.table)[:, list(TABLES[strip.table]).index(strip.name)] = torch.tensor(strip.values)
    return five


def _view(strip: Strip) -> dict[str, float]:
    close = [view for beginnings, view in CLOSE.items() if strip.name.startswith(beginnings)]
    if strip.table == "action_units":
        close = [UNITS.get(strip.name, LOWER)]
    if not close:
        return {}
    span, height = close[0]
    return {"span": span, "shift_y": (CENTER_Y - height) / span}


def draw(strip: Strip) -> Tensor:
    """(SIZE, 5 * SIZE, 3), 8 bits."""
    with torch.no_grad():
        images, _ = render(parameters(strip), SIZE)
    return (images * 255).round().to(torch.uint8).permute(2, 0, 3, 1).flatten(1, 2)  # (5, 3, S, S) -> (S, 5 S, 3)


def index() -> dict[str, list[dict[str, object]]]:
    """What the strips show, table by table, for the page that has them."""
    found: dict[str, list[dict[str, object]]] = {table: [] for table in TABLES}
    for strip in strips():
        meaning = TABLES[strip.table][strip.name]
        found[strip.table].append({"name": strip.name, "meaning": meaning, "values": strip.values, "alt": strip.alt})
    return found


def main() -> None:
    shutil.rmtree(SHEETS, ignore_errors=True)
    for strip in strips():
        strip.path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw(strip).numpy()).save(strip.path, quality=QUALITY, method=6)
    INDEX.write_text(json.dumps(index(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
