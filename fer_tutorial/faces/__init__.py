"""Synthetic faces with known ground truth: expression, action units, landmarks, identity, pose, light.

A face is a function of numbers that all have names: who it is (``TRAITS``), which muscles move (action units 0-5), how
the head is turned (``POSE``), where light comes from (``LIGHT``), what surrounds and covers it (``SCENE``) and what the
camera did (``DEGRADATION``).  ``render`` draws it and is differentiable in all of them.

>>> faces = sample_faces(4, seed=0, size=32)
>>> faces.images.shape, faces.landmarks.shape
(torch.Size([4, 3, 32, 32]), torch.Size([4, 68, 2]))

**Variety.**  Sex, age group and six skin tones are exactly balanced and crossed; hair, glasses, beards and the shapes
of eyes, brows, nose, lips, jaw and skull vary (``fer_tutorial.faces.identity`` states every share).  At ``nuisance=1``
half of the heads are turned with a standard deviation of 17 degrees of yaw and 9 of pitch, light comes from any side
in front, 8 % are partly covered by a dark bar and 8 % by fingers, 30 % are gray, half have JPEG-like blocks; all of it
scales with ``nuisance``.

**What it cannot show.**

* *Skin as skin.*  No pores, scars, tears, sweat or reddening with emotion; light does not cast shadows from nose or
  hair, and hair is a texture, not strands that move.
* *What faces do beyond 18 action units.*  No tongue, puffed or sucked-in cheeks, lip biting, speech, jaw thrust or a
  mouth opened wider than AU 26; wrinkles follow the intensity by rule, not by tissue.  Head, gaze and hands do not
  follow the emotion as they do in life.
* *Strongly turned heads.*  Beyond about 35 degrees of yaw or 25 of pitch the nose no longer hides what lies behind it.
* *Individual faces.*  Asymmetric features, disabilities, injuries, facial tattoos, head scarves, hats, masks and much
  of the world's variety are missing; sex and age are a few shape cues of a drawing program.
* *Felt emotion.*  A label here means "shows the action units that raters are taught to call so", nothing else.
* *The prevalence of anything.*  How strong, how mixed and how frequent expressions are is our choice, not measured.
"""

from fer_tutorial.faces.batch import FaceBatch
from fer_tutorial.faces.camera import POSE
from fer_tutorial.faces.degradation import DEGRADATION
from fer_tutorial.faces.identity import AGE_GROUPS, BEARDS, HAIR_STYLES, SEXES, SKIN_TONES, TRAITS
from fer_tutorial.faces.one_face import face_parameters, face_with
from fer_tutorial.faces.parameters import LIGHT, SCENE, FaceParameters
from fer_tutorial.faces.rendering import render
from fer_tutorial.faces.sampling import sample_faces
from fer_tutorial.faces.sequences import sample_sequences

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
