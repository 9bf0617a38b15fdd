"""Draw the picture of the README and the front page: seven expressions on a row of synthetic people.

python tools/cover.py
"""

from pathlib import Path

import numpy as np
from PIL import Image

from fer_tutorial.faces import sample_faces
from fer_tutorial.viz import contact_sheet

COVER = Path(__file__).resolve().parent.parent / "book" / "_static" / "faces.png"
PEOPLE = 4
SIZE = 112  # pixels
CANDIDATES = 100


def main() -> None:
    faces = sample_faces(CANDIDATES, seed=3, size=SIZE, intensity=(4.0, 5.0), mixed=0.0, nuisance=0.15)
    rows = [np.flatnonzero(faces.labels.numpy() == k)[:PEOPLE] for k in range(7)]
    order = np.stack(rows, axis=1).ravel()  # (7, PEOPLE) -> (PEOPLE * 7,): one column an expression
    sheet = contact_sheet(faces.images[order], columns=7, gap=2)
    Image.fromarray(np.round(sheet * 255).astype(np.uint8)).save(COVER, optimize=True)


if __name__ == "__main__":
    main()
