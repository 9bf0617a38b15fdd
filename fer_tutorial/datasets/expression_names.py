"""The names people give to folders of expressions, and what to say of a name that is none of them."""

from __future__ import annotations

import difflib
import re

from fer_tutorial.vocabulary import EXPRESSIONS

SYNONYMS: dict[str, tuple[str, ...]] = {
    "neutral": ("neutral", "neutrality", "calm", "ne"),
    "happiness": ("happiness", "happy", "joy", "joyful", "smile", "smiling", "ha"),
    "surprise": ("surprise", "surprised", "astonished", "su"),
    "sadness": ("sadness", "sad", "sorrow", "sa"),
    "anger": ("anger", "angry", "an"),
    "disgust": ("disgust", "disgusted", "di"),
    "fear": ("fear", "afraid", "fearful", "scared", "fe"),
    "contempt": ("contempt", "contemptuous", "co"),
}
# A shorter name is too easily met by chance to be suggested.
SUGGESTED = [name for names in SYNONYMS.values() for name in names if len(name) > 2]
NUMBERS_DIFFER = (
    "numbers mean different expressions in different data sets (RAF-DB: 1 surprise, 2 fear, 3 disgust, 4 happiness, "
    "5 sadness, 6 anger, 7 neutral; AffectNet: 0 neutral, 1 happiness, 2 sadness, 3 surprise, 4 fear, 5 disgust, "
    "6 anger, 7 contempt)"
)
NUMBERS = f"{NUMBERS_DIFFER}, so rename the folders to the expressions"


def expression_of(folder_name: str) -> str | None:
    """The expression a folder name stands for; capitals, and a number before the name, do not matter.

    >>> expression_of("Happy"), expression_of("04_afraid"), expression_of("cats")
    ('happiness', 'fear', None)
    """
    bare = re.sub(r"^\d+[\s._-]*", "", folder_name.strip().lower())
    return next((expression for expression, names in SYNONYMS.items() if bare in names), None)


def advice_for(folder_name: str) -> str:
    """What to say of a folder that is named after no expression: the name that was meant, if that is plain.

    >>> advice_for("happines")
    "did you mean 'happiness'?"
    >>> advice_for("non-smile")
    'expected one of neutral, happiness, surprise, sadness, anger, disgust, fear, contempt'
    """
    name = folder_name.strip().lower()
    if name.isdecimal():
        return NUMBERS
    close = difflib.get_close_matches(name, SUGGESTED, n=1, cutoff=0.75)
    if close and not is_negation(name):
        return f"did you mean {close[0]!r}?"
    return f"expected one of {', '.join(EXPRESSIONS)}"


def is_negation(name: str) -> bool:
    """Whether a name denies an expression: the expression itself would be its opposite.

    >>> [is_negation(name) for name in ("not_smiling", "unhappy", "smile-no", "surprized", "disgut")]
    [True, True, True, False, False]
    """
    words = re.split(r"[\W_]+", name.lower())
    if {"no", "non", "not", "never", "without", "false", "anti"} & set(words):
        return True
    rest = re.match(r"(?:non|not|no|un|in|dis|anti)[\W_]*(.+)", name.lower())
    return rest is not None and bool(difflib.get_close_matches(rest[1], SUGGESTED, n=1, cutoff=0.75))
