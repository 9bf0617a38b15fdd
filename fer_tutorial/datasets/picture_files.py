"""The picture files below a folder, and how a name that somebody wrote down finds its file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from fer_tutorial.datasets.images import IMAGE_SUFFIXES
from fer_tutorial.errors import UserError

LEFT_BEHIND = ("Thumbs.db", "desktop.ini")


def is_image(file: Path | PurePosixPath) -> bool:
    """Whether a file is named like an image.

    >>> is_image(Path("a.JPG")), is_image(Path("a.txt"))
    (True, False)
    """
    return file.suffix.lower() in IMAGE_SUFFIXES


def files_below(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """The visible files below ``folder``, links followed."""
    real = folder.resolve()
    if real in above:
        raise UserError(f"{folder} leads back, by a link, to a folder that contains it; remove the link")
    folders, files = visible_in(folder)
    for child in folders:
        if is_image(child):
            raise UserError(f"{child} is a folder although it is named like an image; rename or remove it")
        yield from files_below(child, (*above, real))
    for child in files:
        if is_image(child) and not child.is_file():
            what = "a link to a place that is not there" if child.is_symlink() else "no ordinary file"
            raise UserError(f"{child} is {what}; expected an image, so mend or remove it")
    yield from files


def visible_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Folders and other things in ``folder``, sorted, without what systems leave behind.

    That is ``._x.png`` (macOS), ``@eaDir`` (Synology), ``.ipynb_checkpoints``, ``__MACOSX``, ``Thumbs.db``.
    """
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"{folder} cannot be opened ({error.strerror}); expected a folder that may be read") from None
    entries = [entry for entry in entries if not entry.name.startswith((".", "@")) and entry.name not in LEFT_BEHIND]
    # os.path.isdir is no error for a link to itself; where there is no link, the scan knows without asking the disk.
    is_folder = [os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir() for entry in entries]
    paired = list(zip(entries, is_folder, strict=True))
    folders = [Path(entry.path) for entry, folder in paired if folder and not entry.name.startswith("__")]
    return folders, [Path(entry.path) for entry, folder in paired if not folder]


class PictureIndex:
    """The pictures below a folder, found by the names that lists give them.

    A name is a path below the folder, or the end of one where no other file ends so; capitals and, if it has no suffix
    of images, the suffix do not matter.  Full paths of pictures elsewhere are taken as they are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._exact: dict[str, Path] = {}
        self._loose: defaultdict[str, list[Path]] = defaultdict(list)
        for file in files_below(folder):
            if is_image(file):
                path = PurePosixPath(file.relative_to(folder).as_posix())
                self._exact[str(path)] = file
                without_suffix = path.with_suffix("")
                for name in {str(path), path.name, str(without_suffix), without_suffix.name}:
                    self._loose[name.lower()].append(file)

    def __len__(self) -> int:
        return len(self._exact)

    @property
    def files(self) -> list[Path]:
        return sorted(self._exact.values())

    def find(self, name: str) -> Path | None:
        """The file that ``name`` means, None if there is none.

        Raises:
            UserError: several files may be meant.
        """
        name = os.path.normpath(name.replace("\\", "/")) if name else ""
        if name in self._exact:
            return self._exact[name]
        if os.path.isabs(name) and is_image(Path(name)) and os.path.isfile(name):
            return Path(name)
        found = self._loose.get(name.lower(), [])
        if len(found) > 1:
            raise UserError(
                f"{name} may be {found[0]} or {found[1]}; expected names of pictures with their folders, or pictures="
                "FOLDER that says which folder is meant"
            )
        return found[0] if found else None

    def key(self, file: Path) -> str:
        """How ``file`` is called for people: its path below the folder."""
        return file.relative_to(self.folder).as_posix() if file.is_relative_to(self.folder) else str(file)


class PathFinder:
    """Finds files by their paths below the first of some folders that has them, capitals ignored.

    Folders are listed once each, when a path leads into them; nothing outside of them is ever found.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = list(folders)
        self._entries: dict[Path, dict[str, Path]] = {}

    def find(self, name: str) -> Path | None:
        """The file at the path ``name``, with ``/`` or ``\\`` between its parts; None if there is none."""
        parts = name.replace("\\", "/").split("/")
        if not name or ".." in parts:
            return None
        for folder in self.folders:
            place: Path | None = folder
            for part in parts:
                place = None if place is None else self._inside(place).get(part.lower())
            if place is not None and place.is_file():
                return place
        return None

    def _inside(self, folder: Path) -> dict[str, Path]:
        if folder not in self._entries:
            folders, files = visible_in(folder) if folder.is_dir() else ([], [])
            self._entries[folder] = {entry.name.lower(): entry for entry in (*folders, *files)}
        return self._entries[folder]
