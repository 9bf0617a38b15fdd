"""A data set on disk as one memory-mapped array of uint8 pixels, a table, and a header that says what they are.

A packed folder holds

* ``images.npy``: uint8 (N, H, W, C) or (N, T, H, W, C), readable with ``numpy.load(..., mmap_mode="r")``;
* ``table.npz``: labels, index and whatever else the data set has, an array each;
* ``header.json``: names of data set, split and classes, provenance, and SHA-256 checksums of the two files.

Packing writes to a folder ``.NAME.packing`` beside the destination and renames it when it is complete.  A destination
therefore holds a whole pack or nothing.  When packing is interrupted, the same call goes on where it stopped.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from fer_tutorial.datasets.source import SPLITS, TABLE_COLUMNS, Source, existing_root, expression_classes, reason
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData

FORMAT = "fer_tutorial pack 1"
IMAGES, TABLE, HEADER = "images.npy", "table.npz", "header.json"
HEADER_FIELDS: dict[str, type] = {
    **dict.fromkeys(("name", "split", "table_sha256", "images_sha256"), str),
    **dict.fromkeys(("class_names", "action_unit_names", "group_names", "shape"), list),
}


def pack(source: Source, folder: str | Path, progress: bool = True) -> Path:
    """Write ``source`` to ``folder``, a few MB at a time, and return the folder.

    A folder that already holds this very pack is left as it is.  Two processes that pack to one folder take turns.

    Raises:
        UserError: the folder exists and holds something else, it cannot be written, or the disk is full (what was
            written is then removed).
    """
    if not isinstance(source, Source):
        raise UserError(f"what is to be packed is {type(source).__name__}; expected a Source, as open_source gives it")
    folder = _destination(folder)
    table = _npz_bytes(source.table)
    header = _header(source, table)
    part = folder.with_name(f".{folder.name}.packing")
    with _writing(source, folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if os.path.lexists(folder):
                if _same_pack(folder, header):
                    return folder
                raise UserError(
                    f"{folder} exists and is not a pack of these samples; expected a new folder, so remove it "
                    "or name another"
                )
            _write_part(source, part, table, header, progress)
            os.rename(part, folder)
    return folder


def _destination(folder: str | Path) -> Path:
    path = Path(os.path.abspath(_path(folder)))
    if not path.name:
        raise UserError(f"no folder can be made at {path}; expected the name of a new folder")
    return path


def _path(folder: str | Path) -> Path:
    if not isinstance(folder, (str, os.PathLike)) or not str(folder) or "\0" in str(folder):
        raise UserError(f"{folder!r} is no folder; expected a path")
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:  # the home of nobody
        raise UserError(f"{str(folder)!r} is no folder ({reason(error)}); expected a path") from None


@contextmanager
def _writing(source: Source, folder: Path) -> Iterator[None]:
    """Errors of the operating system as sentences; a part that a full disk left behind is removed."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            shutil.rmtree(folder.with_name(f".{folder.name}.packing"), ignore_errors=True)
            raise UserError(
                f"the disk filled up while packing {source.name} to {folder}, which needs "
                f"{_bytes_needed(source):,} bytes; nothing was left there, so free some space or choose another folder"
            ) from None
        raise UserError(f"{source.name} cannot be packed to {folder} ({error}); choose another place") from None


