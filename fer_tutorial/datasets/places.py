"""Folders and zip files alike: what lies in them, and which of it is the file or folder that is looked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import BadZipFile
from zipfile import Path as ZipPath
from zlib import error as ZlibError

from fer_tutorial.errors import UserError

Place = Path | ZipPath
# What is unpacked may be so many bytes, or so many times as large as packed: text of pixels is 3 times.
HARMLESS_BYTES, MOST_TIMES = 50_000_000, 100


class Listing:
    """What lies in ``root`` (a folder, a zip file, or a file of the folder that is meant), and one folder deeper.

    Folders named in ``closed`` are not looked into: they hold thousands of pictures.
    """

    def __init__(self, root: Path, closed: Collection[str] = ()):
        self.root = root
        top: Place = _open_zip(root) if root.suffix.lower() == ".zip" else root if root.is_dir() else root.parent
        self.entries: list[Place] = []
        for child in visible(top):
            self.entries.append(child)
            if child.is_dir() and child.name not in closed:
                self.entries += visible(child)

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self.entries]

    def folder(self, name: str) -> Place | None:
        """The folder ``name``, plain or as ``name.zip``; ``root`` itself if it is called so."""
        if self.root.name == name and self.root.is_dir():
            return self.root
        for entry in self.entries:
            if _is(entry, name) and entry.is_dir():
                return entry
            if _is(entry, f"{name}.zip") and isinstance(entry, Path):
                inside = _open_zip(entry)
                return next((folder for folder in visible(inside) if _is(folder, name) and folder.is_dir()), inside)
        return None

    def file(self, *names: str) -> Place | None:
        """The first of the files ``names`` that is there, plain or zipped on its own."""
        for name in names:
            for entry in self.entries:
                if _is(entry, name) and entry.is_file():
                    return entry
                if _is(entry, f"{name}.zip") and isinstance(entry, Path):
                    return next((file for file in visible(_open_zip(entry)) if _is(file, name)), None)
        return None


def visible(place: Place) -> list[Place]:
    """The entries of a folder, sorted, without what systems leave behind (``._x.png``, ``__MACOSX``)."""
    with errors_named(place):
        entries: list[Place] = sorted(place.iterdir(), key=str)
    return [entry for entry in entries if not entry.name.startswith((".", "@", "__"))]


@contextmanager
def opened(place: Place) -> Iterator[IO[bytes]]:
    """The bytes of a file; whatever goes wrong while they are read names it."""
    refuse_bomb(place)
    with errors_named(place), place.open("rb") as file:
        yield file


def refuse_bomb(place: Place) -> None:
    """Refuse a file in an archive that unpacks to what no picture and no table is.

    Nothing is ever written to disk from an archive, so that a path in it cannot lead out of a folder.
    """
    if not isinstance(place, ZipPath):
        return
    member = place.root.getinfo(place.at)
    if member.file_size > max(HARMLESS_BYTES, MOST_TIMES * member.compress_size):
        raise UserError(
            f"{place} has {member.compress_size:,} bytes that would unpack to {member.file_size:,}; expected a picture "
            "or a table, so unpack the archive yourself if you trust it"
        )


@contextmanager
def errors_named(place: Place) -> Iterator[None]:
    """Errors of the operating system and of damaged, encrypted or unknown zip files as a UserError that names them."""
    try:
        yield
    except UserError:
        raise
    except (OSError, EOFError, RuntimeError, BadZipFile, ZlibError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{place} cannot be read ({why}); mend it, or copy or download it again") from None


def _is(place: Place, name: str) -> bool:
    return place.name.lower() == name.lower()


def _open_zip(path: Path) -> ZipPath:
    try:
        return ZipPath(path)
    except (BadZipFile, OSError) as error:
        raise UserError(f"{path} is not a whole zip file ({error}); download it again") from None
