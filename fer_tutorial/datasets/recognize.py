"""Which data set lies in a folder, by files and folders that no other set has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fer_tutorial.datasets.expression_names import expression_of
from fer_tutorial.datasets.images import IMAGE_SUFFIXES
from fer_tutorial.datasets.list_files import LIST_SUFFIXES
from fer_tutorial.datasets.picture_files import visible_in
from fer_tutorial.datasets.source import existing_root
from fer_tutorial.errors import UserError

DEEPEST = 6
# So many files and folders of a folder are looked at: in one of a hundred thousand pictures all have names alike.
LOOKED_AT = 50
PICTURE = rf"(?:{'|'.join(re.escape(suffix) for suffix in IMAGE_SUFFIXES)})"
POSED = "(?:NE|HA|SU|SA|AN|DI|AF)(?:S|HL|HR|FL|FR)"
# What the path of a file below the folder ends with, in small letters; folders end with a slash.
SIGNS: dict[str, tuple[str, ...]] = {
    "packed": (r"header\.json",),
    "ferplus": (r"fer2013(train|valid|test)(\.zip)?/?", r"fer2013new\.csv"),
    "fer2013": (r"fer2013\.csv(\.zip)?", r"icml_face_data\.csv(\.zip)?", rf"(training|publictest)_\d+{PICTURE}"),
    "london": (r"landmarks_neutral\.csv", r"neutral(_front)?/\d+(_\d+)?\.tem"),
    "rafdb": (r"list_par?tition_label\.txt", r"(train|test)/[1-7]/(train|test)_\d+_aligned\.jpe?g"),
    "affectnet": (r"manually_annotated[^/]*/", r"(train|val)_set/annotations/"),
    "expw": (r"label\.lst",),
    "emotionet": (r"urlswithemotioncat[^/]*\.xlsx",),
    "genki": (r"genki-4k_labels\.txt", r"genki-szsl_labels\.txt", r"files/file\d{4}\.jpe?g"),
    "jaffe": (rf"[a-z]{{2}}\.(an|di|fe|ha|ne|sa|su)\d\.\d+{PICTURE}",),
    "kdef": (rf"[ab][fm]\d\d{POSED.lower()}\.jpe?g",),
    "akdef": (rf"[fm]{POSED.lower()}\.jpe?g",),
    "rafd": (r"rafd\d{3}_\d\d_[a-z]+_[a-z]+_[a-z]+_[a-z]+\.jpe?g",),
    "ckplus": (rf"s\d{{3}}_\d{{3}}_\d{{8}}{PICTURE}", r"ckextended\.csv", r"ck_data\.h5"),
    "oulu_casia": (r"(vl|ni)(_?acropped)?/(strong|weak|dark)/p\d{3}/",),
    "disfa": (r"sn\d{3}_au\d+\.txt",),
    "bp4d": (r"[fm]\d{3}_t\d+_au\d\d\.csv",),
}
# KDEF's archive has AKDEF in it.
GIVES_WAY = {"akdef": "kdef"}


def recognize(root: str | Path | None) -> str:
    """The name of the data set in ``root``.

    Raises:
        UserError: none is recognized, or several are.
    """
    path = existing_root("auto", root, "a folder with a data set")
    found = candidates(path)
    if len(found) > 1:
        raise UserError(
            f"{path} may be {' or '.join(found)}; expected one data set, so give its name, or the folder of one"
        )
    if not found:
        raise UserError(
            f"{path} is like no data set that this package reads; expected the owners' files, unpacked, folders named "
            "after expressions, or pictures with a list of their labels (fer-tutorial datasets lists them)"
        )
    return found[0]


def candidates(path: Path) -> list[str]:
    """Every data set that it may be; folders of expressions and lists alone where it is no other."""
    patterns = {name: re.compile(rf"(?:^|.*/)(?:{'|'.join(signs)})$") for name, signs in SIGNS.items()}
    found: set[str] = set()
    for seen in _paths(path):
        found |= {name for name, pattern in patterns.items() if name not in found and pattern.match(seen)}
    named = [name for name in SIGNS if name in found and GIVES_WAY.get(name) not in found]
    if named or path.is_file():
        return named
    folders, files = visible_in(path)
    inside = [child for folder in folders for child in visible_in(folder)[0]]
    if any(expression_of(folder.name) for folder in (*folders, *inside)):
        return ["folder"]
    return ["list"] if any(file.suffix.lower() in LIST_SUFFIXES for file in files) else []


def _paths(path: Path) -> Iterator[str]:
    """Paths from ``path`` on, in small letters; the first of every folder alone, and folders not far down."""
    if path.is_file():
        yield path.name.lower()
        return
    level = [path]
    for _ in range(DEEPEST):
        below = []
        for folder in level:
            folders, files = visible_in(folder)
            for child in (*folders[:LOOKED_AT], *_some(files)):
                yield child.absolute().as_posix().lower() + ("/" if child in folders else "")
            below += folders[:LOOKED_AT]
        level = below[: LOOKED_AT * LOOKED_AT]


def _some(files: list[Path]) -> list[Path]:
    """The first of each kind."""
    counts: dict[str, int] = {}
    chosen = []
    for file in files:
        counts[file.suffix] = counts.get(file.suffix, 0) + 1
        if counts[file.suffix] <= LOOKED_AT:
            chosen.append(file)
    return chosen
