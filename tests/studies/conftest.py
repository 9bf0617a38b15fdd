"""Noise in the place of photographs, in the layouts of FERPlus and of the London set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

VOTES = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder with ``ferplus/`` (28 pictures a split) and ``london/`` (two people)."""
    root = tmp_path / "photographs"
    draw = np.random.default_rng(0)
    pixels, votes = ["emotion,pixels,Usage"], [VOTES]
    for row in range(84):
        usage = ("Training", "PublicTest", "PrivateTest")[row // 28]
        pixels.append(f"{row % 7},{' '.join(map(str, draw.integers(0, 256, 48 * 48)))},{usage}")
        counts = 8 * np.eye(10, dtype=int)[row % 7] + 2 * np.eye(10, dtype=int)[(row + 1) % 7]
        votes.append(f"{usage},fer{row:07d}.png,{','.join(map(str, counts))}")
    (root / "ferplus").mkdir(parents=True)
    (root / "ferplus/fer2013.csv").write_text("\n".join(pixels) + "\n")
    (root / "ferplus/fer2013new.csv").write_text("\n".join(votes) + "\n")
    points = []
    for person in ("001", "017"):
        for expression in ("neutral", "smiling"):
            (root / "london" / expression).mkdir(parents=True, exist_ok=True)
            noise = Image.fromarray(draw.integers(0, 256, (384, 384, 3), np.uint8))
            noise.save(root / "london" / expression / f"{person}.jpg")
        points += [(person, point, 160 + 64 * (point == 1) + point // 8, 170 + point // 8) for point in range(189)]
    table = pd.DataFrame(points, columns=["face_id", "point", "x", "y"])
    table.to_csv(root / "london/landmarks_neutral.csv", index=False)
    return root
