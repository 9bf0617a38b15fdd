"""A zip file of strangers, unpacked into one folder and nowhere else."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from fer_tutorial.datasets.picture_files import LEFT_BEHIND
from fer_tutorial.datasets.places import errors_named, refuse_bomb
from fer_tutorial.errors import UserError

MOST_FILES = 20_000
MOST_BYTES = 4_000_000_000  # of all files together


def unpack_zip(archive: Path, folder: Path) -> int:
    """Unpack ``archive`` as ``folder``, which must not be there yet and appears only when it is complete.

    If everything in the archive lies in one folder, that is the one which becomes ``folder``.  What systems leave
    behind (``__MACOSX``, ``.DS_Store``) stays packed.

    Returns:
        How many files there are.

    Raises:
        UserError: a damaged archive; paths that lead out of the folder, links, encrypted files, two files of one name,
            or far more bytes than an archive of pictures has.  Nothing is then left behind.
    """
    if folder.exists():
        raise UserError(f"{folder} is there already; expected a new folder, so move it away")
    part = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with errors_named(archive), zipfile.ZipFile(archive) as opened:
            members = _checked(archive, opened)
            for path, member in members.items():
                target = part / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as packed, target.open("xb") as file:
                    shutil.copyfileobj(packed, file)  # zipfile stops at the size that was checked, and checks the CRC
        tops = {path.parts[0] for path in members}
        inside = part / tops.pop() if len(tops) == 1 else part
        (inside if inside.is_dir() else part).replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return len(members)


def _checked(archive: Path, opened: zipfile.ZipFile) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files to be unpacked, by their paths."""
    members: dict[PurePosixPath, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    infos = opened.infolist()
    if len(infos) > MOST_FILES:
        raise UserError(f"{archive} has {len(infos):,} files; expected {MOST_FILES:,} at most")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise UserError(f"{archive} would unpack to more than {MOST_BYTES:,} bytes; expected pictures and tables")
    for info in infos:
        name = info.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
            raise UserError(f"{archive} has a file called {name!r}, which would lie outside; do not unpack it")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UserError(f"{archive} has a link, {name!r}; expected files alone, so do not unpack it")
        if info.is_dir() or path.parts[0].startswith("__") or path.name.startswith(".") or path.name in LEFT_BEHIND:
            continue
        if info.flag_bits & 1:
            raise UserError(f"{archive} is encrypted; expected an archive that opens without a password")
        if name.casefold() in seen:
            raise UserError(f"{archive} has {name!r} twice; expected every file once, so download it again")
        seen.add(name.casefold())
        refuse_bomb(zipfile.Path(opened, name))
        members[path] = info
    if not members:
        raise UserError(f"{archive} is empty; download it again")
    return members
