"""What can be asked of the samplers, and what is answered when it is out of range."""

from __future__ import annotations

from fer_tutorial.errors import UserError
from fer_tutorial.faces.expressions import MAX_INTENSITY
from fer_tutorial.vocabulary import EXPRESSIONS

FRAMING = (1.75, 2.05)  # width of the picture in face units (about 10 cm): brows to chin with some hair


def check_options(
    n: int,
    size: int,
    num_classes: int,
    nuisance: float,
    framing: tuple[float, float],
    intensity: tuple[float, float],
    subjects: tuple[int, int] | None,
    label_noise: float,
    annotators: int,
) -> None:
    if n < 1:
        raise UserError(f"n is {n}; ask for at least one face")
    if not 16 <= size <= 1024:
        raise UserError(f"size is {size}; expected 16 to 1024 pixels")
    if not 2 <= num_classes <= len(EXPRESSIONS):
        raise UserError(
            f"num_classes is {num_classes}; expected 2 to {len(EXPRESSIONS)}: 7 for the basic ones, 8 with contempt"
        )
    if not 0 <= nuisance <= 1:
        raise UserError(f"nuisance is {nuisance}; expected 0 (clean, frontal) to 1 (as hard as it gets)")
    if not 0.5 <= framing[0] <= framing[1] <= 6:
        raise UserError(f"framing is {framing}; expected (low, high) with 0.5 <= low <= high <= 6")
    low, high = intensity
    if not 0 <= low <= high <= MAX_INTENSITY:
        raise UserError(f"intensity is {intensity}; expected (low, high) with 0 <= low <= high <= 5")
    if subjects is not None and not 0 <= subjects[0] < subjects[1]:
        raise UserError(f"subjects is {subjects}; expected (first, end) with 0 <= first < end, such as (0, 500)")
    if not 0 <= label_noise <= 1:
        raise UserError(f"label_noise is {label_noise}; expected a share from 0 to 1")
    if annotators < 0:
        raise UserError(f"annotators is {annotators}; expected 0 (no votes) or a number of people such as 10")
