"""What the labels of a list mean: names of expressions, or whatever the option ``expressions`` explains."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fer_tutorial.datasets.expression_names import NUMBERS_DIFFER, advice_for, expression_of
from fer_tutorial.datasets.list_files import NAMED_AT_MOST, file_below, pairs_of
from fer_tutorial.datasets.text_tables import read_rows
from fer_tutorial.errors import UserError

HOW_TO_MAP = (
    "expressions=1:surprise,2:fear,3:disgust (or expressions=FILE, a file with a label and its expression in a line)"
)


def meaning_of(expressions: str | Mapping[Any, str], folder: Path) -> dict[str, str]:
    """What each label means: expressions by labels as :func:`plain_label` writes them."""
    if isinstance(expressions, str) and ":" not in expressions:
        pairs = _meaning_of_file(file_below(folder, expressions, "expressions"))
    else:
        pairs = pairs_of(expressions, "expressions", HOW_TO_MAP)
    mapping: dict[str, str] = {}
    for label, name in pairs.items():
        expression = expression_of(name)
        if expression is None:
            raise UserError(f"expressions says that {label} is {name!r}, which is no expression; {advice_for(name)}")
        if mapping.setdefault(plain_label(label), expression) != expression:
            raise UserError(f"expressions says twice what {plain_label(label)} is; expected it once")
    return mapping


def _meaning_of_file(file: Path) -> dict[str, str]:
    """A label and an expression in every line, in either order, with or without a head."""
    lines = read_rows(file)
    if len(lines[0]) != 2:
        raise UserError(f"{file} has {len(lines[0])} fields in every line; expected two, a label and its expression")
    column = 0 if sum(bool(expression_of(line[0])) for line in lines) > len(lines) / 2 else 1
    if len(lines) > 1 and expression_of(lines[0][column]) is None:
        lines = lines[1:]
    pairs: dict[str, str] = {}
    for line in lines:
        label, name = line[1 - column], line[column]
        if pairs.setdefault(label, name) != name:
            raise UserError(f"{file} says twice what {label} is; expected it once")
    return pairs


def plain_label(label: str) -> str:
    """A label without what programs add to it: ``3.0`` and ``03`` are ``3``, and capitals do not matter.

    >>> [plain_label(label) for label in ("3.0", "03", " Happy ", "-1", "1e0")]
    ['3', '3', 'happy', '-1', '1']
    """
    label = label.strip().lower()
    if re.fullmatch(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", label) and float(label).is_integer():
        return str(int(float(label)))
    return label


def with_expressions(
    where: Path, rows: pd.DataFrame, mapping: dict[str, str] | None, left_out: dict[str, int]
) -> pd.DataFrame:
    plain = rows.pop("label").map(plain_label)
    counts = Counter(plain)
    if mapping is None:
        strange = sorted(label for label in counts if expression_of(label) is None)
        numbers = [label for label in strange if re.fullmatch(r"-?\d+", label)]
        if numbers:
            raise UserError(
                f"{where} has numbers as labels ({some_of(numbers)}), and {NUMBERS_DIFFER}; expected to be told what "
                f"they mean, with {HOW_TO_MAP}"
            )
        if strange:
            raise UserError(
                f"{where} has {sum(counts[label] for label in strange):,} labels that are no expressions "
                f"({some_of(strange)}); {advice_for(strange[0])}; what labels mean can be said with "
                "expressions=happy-1:happiness,sad-1:sadness, and then others are left out"
            )
        rows.insert(2, "expression", plain.map(expression_of))
        return rows
    other = sorted(label for label in counts if label not in mapping)
    if len(other) == len(counts):
        raise UserError(
            f"{where} has the labels {some_of(other)}, none of which expressions explains; it explains "
            f"{some_of(list(mapping))}, so mend it"
        )
    if other:
        named = some_of([f"{label or 'empty'}: {counts[label]:,}" for label in other])
        left_out[f"lines with other labels than those explained ({named})"] = sum(counts[label] for label in other)
    rows.insert(2, "expression", plain.map(mapping))
    return rows[rows["expression"].notna()].copy()


def some_of(names: Sequence[str]) -> str:
    shown = ", ".join(name[:30] or "an empty one" for name in names[:NAMED_AT_MOST])
    return shown + (", and so on" if len(names) > NAMED_AT_MOST else "")
