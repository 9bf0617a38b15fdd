"""Who is in the picture: the traits of a made-up person, a fixed function of the subject's number.

**Balance.**  Sex (2), age group (4) and skin tone (6) are *exactly* balanced and crossed: every 48 consecutive subject
numbers hold each combination once.  The other attributes are drawn independently for each subject:

============== ===============================================================================================
skin tone      six, from very light to very dark (evenly spaced along a palette in the spirit of the Fitzpatrick
               and Monk scales), 1/6 each; undertone varies within a tone
sex            female or male shape cues (jaw, brows, nose, lips, hair, beard), 1/2 each, with overlapping ranges
age group      child, young adult, middle-aged, old, 1/4 each: proportions, wrinkles, sagging, gray hair
hair           bald or shaven, short, medium, long: adults male .20/.50/.20/.10, female .03/.25/.30/.42;
               half of the people who have hair wear a fringe; hairlines recede with age in men
hair color     black, dark brown, brown, blond, red, gray; the darker the skin the more often black (documented in
               ``sample_identity``), gray with age
glasses        1 in 5 adults, 1 in 12 children; 1 in 10 of the glasses are dark
beard          men only, half of them: stubble, moustache, goatee, full beard
eyes           epicanthic folds in 1 of 4 subjects, whatever the skin tone; lid crease, tilt, size vary
============== ===============================================================================================

These are the categories of a drawing program, not of people.  Real sexes, ages and origins overlap far more.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.random_numbers import normal, uniform

#: What each column of an identity tensor means.  "z" is roughly standard normal, "01" runs from 0 to 1.
TRAITS: dict[str, str] = {
    "face_width": "z, width of the head",
    "face_length": "z, length of the face below the eyes",
    "jaw_square": "01, how long the face keeps its width towards the chin",
    "chin_narrow": "01, how pointed the chin is",
    "fullness": "z, flesh on the cheeks",
    "forehead": "z, height of the skull",
    "youth": "01, a child's proportions (large eyes, small nose and jaw)",
    "eye_spacing": "z",
    "eye_width": "z",
    "eye_opening": "z",
    "eye_cant": "z, outer corner higher (positive) or lower",
    "lid_crease": "01, how far the crease lies above the upper lid (0: none visible)",
    "epicanthus": "01, fold over the inner corner of the eye",
    "iris": "01, from dark brown through hazel and green to blue",
    "brow_height": "z",
    "brow_thickness": "z",
    "brow_arch": "z",
    "brow_tilt": "z",
    "brow_density": "01",
    "nose_length": "z",
    "nose_width": "z",
    "nose_projection": "z",
    "mouth_width": "z",
    "mouth_height": "z",
    "upper_lip": "z, thickness",
    "lower_lip": "z, thickness",
    "mouth_rest": "z, corners up (positive) or down when nothing moves",
    "lip_red": "01, color of the lips against the skin; high with lipstick",
    "skin_tone": "01, from very light to very dark",
    "undertone": "z, cool to warm",
    "wrinkles": "01",
    "sagging": "01",
    "fold_rest": "01, depth of the nasolabial folds when nothing moves, whatever the age",
    "eye_bags": "01, the same for bags under the eyes",
    "freckles": "01",
    "hair_red": "hair color, red channel 01",
    "hair_green": "hair color, green channel 01",
    "hair_blue": "hair color, blue channel 01",
    "hair": "01, how much of the scalp is covered (0: bald)",
    "hair_volume": "01, thickness of the hair above the skull",
    "hair_length": "01, from cropped to over the shoulders",
    "hairline": "z, higher (positive) or lower",
    "receding": "01, bays over the temples",
    "fringe": "01, how far hair falls over the forehead",
    "parting": "z, where the fringe parts",
    "curl": "01",
    "stubble": "01",
    "moustache": "01",
    "goatee": "01",
    "beard": "01, on cheeks and jaw",
    "glasses": "01, opacity of the frame",
    "lens_dark": "01",
    "lens_round": "01",
    "makeup": "01, eye liner and shadow",
}

TRAIT_INDEX = {name: position for position, name in enumerate(TRAITS)}

SEXES = ("female", "male")
AGE_GROUPS = ("child", "young adult", "middle-aged", "old")
HAIR_STYLES = ("bald", "short", "medium", "long")
BEARDS = ("none", "stubble", "moustache", "goatee", "full")
SKIN_TONES = 6

_HAIR_COLORS = torch.tensor(
    [
        [0.07, 0.06, 0.06],
        [0.17, 0.11, 0.08],
        [0.33, 0.21, 0.13],
        [0.72, 0.56, 0.34],
        [0.50, 0.22, 0.10],
        [0.66, 0.65, 0.64],
    ],
    dtype=torch.float64,
)  # black, dark brown, brown, blond, red, gray
_HAIR_STYLE_WEIGHTS = torch.tensor([[0.03, 0.25, 0.30, 0.42], [0.20, 0.50, 0.20, 0.10]], dtype=torch.float64)
# Rows: the six skin tones.  Columns: black, dark brown, brown, blond, red (before graying).
_HAIR_COLOR_WEIGHTS = torch.tensor(
    [
        [0.08, 0.22, 0.30, 0.28, 0.12],
        [0.15, 0.30, 0.30, 0.20, 0.05],
        [0.35, 0.35, 0.20, 0.08, 0.02],
        [0.50, 0.35, 0.12, 0.03, 0.00],
        [0.70, 0.25, 0.05, 0.00, 0.00],
        [0.85, 0.13, 0.02, 0.00, 0.00],
    ],
    dtype=torch.float64,
)


def _choose(u: Tensor, weights: Tensor) -> Tensor:
    """The category each uniform number falls into: u (n,), weights (n, K) or (K,) -> int64 (n,)."""
    edges = (weights / weights.sum(-1, keepdim=True)).cumsum(-1)
    return (u[:, None] >= edges).sum(-1).clamp(max=weights.shape[-1] - 1)


def sample_identity(subjects: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The traits of the given subjects and, for people, their attributes.

    Args:
        subjects: int64 (n,), any numbers; the same number is the same person for ever.

    Returns:
        ``(traits, attributes)``: float64 (n, len(TRAITS)) in the order of ``TRAITS``, and int64 (n,) positions in
        ``SEXES``, ``AGE_GROUPS``, ``HAIR_STYLES``, ``BEARDS``, 0-5 for ``skin_tone``, 0 or 1 for ``glasses``.

    >>> traits, attributes = sample_identity(torch.arange(48))
    >>> traits.shape[1] == len(TRAITS), attributes["sex"].sum().item(), attributes["skin_tone"].bincount().tolist()
    (True, 24, [8, 8, 8, 8, 8, 8])
    """
    z = normal(0, "identity normals", subjects, 32, limit=2.0)
    u = uniform(0, "identity uniforms", subjects, 32)
    tone, sex, age = subjects % SKIN_TONES, subjects // SKIN_TONES % 2, subjects // (2 * SKIN_TONES) % 4
    male, child, old = sex.double(), (age == 0).double(), (age == 3).double()
    adult = 1 - child
    years = torch.tensor([0.0, 0.12, 0.45, 0.8], dtype=torch.float64)[age] + 0.2 * u[:, 0]  # 0 young .. 1 old
    masculine = male * adult  # children differ little in shape

    style_weights = _HAIR_STYLE_WEIGHTS[sex].clone()
    style_weights[:, 0] = style_weights[:, 0] * adult
    style = _choose(u[:, 1], style_weights)
    color = _HAIR_COLORS[_choose(u[:, 2], _HAIR_COLOR_WEIGHTS[tone])]
    gray = ((years - 0.45) * 2.2 + 0.25 * z[:, 0]).clamp(0, 1)[:, None]
    color = color * (1 - gray) + _HAIR_COLORS[5] * (0.75 + 0.5 * u[:, 3:4]) * gray
    color = (color * (0.8 + 0.4 * u[:, 4:5])).clamp(0.02, 0.95)
    beard_kind = _choose(u[:, 5], torch.tensor([0.5, 0.15, 0.1, 0.1, 0.15], dtype=torch.float64)) * (masculine > 0)
    glasses = (u[:, 6] < 0.2 * adult + child / 12).long()
    length = torch.tensor([0.0, 0.12, 0.5, 0.9], dtype=torch.float64)[style] + 0.1 * u[:, 7]
    has_hair = (style > 0).double()
    beard_strength = 0.6 + 0.4 * u[:, 8]

    def beard(*kinds: int) -> Tensor:
        return torch.isin(beard_kind, torch.tensor(kinds)).double() * beard_strength

    values = {
        "face_width": z[:, 1] - 0.3 + 0.7 * masculine + 0.4 * child,
        "face_length": z[:, 2] + 0.4 * masculine,
        "jaw_square": (0.28 + 0.20 * z[:, 3] + 0.38 * masculine - 0.15 * child + 0.1 * years).clamp(0, 1),
        "chin_narrow": (0.50 + 0.22 * z[:, 4] - 0.25 * masculine + 0.05 * child).clamp(0, 1),
        "fullness": z[:, 5] + 1.0 * child - 0.3 * masculine - 0.3 * old,
        "forehead": z[:, 6] + 0.8 * child,
        "youth": child * (0.6 + 0.4 * u[:, 9]),
        "eye_spacing": z[:, 7],
        "eye_width": z[:, 8] + 0.4 - 0.8 * masculine,
        "eye_opening": z[:, 9] + 0.4 - 0.8 * masculine - 0.6 * years,
        "eye_cant": z[:, 10] - 0.5 * years,
        "lid_crease": (0.55 + 0.3 * z[:, 11]).clamp(0, 1),
        "epicanthus": (u[:, 10] < 0.25).double() * (0.6 + 0.4 * u[:, 11]),
        "iris": ((u[:, 12] - 0.18 * tone.double()).clamp(0) * 1.1).clamp(0, 1),
        "brow_height": z[:, 12] - 0.5 * masculine + 0.3 * child,
        "brow_thickness": z[:, 13] + 0.9 * masculine - 0.5 * child,
        "brow_arch": z[:, 14] - 0.7 * masculine,
        "brow_tilt": z[:, 15],
        "brow_density": (0.7 + 0.2 * z[:, 16] - 0.25 * child - 0.2 * old).clamp(0.2, 1),
        "nose_length": z[:, 17] + 0.3 * masculine + 0.4 * years,
        "nose_width": z[:, 18] - 0.3 + 0.6 * masculine + 0.3 * years,
        "nose_projection": z[:, 19] + 0.2 * masculine,
        "mouth_width": z[:, 20] + 0.3 * masculine,
        "mouth_height": z[:, 21],
        "upper_lip": z[:, 22] + 0.3 - 0.7 * masculine - 0.8 * (years - 0.3),
        "lower_lip": z[:, 23] + 0.3 - 0.7 * masculine - 0.5 * (years - 0.3),
        "mouth_rest": z[:, 24] - 0.5 * years,
        "lip_red": (0.25 + 0.25 * u[:, 13] + (1 - male) * adult * (u[:, 14] < 0.4).double() * 0.5).clamp(0, 1),
        "skin_tone": ((tone.double() + u[:, 15]) / SKIN_TONES).clamp(0, 1),
        "undertone": z[:, 25],
        "wrinkles": (years * 1.1 - 0.15 + 0.12 * z[:, 26]).clamp(0, 1),
        "sagging": (years * 1.1 - 0.25 + 0.12 * z[:, 27]).clamp(0, 1),
        "fold_rest": u[:, 30] * (1 - 0.7 * child),
        "eye_bags": u[:, 31] * (1 - 0.7 * child),
        "freckles": (u[:, 16] < 0.25).double() * u[:, 17],
        "hair_red": color[:, 0],
        "hair_green": color[:, 1],
        "hair_blue": color[:, 2],
        "hair": has_hair,
        "hair_volume": has_hair * (0.15 + 0.85 * u[:, 18]),
        "hair_length": length * has_hair,
        "hairline": z[:, 28] + 0.4 * male * years,
        "receding": male * (years - 0.25).clamp(0) * (u[:, 19] < 0.6).double() * 1.3,
        "fringe": has_hair * (u[:, 20] < 0.5).double() * (0.3 + 0.7 * u[:, 21]) * (1 - 0.5 * masculine),
        "parting": z[:, 29],
        "curl": (u[:, 22] * 0.6 + 0.12 * tone.double() * u[:, 23]).clamp(0, 1),
        "stubble": ((beard_kind > 0).double() * 0.5 + masculine * 0.25 * u[:, 24]).clamp(0, 1),
        "moustache": beard(2, 3, 4),
        "goatee": beard(3, 4),
        "beard": beard(4),
        "glasses": glasses.double(),
        "lens_dark": glasses * (u[:, 25] < 0.1).double() * (0.6 + 0.4 * u[:, 26]),
        "lens_round": u[:, 27],
        "makeup": (1 - male) * adult * (u[:, 28] < 0.5).double() * u[:, 29],
    }
    traits = torch.stack([values[name] for name in TRAITS], dim=1)  # (n, len(TRAITS))
    attributes = {
        "sex": sex,
        "age_group": age,
        "skin_tone": tone,
        "hair_style": style,
        "glasses": glasses,
        "beard": beard_kind,
    }
    return traits, attributes