def open_packed(folder: str | Path, verify: bool = False) -> FaceData:
    """The samples of a packed folder, their pixels memory-mapped and read-only.

    The header, the table and the length of the pixel file are always checked; ``verify=True`` also computes the
    checksum of the pixels, which reads them all.

    Raises:
        UserError: not a pack, an interrupted one, or a damaged one.
    """
    folder = _path(folder)
    header = _read_header(folder)
    try:
        table_bytes = (folder / TABLE).read_bytes()
        images = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise _damaged(folder, f"{IMAGES} or {TABLE} cannot be read: {reason(error)}") from None
    if not isinstance(images, np.ndarray):
        raise _damaged(folder, f"{IMAGES} holds several arrays")
    if hashlib.sha256(table_bytes).hexdigest() != header["table_sha256"]:
        raise _damaged(folder, f"{TABLE} differs from its checksum")
    if list(images.shape) != header["shape"] or images.dtype != np.uint8:
        raise _damaged(folder, f"{IMAGES} is {images.dtype} {images.shape} but the header says uint8 {header['shape']}")
    if verify:
        with (folder / IMAGES).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != header["images_sha256"]:
            raise _damaged(folder, f"{IMAGES} differs from its checksum")
    try:
        with np.load(io.BytesIO(table_bytes), allow_pickle=False) as table:
            arrays = dict(table)
        if unknown := sorted(set(arrays) - set(TABLE_COLUMNS)):
            raise UserError(f"it has a column {unknown[0]!r}")
        return FaceData(
            header["name"],
            header["split"],
            images,
            class_names=tuple(header["class_names"]),
            action_unit_names=tuple(header["action_unit_names"]),
            group_names=tuple(header["group_names"]),
            **arrays,
        )
    except (UserError, TypeError, ValueError, EOFError, BadZipFile) as error:
        raise _damaged(folder, f"{TABLE} is not the table of a pack: {reason(error)}") from None


def load_packed(
    root: str | Path | None,
    split: str = "train",
    size: int | None = None,
    channels: int | None = None,
    num_classes: int | None = None,
    verify: bool = False,
) -> FaceData:
    """A packed split: ``root/SPLIT``, or ``root`` itself where it is a pack of that split.

    A pack is used as it was made, so a size, number of channels or number of classes that differ are refused.
    """
    path = existing_root("packed", root, "a folder written by fer-tutorial pack")
    folder = path if (path / HEADER).is_file() else path / split
    data = open_packed(folder, verify)
    if data.split != split:
        raise UserError(
            f"{folder} is the {data.split} split of {data.name}; expected split={data.split!r} (--split), got {split!r}"
        )
    height, width, depth = data.images.shape[-3:]
    if size is not None and (height, width) != (size, size):
        raise UserError(
            f"{folder} was packed at {height}×{width} pixels; expected size={height} (--size {height}), or "
            f"pack it with --size {size}"
        )
    if channels is not None and depth != channels:
        raise UserError(
            f"{folder} was packed with {depth} channels; expected channels={depth} "
            f"(--channels {depth}), or pack it with --channels {channels}"
        )
    if num_classes is not None:
        _check_classes(folder, data.class_names, num_classes)
    return data


def packed_splits(root: Path) -> tuple[str, ...]:
    """The splits that are packed in ``root``, or the one split of which ``root`` itself is a pack."""
    if (root / HEADER).is_file():
        return (_read_header(root)["split"],)
    found = tuple(split for split in SPLITS if (root / split / HEADER).is_file())
    if not found:
        raise UserError(f"there is no pack at {root}; expected {root}/train and so on, written by fer-tutorial pack")
    return found


def _check_classes(folder: Path, found: tuple[str, ...], num_classes: int) -> None:
    """Some or all of the expressions, in their order: a label then means the same whoever reads it."""
    wanted = expression_classes(num_classes)
    if set(found) <= set(wanted) and list(found) == [name for name in wanted if name in found]:
        return
    if found == expression_classes(8):
        raise UserError(
            f"{folder} was packed with 8 classes; expected num_classes=8 (--classes 8), or pack it with --classes 7"
        )
    raise UserError(
        f"{folder} was packed with the classes {', '.join(found)}; expected some of {', '.join(wanted)}, in this order"
    )


