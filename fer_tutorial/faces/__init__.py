"""Synthetic faces with known ground truth: expression, action units, landmarks, identity, pose, light.

>>> faces = sample_faces(4, seed=0, size=32)
>>> faces.images.shape, faces.landmarks.shape
(torch.Size([4, 3, 32, 32]), torch.Size([4, 68, 2]))
"""

from fer_tutorial.faces.degradation import DEGRADATION
from fer_tutorial.faces.geometry import POSE
from fer_tutorial.faces.identity import AGE_GROUPS, BEARDS, HAIR_STYLES, SEXES, SKIN_TONES, TRAITS
from fer_tutorial.faces.rendering import LIGHT, SCENE
from fer_tutorial.faces.sampling import (
    FaceBatch,
    FaceParameters,
    face_parameters,
    face_with,
    render,
    sample_faces,
    sample_sequences,
)

__all__ = [
    "AGE_GROUPS",
    "BEARDS",
    "DEGRADATION",
    "HAIR_STYLES",
    "LIGHT",
    "POSE",
    "SCENE",
    "SEXES",
    "SKIN_TONES",
    "TRAITS",
    "FaceBatch",
    "FaceParameters",
    "face_parameters",
    "face_with",
    "render",
    "sample_faces",
    "sample_sequences",
]
