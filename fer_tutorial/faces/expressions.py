"""From an expression to action units: the usual EMFACS combinations, with the variation people show.

The combinations are those of the FACS investigator's guide as they are commonly tabulated (Ekman, Friesen and Hager
2002; Friesen and Ekman's EMFACS).  How often each variant occurs and how far intensities scatter is *our choice*:
no source gives those numbers for faces in the wild.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fer_tutorial.faces.random_numbers import normal, uniform
from fer_tutorial.vocabulary import ACTION_UNITS, EXPRESSIONS

AU_NAMES = tuple(ACTION_UNITS)
AU_INDEX = {unit: position for position, unit in enumerate(AU_NAMES)}
MAX_INTENSITY = 5.0

#: Variants of each expression: (how often, {action unit: intensity relative to the expression's peak}).
VARIANTS: dict[str, tuple[tuple[float, dict[int, float]], ...]] = {
    "neutral": ((1.0, {}),),
    "happiness": (
        (0.45, {6: 0.8, 12: 1.0, 25: 0.9}),
        (0.20, {6: 0.6, 12: 0.9}),
        (0.20, {6: 1.0, 12: 1.0, 25: 1.0, 26: 0.45, 7: 0.3}),
        (0.15, {12: 0.9, 25: 0.5}),
    ),
    "surprise": (
        (0.50, {1: 0.9, 2: 0.9, 5: 0.8, 25: 0.8, 26: 0.9}),
        (0.25, {1: 1.0, 2: 1.0, 5: 0.7, 25: 0.6, 26: 0.5}),
        (0.15, {1: 0.6, 2: 0.6, 5: 0.9, 25: 0.8, 26: 1.0}),
        (0.10, {1: 1.0, 2: 1.0, 5: 0.8}),
    ),
    "sadness": (
        (0.35, {1: 0.8, 4: 0.6, 15: 0.9, 17: 0.4}),
        (0.25, {1: 0.9, 4: 0.6, 15: 0.5, 43: 0.3}),
        (0.20, {4: 0.5, 15: 0.9, 17: 0.9, 1: 0.4}),
        (0.20, {1: 0.8, 4: 0.8, 6: 0.5, 7: 0.4, 15: 0.7, 20: 0.4, 25: 0.5, 43: 0.3}),
    ),
    "anger": (
        (0.25, {4: 1.0, 5: 0.5, 7: 0.7, 23: 0.8, 17: 0.3}),
        (0.15, {4: 1.0, 7: 0.8, 24: 0.9, 17: 0.5}),
        (0.25, {4: 1.0, 5: 0.5, 7: 0.7, 9: 0.4, 10: 0.7, 25: 1.0, 26: 0.9, 20: 0.4}),
        (0.20, {4: 1.0, 5: 0.4, 7: 0.8, 9: 0.4, 10: 0.8, 20: 0.5, 25: 1.0}),
        (0.15, {4: 0.9, 7: 0.6, 15: 0.2}),
    ),
    "disgust": (
        (0.35, {9: 1.0, 10: 0.6, 4: 0.5, 7: 0.5, 25: 0.3}),
        (0.25, {10: 1.0, 9: 0.5, 17: 0.6, 15: 0.3, 7: 0.3}),
        (0.20, {9: 0.9, 4: 0.6, 7: 0.6, 15: 0.5, 17: 0.6}),
        (0.20, {9: 0.8, 10: 0.9, 25: 0.8, 26: 0.5, 4: 0.5, 7: 0.4}),
    ),
    "fear": (
        (0.30, {1: 0.9, 2: 0.5, 4: 0.7, 5: 0.9, 20: 0.9, 25: 0.8}),
        (0.35, {1: 0.9, 2: 0.5, 4: 0.7, 5: 0.9, 20: 0.7, 25: 0.9, 26: 0.7}),
        (0.20, {1: 1.0, 2: 0.6, 4: 0.7, 5: 0.8, 25: 0.5}),
        (0.15, {1: 0.8, 4: 0.8, 5: 1.0, 7: 0.3, 20: 0.7}),
    ),
    "contempt": (
        (0.50, {14: 1.0}),
        (0.30, {12: 0.5, 14: 0.9}),
        (0.20, {14: 0.9, 10: 0.3, 7: 0.2}),
    ),
}

#: Which votes an expression draws when people disagree, as relative weights (our choice, after the confusions that
#: FERPlus's votes show): surprise with fear, anger with disgust, sadness with neutral, contempt with neutral.
CONFUSIONS: dict[str, dict[str, float]] = {
    "neutral": {"sadness": 2, "anger": 1, "contempt": 1, "happiness": 1},
    "happiness": {"neutral": 2, "surprise": 1, "contempt": 0.5},
    "surprise": {"fear": 2, "neutral": 1, "happiness": 1},
    "sadness": {"neutral": 3, "fear": 1, "anger": 1, "disgust": 0.5},
    "anger": {"neutral": 2, "disgust": 1.5, "sadness": 0.5, "contempt": 0.5},
    "disgust": {"anger": 3, "sadness": 1, "neutral": 1, "contempt": 0.5},
    "fear": {"surprise": 3, "sadness": 1.5, "neutral": 1},
    "contempt": {"neutral": 3, "happiness": 1, "anger": 1, "disgust": 0.5},
}


def _variant_tables() -> tuple[Tensor, Tensor]:
    """(8, V) cumulated weights and (8, V, A) relative intensities, V the largest number of variants."""
    most = max(len(variants) for variants in VARIANTS.values())
    edges = torch.ones(len(EXPRESSIONS), most, dtype=torch.float64)
    intensities = torch.zeros(len(EXPRESSIONS), most, len(AU_NAMES), dtype=torch.float64)
    for row, name in enumerate(EXPRESSIONS):
        total = 0.0
        for column, (weight, units) in enumerate(VARIANTS[name]):
            total += weight
            edges[row, column] = total
            for unit, value in units.items():
                intensities[row, column, AU_INDEX[unit]] = value
    return edges, intensities


_EDGES, _RELATIVE = _variant_tables()


def sample_action_units(
    labels: Tensor, samples: Tensor, seed: int, intensity: tuple[float, float] = (1.0, 5.0), mixed: float = 0.15
) -> tuple[Tensor, Tensor, Tensor]:
    """Action units that show the given expressions, weakly or strongly, purely or mixed with a second one.

    Args:
        labels: int64 (n,), positions in ``EXPRESSIONS``.
        samples: int64 (n,), the samples' numbers, which (with ``seed``) fix all random choices.
        intensity: least and greatest intensity of the expression's strongest action unit, within 0-5.
        mixed: share of samples that show a second expression as well, at a third of the first one's strength.

    Returns:
        ``(action_units, asymmetry, level)``: float64 (n, A) intensities 0-5 of the stronger side in the order of
        ``ACTION_UNITS``; (n, A) in [-1, 1], where 1 means the picture's right side (the person's left) only, -1 the
        other side only, 0 symmetric; and (n,) the intensity that was drawn for the whole expression (0 for neutral).
    """
    n, units = len(labels), len(AU_NAMES)
    u = uniform(seed, "expression", samples, 8)
    jitter = normal(seed, "action unit jitter", samples, units)
    level = intensity[0] + (intensity[1] - intensity[0]) * u[:, 0]

    def pattern(which: Tensor, choice: Tensor) -> Tensor:
        variant = (choice[:, None] >= _EDGES[which]).sum(1).clamp(max=_EDGES.shape[1] - 1)
        return _RELATIVE[which, variant]  # (n, A)

    relative = pattern(labels, u[:, 1])
    other = 1 + (u[:, 2] * (len(EXPRESSIONS) - 2)).long()  # any of happiness .. fear
    second = pattern(other, u[:, 3]) * ((u[:, 4] < mixed) & (labels > 0)).double()[:, None] / 3
    relative = torch.maximum(relative * (1 + 0.2 * jitter).clamp(0.4, 1.6), second)
    values = relative * level[:, None]

    # What faces do besides: slight movements anywhere, lips parted from breathing or talking, lids half closed.
    spare = uniform(seed, "stray action units", samples, units)
    stray = ((spare - 0.85) * 10).clamp(min=0)  # about one in seven, up to 1.5
    values = torch.maximum(values, stray)
    parted = AU_INDEX[25]
    values[:, parted] = torch.maximum(values[:, parted], 2.5 * u[:, 5] * (u[:, 6] < 0.15).double())
    values = values.clamp(0, MAX_INTENSITY)

    asymmetry = 0.12 * normal(seed, "asymmetry", samples, units)
    one_side = torch.where(u[:, 7] < 0.5, -1.0, 1.0) * (0.75 + 0.25 * u[:, 5])
    contempt = (labels == EXPRESSIONS.index("contempt")).double()[:, None]
    unilateral = torch.zeros(units, dtype=torch.float64)
    unilateral[[AU_INDEX[10], AU_INDEX[12], AU_INDEX[14]]] = 1.0
    asymmetry = torch.where(contempt * unilateral > 0, one_side[:, None].expand(n, units), asymmetry)
    return values, asymmetry.clamp(-1, 1), torch.where(labels == 0, 0.0, level)


def sample_votes(
    labels: Tensor, level: Tensor, samples: Tensor, seed: int, annotators: int, num_classes: int
) -> Tensor:
    """What ``annotators`` people would tick: the shown expression, or one it is often confused with.

    The chance to be recognized grows with the expression's intensity, from .55 for a trace to .95 at the peak; a
    neutral face is seen as neutral with .85.  The rest is spread by ``CONFUSIONS``.  Returns float32 (n, K) counts.
    """
    confusion = torch.zeros(len(EXPRESSIONS), len(EXPRESSIONS), dtype=torch.float64)
    for row, name in enumerate(EXPRESSIONS):
        for other, weight in CONFUSIONS[name].items():
            confusion[row, EXPRESSIONS.index(other)] = weight
    confusion = confusion[:num_classes, :num_classes]
    confusion = confusion / confusion.sum(1, keepdim=True).clamp(min=1e-9)
    seen = torch.where(labels == 0, 0.85, 0.55 + 0.4 * (level / MAX_INTENSITY).clamp(0, 1))
    own = torch.nn.functional.one_hot(labels, num_classes).double()
    chances = own * seen[:, None] + confusion[labels] * (1 - seen[:, None])  # (n, K)
    edges = (chances / chances.sum(1, keepdim=True)).cumsum(1)
    ticks = uniform(seed, "votes", samples, annotators)  # (n, annotators)
    chosen = (ticks[:, :, None] >= edges[:, None, :]).sum(2).clamp(max=num_classes - 1)
    return torch.nn.functional.one_hot(chosen, num_classes).sum(1).float()