def _write_part(source: Source, part: Path, table: bytes, header: dict[str, Any], progress: bool) -> None:
    plan = json.dumps(header, sort_keys=True)
    if not (part / "plan.json").is_file() or (part / "plan.json").read_text() != plan:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _check_space(source, part)
        (part / TABLE).write_bytes(table)
        (part / "rows.txt").write_text("0")
        (part / "plan.json").write_text(plan)  # last, so that a plan means that table and row count are there
    npy_header = _npy_header((len(source), *source.image_shape))
    row_bytes = int(np.prod(source.image_shape))
    # The row count is written after the rows have reached the disk: what it says is there is there.
    done = _rows_written(part, len(npy_header), row_bytes)
    digest = hashlib.sha256()
    with (
        open(part / IMAGES, "r+b" if done else "w+b") as file,
        tqdm(total=len(source), initial=done, desc=f"packing {source.name}", unit="img", disable=not progress) as bar,
    ):
        if not done:
            file.write(npy_header)
        else:
            file.truncate(len(npy_header) + done * row_bytes)
            file.seek(0)
            while block := file.read(2**20):
                digest.update(block)
        if not done:
            digest.update(npy_header)
        for first, pixels in source.chunks(done):
            _append(file, pixels, digest)
            _replace_text(part / "rows.txt", str(first + len(pixels)))
            bar.update(len(pixels))
    _replace_text(part / HEADER, json.dumps({**header, "images_sha256": digest.hexdigest()}, indent=1))
    for name in ("plan.json", "rows.txt"):
        (part / name).unlink()


def _rows_written(part: Path, header_bytes: int, row_bytes: int) -> int:
    """How many rows are there for certain; none where the count or the pixels were lost."""
    try:
        done = int((part / "rows.txt").read_text())
        whole = (part / IMAGES).stat().st_size >= header_bytes + done * row_bytes
    except (OSError, ValueError):
        return 0
    return done if whole else 0


def _append(file: IO[bytes], pixels: np.ndarray, digest: Any) -> None:
    block = np.ascontiguousarray(pixels).data
    file.write(block)
    file.flush()
    os.fsync(file.fileno())
    digest.update(block)


def _replace_text(file: Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, file)


def _header(source: Source, table: bytes) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": source.name,
        "split": source.split,
        "class_names": list(source.class_names),
        "action_unit_names": list(source.action_unit_names),
        "group_names": list(source.group_names),
        "shape": [len(source), *source.image_shape],
        "table_sha256": hashlib.sha256(table).hexdigest(),
        "provenance": source.provenance,
    }


def _read_header(folder: Path) -> dict[str, Any]:
    if not os.path.isfile(folder / HEADER):
        part = folder.with_name(f".{folder.name}.packing")
        if os.path.isdir(part):
            raise UserError(
                f"packing {folder} was interrupted; run the same fer-tutorial pack command again and it goes on "
                "where it stopped"
            )
        raise UserError(f"there is no pack at {folder}; expected a folder with {HEADER}, written by fer-tutorial pack")
    try:
        header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise _damaged(folder, f"{HEADER} is not JSON") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise UserError(f"{folder / HEADER} is not the header of a pack; expected format {FORMAT!r}, so pack it anew")
    header.setdefault("group_names", [])  # older packs have no groups
    for key, kind in HEADER_FIELDS.items():
        if not isinstance(header.get(key), kind):
            raise _damaged(folder, f"{HEADER} has no {key}, or one of another kind")
    return header


def _same_pack(folder: Path, header: dict[str, Any]) -> bool:
    try:
        found = _read_header(folder)
    except UserError:
        return False
    return all(found.get(key) == value for key, value in header.items())


def _damaged(folder: Path, why: str) -> UserError:
    return UserError(f"the pack at {folder} is damaged ({why}); remove the folder and pack it again")


def _bytes_needed(source: Source) -> int:
    return len(source) * int(np.prod(source.image_shape))


def _check_space(source: Source, part: Path) -> None:
    if shutil.disk_usage(part).free < _bytes_needed(source):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _npz_bytes(table: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **table)  # type: ignore[arg-type]
    return buffer.getvalue()


def _npy_header(shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return buffer.getvalue()
