"""What lies in a folder, in one screen: which set and form it is, how much of it, and what is not as published."""

from __future__ import annotations

import inspect
import logging
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fer_tutorial.datasets.cards import CARDS
from fer_tutorial.datasets.load import FOLDED_WHOLE, open_source, reader_of, splits_of
from fer_tutorial.datasets.published import PUBLISHED, Published
from fer_tutorial.datasets.recognize import recognize
from fer_tutorial.datasets.source import Source, existing_root, logger
from fer_tutorial.errors import UserError

WIDTH = 100
# Read whole, besides those that folds are made of.
WHOLE = (*FOLDED_WHOLE, "genki", "expw", "emotionet")


def check_folder(name: str | None, root: str | Path | None, **options: Any) -> str:
    """A report on the data set ``name`` (found out unless given) in ``root``, by no more than its tables and names.

    Of each split the first picture is decoded.  Differences from the published counts are warnings that name them;
    what the reader refuses stands in the report as well.

    Raises:
        UserError: nothing at ``root``; without a name, a folder that is like no data set or like several.
    """
    existing_root("check", root, "a folder with a data set")
    said_by = "given" if name else "found by its files"
    name = name or recognize(root)
    if name in ("synthetic", "synthetic_sequences"):
        raise UserError(f"{name} faces are computed, so there is no folder to check; expected the name of another set")
    title = CARDS[name].title if name in CARDS else "a pack, written by fer-tutorial pack"
    lines = [("data set", f"{name}, {said_by}: {title}")]
    if name == "packed":
        return _filled([*lines, ("splits", ", ".join(splits_of(name, root)))])
    with_options = bool(options)
    if "num_classes" not in options and "num_classes" in inspect.signature(reader_of(name)).parameters:
        options["num_classes"] = 8
    sources: dict[str, Source] = {}
    notes: list[str] = []
    warnings: list[str] = []
    with _noted(notes):
        try:
            given = {key: value for key, value in options.items() if key != "num_classes"}
            splits = ("all",) if name in WHOLE else splits_of(name, root, **given)
            for split in splits:
                sources[split] = open_source(name, root, split, **options)
                next(sources[split].chunks())
        except UserError as error:
            warnings.append(str(error))
    forms = {form for source in sources.values() if (form := form_of(source))}
    lines += [("form", form) for form in sorted(forms)]
    for split, source in sources.items():
        lines.append((split, _counts(source)))
        warnings += differences(name, split, source, with_options)
    if sources and not warnings:
        known = [split for split, source in sources.items() if published_of(name, split, source, with_options)]
        lines.append(("right", f"counts as published ({', '.join(known)})" if known else "nothing was refused"))
    lines += [("note", note) for note in dict.fromkeys(notes)]
    return _filled([*lines, *(("WARNING", warning) for warning in warnings)])


def form_of(source: Source) -> str:
    """In which of its forms a set was read."""
    return source.provenance.get("form") or source.provenance.get("layout") or ""


def published_of(name: str, split: str, source: Source, with_options: bool = False) -> Published | None:
    """What is known of the counts of this split in this form; None if nothing is."""
    for each in PUBLISHED.get(name, ()):
        is_form = re.fullmatch(each.form, form_of(source)) if each.form else not with_options
        if each.split == split and is_form:
            return each
    return None


def differences(name: str, split: str, source: Source, with_options: bool = False) -> list[str]:
    """A sentence that names the counts that are not the published ones; none where nothing is known."""
    published = published_of(name, split, source, with_options)
    if published is None:
        return []
    counts = Counter(source.class_names[label] for label in source.table["labels"].tolist())
    if published.by_class is not None:
        pairs = [(word, counts[word], number) for word, number in published.by_class.items()]
        pairs += [(word, counts[word], 0) for word in counts if word not in published.by_class]
    else:
        pairs = [("samples", len(source), published.total)]
    differing = [
        f"{found:,} {word} ({abs(found - number):,} {'missing' if found < number else 'surplus'} of {number:,})"
        for word, found, number in pairs
        if found != number
    ]
    return [f"{split} has other counts than published: {', '.join(differing)}"] if differing else []


def _counts(source: Source) -> str:
    numbers = np.bincount(source.table["labels"], minlength=len(source.class_names))
    classes = ", ".join(f"{word} {count:,}" for word, count in zip(source.class_names, numbers, strict=True) if count)
    people = source.table.get("subjects")
    of_people = "" if people is None else f" of {len(np.unique(people)):,} people"
    return f"{len(source):,} samples{of_people}: {classes}"


def _filled(lines: list[tuple[str, str]]) -> str:
    return "\n".join(
        textwrap.fill(text, WIDTH, initial_indent=f"{word:<10} ", subsequent_indent=" " * 11) for word, text in lines
    )


@contextmanager
def _noted(notes: list[str]) -> Iterator[None]:
    """What readers log goes into the report and nowhere else."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            notes.append(record.getMessage())

    handler = Handler()
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
