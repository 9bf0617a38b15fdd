"""A batch of labeled faces or sequences, with all that is known about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fer_tutorial.face_data import FaceData
from fer_tutorial.faces.expressions import AU_NAMES
from fer_tutorial.faces.identity import AGE_GROUPS, SEXES, SKIN_TONES
from fer_tutorial.faces.parameters import FaceParameters

# What FaceData says of the people: name -> attribute of an identity, and a word for each of its values.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sex": ("sex", SEXES),
    "age group": ("age_group", AGE_GROUPS),
    "skin tone": ("skin_tone", tuple(f"{tone} of {SKIN_TONES}" for tone in range(1, SKIN_TONES + 1))),  # 1 is lightest
    "glasses": ("glasses", ("without", "with")),
}


@dataclass(frozen=True)
class FaceBatch:
    """n labeled synthetic faces (or sequences of T frames) and all that is known about them.

    ============= ================== ===================================================================================
    field         shape              meaning
    ============= ================== ===================================================================================
    images        (n, 3, S, S)       float32 in [0, 1]; sequences (n, T, 3, S, S)
    labels        (n,)               int64 positions in ``class_names``, with label noise where asked for
    clean_labels  (n,)               the expression that is really shown
    votes         (n, K) or None     how many of the simulated annotators chose each class
    action_units  (n, A)             float32 0-5, in the order of ``ACTION_UNITS``; sequences (n, T, A)
    landmarks     (n, 68, 2)         float32 pixels; sequences (n, T, 68, 2)
    subjects      (n,)               who: the same number is the same person
    identities    dict of (n,)       attributes by name: sex, age_group, skin_tone, hair_style, glasses, beard
    pose          (n, 3)             yaw, pitch, roll in degrees
    level         (n,)               intensity 0-5 drawn for the whole expression
    index         (n,)               the samples' numbers, ``first`` .. ``first + n - 1``
    lengths       (n,) or None       valid frames of each sequence
    parameters    FaceParameters     what ``render`` needs to draw the pictures again (sequences: at the apex)
    ============= ================== ===================================================================================
    """

    images: Tensor
    labels: Tensor
    clean_labels: Tensor
    votes: Tensor | None
    action_units: Tensor
    landmarks: Tensor
    subjects: Tensor
    identities: dict[str, Tensor]
    pose: Tensor
    level: Tensor
    index: Tensor
    parameters: FaceParameters
    class_names: tuple[str, ...]
    lengths: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def to_face_data(self, name: str = "synthetic", split: str = "train") -> FaceData:
        """The form the rest of the package works on: NumPy arrays, pictures as uint8 with channels last."""
        pixels = (
            (self.images * 255).round().to(torch.uint8).movedim(-3, -1).contiguous()
        )  # (..., 3, S, S) -> (..., S, S, 3)

        def array(value: Tensor | None) -> np.ndarray | None:
            return None if value is None else value.cpu().numpy()

        return FaceData(
            name=name,
            split=split,
            images=pixels.cpu().numpy(),
            labels=self.labels.cpu().numpy(),
            class_names=self.class_names,
            index=self.index.cpu().numpy(),
            votes=array(self.votes),
            landmarks=array(self.landmarks),
            action_units=array(self.action_units if self.action_units.ndim == 2 else self.action_units[:, -1]),
            action_unit_names=AU_NAMES,
            groups=np.stack(
                [np.array(words)[self.identities[name].cpu().numpy()] for name, words in GROUPS.values()], axis=1
            ),
            group_names=tuple(GROUPS),
            subjects=self.subjects.cpu().numpy(),
            clean_labels=self.clean_labels.cpu().numpy(),
            lengths=array(self.lengths),
        )
