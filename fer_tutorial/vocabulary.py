"""The names everything else agrees on: expressions, action units and the 68 landmarks.

>>> EXPRESSIONS[1], ACTION_UNITS[12]
('happiness', 'lip corner puller')
"""

# FERPlus's column order.  The seven basic expressions come first, so "seven classes" is a prefix of "eight classes".
EXPRESSIONS: tuple[str, ...] = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
)

# FACS action units a synthetic face can show, with Ekman and Friesen's names.  Intensities: 0 (absent) to 5 (E).
ACTION_UNITS: dict[int, str] = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    17: "chin raiser",
    20: "lip stretcher",
    23: "lip tightener",
    24: "lip pressor",
    25: "lips part",
    26: "jaw drop",
    43: "eyes closed",
}

DISFA_ACTION_UNITS: tuple[int, ...] = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
BP4D_ACTION_UNITS: tuple[int, ...] = (6, 10, 12, 14, 17)

# iBUG's 68 landmarks, numbered from 0; "right" and "left" are the pictured person's own.
LANDMARK_GROUPS: dict[str, tuple[int, ...]] = {
    "jaw": tuple(range(17)),
    "right_brow": tuple(range(17, 22)),
    "left_brow": tuple(range(22, 27)),
    "nose_bridge": tuple(range(27, 31)),
    "nose_base": tuple(range(31, 36)),
    "right_eye": tuple(range(36, 42)),
    "left_eye": tuple(range(42, 48)),
    "outer_lips": tuple(range(48, 60)),
    "inner_lips": tuple(range(60, 68)),
}

# Where each landmark goes when the picture is mirrored: point i of the mirrored face is point MIRRORED_LANDMARKS[i].
MIRRORED_LANDMARKS: tuple[int, ...] = (
    *range(16, -1, -1),  # jaw
    *range(26, 16, -1),  # brows
    *range(27, 31),  # nose bridge
    *range(35, 30, -1),  # nose base
    *(45, 44, 43, 42, 47, 46),  # right eye takes the left one's points
    *(39, 38, 37, 36, 41, 40),  # left eye
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),  # outer lips
    *(64, 63, 62, 61, 60, 67, 66, 65),  # inner lips
)
