"""Everything a picture is made from, as named columns of tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

#: Columns of a light tensor.
LIGHT: dict[str, str] = {
    "azimuth": "degrees, where the main light comes from: 0 the camera, positive the picture's right",
    "elevation": "degrees, positive from above",
    "key": "strength of the main light",
    "ambient": "strength of the light from everywhere",
    "warmth": "-1 bluish .. 1 reddish",
    "gloss": "01, how shiny the skin is",
}
#: Columns of a scene tensor: what surrounds and covers the face.
SCENE: dict[str, str] = {
    "back_red": "01", "back_green": "01", "back_blue": "01",
    "clutter": "01, contrast of the shapes in the background",
    "clutter_a": "phase", "clutter_b": "phase", "clutter_c": "phase",
    "cloth_red": "01", "cloth_green": "01", "cloth_blue": "01",
    "bar": "01, opacity of a dark bar (a sleeve, a microphone) across the picture",
    "bar_x": "face units", "bar_y": "face units", "bar_angle": "radians", "bar_width": "face units",
    "hand": "01, opacity of four fingers laid on the face",
    "hand_x": "face units", "hand_y": "face units", "hand_angle": "radians",
}  # fmt: skip
LIGHT_INDEX = {name: position for position, name in enumerate(LIGHT)}
SCENE_INDEX = {name: position for position, name in enumerate(SCENE)}


@dataclass(frozen=True)
class FaceParameters:
    """Everything a picture is made from; n faces.

    ============ =================== ==========================================================================
    field        shape               columns
    ============ =================== ==========================================================================
    traits       (n, len(TRAITS))    who: ``fer_tutorial.faces.TRAITS``
    action_units (n, A)              intensities 0-5 of the stronger side, in the order of ``ACTION_UNITS``
    asymmetry    (n, A)              -1 only the picture's left .. 0 both .. 1 only the picture's right
    pose         (n, len(POSE))      ``fer_tutorial.faces.POSE``
    light        (n, len(LIGHT))     ``fer_tutorial.faces.LIGHT``
    scene        (n, len(SCENE))     background, clothes, occluders: ``fer_tutorial.faces.SCENE``
    degradation  (n, 7)              ``fer_tutorial.faces.DEGRADATION``
    noise_key    (n,) int64          which sensor noise
    ============ =================== ==========================================================================
    """

    traits: Tensor
    action_units: Tensor
    asymmetry: Tensor
    pose: Tensor
    light: Tensor
    scene: Tensor
    degradation: Tensor
    noise_key: Tensor

    def __len__(self) -> int:
        return len(self.traits)

    def map(self, change: Callable[[Tensor], Tensor]) -> FaceParameters:
        """The same change to every field."""
        return FaceParameters(**{f.name: change(getattr(self, f.name)) for f in fields(self)})

    def __getitem__(self, which: slice | Tensor) -> FaceParameters:
        return self.map(lambda value: value[which])

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> FaceParameters:
        """On another device and, for all but the noise keys, in another dtype."""
        return self.map(lambda v: v.to(device) if v.dtype == torch.int64 else v.to(device, dtype or v.dtype))
