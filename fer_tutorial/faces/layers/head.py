"""The head over what is behind it: painted as a picture of its own, which is cut out along the head's outline."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import over
from fer_tutorial.faces.face import Face
from fer_tutorial.faces.layers import beard, brows, eyes, hair, lashes, lids, lips, mouth, nostrils, shading, skin

# Up to the shading, layers give the color under white light; after it they bring their own light.
ON_THE_SKIN = (beard, lips, nostrils, lids, brows, shading, mouth, eyes, lashes, hair)


def paint(canvas: Canvas, face: Face, image: Tensor) -> Tensor:
    head = skin.paint(canvas, face)
    for layer in ON_THE_SKIN:
        head = layer.paint(canvas, face, head)
    rim = 1 - 0.35 * torch.sigmoid((0.02 - face.point.inside) / 0.02)
    return over(image, head * rim[:, None], face.outline)
