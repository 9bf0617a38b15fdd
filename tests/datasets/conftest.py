"""Tiny data sets written on the fly in the layouts of the real ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

VOTE_HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"

# (usage, name, ten votes), with the traps of the real file: a row without a name, and a name that occurs twice.
FERPLUS_ROWS = [
    ("Training", "fer0000000.png", (8, 2, 0, 0, 0, 0, 0, 0, 0, 0)),
    ("Training", "", (0, 0, 0, 0, 0, 0, 0, 0, 0, 10)),
    ("Training", "fer0000001.png", (0, 9, 1, 0, 0, 0, 0, 0, 0, 0)),
    ("Training", "fer0000002.png", (0, 0, 0, 0, 0, 0, 0, 9, 1, 0)),
    ("Training", "fer0000003.png", (5, 0, 0, 5, 0, 0, 0, 0, 0, 0)),
    ("Training", "fer0000004.png", (0, 0, 0, 0, 0, 0, 2, 0, 8, 0)),
    ("Training", "fer0000000.png", (0, 0, 0, 0, 0, 0, 0, 0, 0, 10)),
    ("Training", "fer0000005.png", (1, 1, 1, 0, 0, 0, 7, 0, 0, 0)),
    ("PublicTest", "fer0000006.png", (0, 0, 10, 0, 0, 0, 0, 0, 0, 0)),
    ("PrivateTest", "fer0000007.png", (0, 0, 0, 0, 10, 0, 0, 0, 0, 0)),
]
FER2013_EMOTIONS = [6, 0, 3, 1, 4, 2, 5, 2, 5, 0]


def make_face(value: int, size: int = 48) -> np.ndarray:
    return ((np.arange(size * size).reshape(size, size) // size + value) % 256).astype(np.uint8)


def save_image(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def face() -> Callable[..., np.ndarray]:
    """``face(value, size=48)``: a picture that can be told from others, a ramp that starts at ``value``."""
    return make_face


@pytest.fixture
def save() -> Callable[[Path, np.ndarray], Path]:
    """``save(path, pixels)`` writes an image file and makes the folders it needs."""
    return save_image


@pytest.fixture
def ferplus_rows() -> list:
    return FERPLUS_ROWS


@pytest.fixture
def ferplus_folder(tmp_path: Path) -> Path:
    """FERPlus's folders: 6 + 1 + 1 pictures."""
    root = tmp_path / "ferplus"
    folders = {"Training": "FER2013Train", "PublicTest": "FER2013Valid", "PrivateTest": "FER2013Test"}
    lines: dict[str, list[str]] = {folder: [] for folder in folders.values()}
    seen = set()
    for row, (usage, name, votes) in enumerate(FERPLUS_ROWS):
        if name and name not in seen:
            seen.add(name)
            save_image(root / folders[usage] / name, make_face(10 * row))
            lines[folders[usage]].append(f'{name},"(0, 0, 48, 48)",{",".join(map(str, votes))}')
    for folder, rows in lines.items():
        (root / folder / "label.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def ferplus_csv(tmp_path: Path) -> Path:
    """fer2013.csv and fer2013new.csv with the same pictures, row by row."""
    root = tmp_path / "csv"
    root.mkdir()
    pixels = ["emotion,pixels,Usage"]
    votes = [VOTE_HEADER]
    for row, (usage, name, counts) in enumerate(FERPLUS_ROWS):
        pixels.append(f"{FER2013_EMOTIONS[row]},{' '.join(map(str, make_face(10 * row).ravel()))},{usage}")
        votes.append(f"{usage},{name},{','.join(map(str, counts))}")
    (root / "fer2013.csv").write_text("\n".join(pixels) + "\n")
    (root / "fer2013new.csv").write_text("\n".join(votes) + "\n")
    return root


@pytest.fixture
def class_folder(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes ``count`` pictures into each of the folders named."""

    def write(*names: str, count: int = 3, size: int = 48) -> Path:
        root = tmp_path / "classes"
        for position, name in enumerate(names):
            for number in range(count):
                save_image(root / name / f"{number}.png", make_face(40 * position + number, size))
        return root

    return write
