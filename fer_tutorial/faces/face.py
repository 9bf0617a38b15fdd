"""The face that the layers paint: a head with its features found, and its colors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fer_tutorial.faces.canvas import Canvas
from fer_tutorial.faces.colors import linear, palette
from fer_tutorial.faces.features.beard import find_beard
from fer_tutorial.faces.features.brows import Brows, find_brows
from fer_tutorial.faces.features.eyes import Eyes, find_eyes
from fer_tutorial.faces.features.light import Light, find_light
from fer_tutorial.faces.features.mouth import Mouth, find_mouth
from fer_tutorial.faces.features.outline import find_outline
from fer_tutorial.faces.features.strands import find_strands
from fer_tutorial.faces.head import Head
from fer_tutorial.faces.parameters import FaceParameters
from fer_tutorial.faces.shape import Shape

# From very light to very dark, as picture values (seven nodes, six tones between them).
SKIN = (
    (0.97, 0.84, 0.76),
    (0.93, 0.77, 0.67),
    (0.88, 0.69, 0.56),
    (0.80, 0.59, 0.45),
    (0.69, 0.48, 0.35),
    (0.53, 0.36, 0.26),
    (0.37, 0.25, 0.19),
)


@dataclass(frozen=True)
class Face(Head):
    """n faces; ``find_face`` finds one on a canvas."""

    eyes: Eyes
    brows: Brows
    mouth: Mouth
    beard: Tensor  # (n, P), 01
    strands: Tensor  # (n, P), of the hair
    outline: Tensor  # (n, P), 1 on the head
    light: Light
    skin_color: Tensor  # (n, 3, 1), linear light
    hair_color: Tensor


def find_face(canvas: Canvas, shape: Shape, parameters: FaceParameters) -> Face:
    head = Head.on(canvas, shape, parameters)
    eyes, brows, mouth = find_eyes(canvas, head), find_brows(canvas, head), find_mouth(canvas, head)
    warm = head.trait("undertone")
    skin = palette(head.trait("skin_tone"), SKIN) * torch.cat([1 + 0.012 * warm, 1 + 0 * warm, 1 - 0.035 * warm], 1)
    hair = torch.cat([head.trait(f"hair_{channel}") for channel in ("red", "green", "blue")], 1)
    return Face(
        **vars(head),
        eyes=eyes,
        brows=brows,
        mouth=mouth,
        beard=find_beard(canvas, head, mouth),
        strands=find_strands(canvas, head),
        outline=find_outline(canvas, head),
        light=find_light(canvas, head, eyes, brows, mouth),
        skin_color=linear(skin),
        hair_color=linear(hair),
    )
