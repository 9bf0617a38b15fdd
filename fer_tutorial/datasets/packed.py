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
from pathlib import Path
from typing import IO, Any

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from fer_tutorial.datasets.source import Source, existing_root, expression_classes
from fer_tutorial.errors import UserError
from fer_tutorial.face_data import FaceData

FORMAT = "fer_tutorial pack 1"
IMAGES, TABLE, HEADER = "images.npy", "table.npz", "header.json"


def pack(source: Source, folder: str | Path, progress: bool = True) -> Path:
    """Write ``source`` to ``folder``, a few MB at a time, and return the folder.

    A folder that already holds this very pack is left as it is.  Two processes that pack to one folder take turns.

    Raises:
        UserError: the folder exists and holds something else, or the disk is full (what was written is then removed).
    """
    folder = Path(folder).expanduser()
    table = _npz_bytes(source.table)
    header = _header(source, table)
    part = folder.with_name(f".{folder.name}.packing")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise UserError(f"no folder can be made at {folder.parent} ({error.strerror}); choose another place") from None
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if folder.exists():
            if _same_pack(folder, header):
                return folder
            raise UserError(
                f"{folder} exists and is not a pack of these samples; expected a new folder, so remove it "
                "or name another"
            )
        try:
            _write_part(source, part, table, header, progress)
            os.rename(part, folder)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            shutil.rmtree(part, ignore_errors=True)
            raise UserError(
                f"the disk filled up while packing {source.name} to {folder}, which needs "
                f"{_bytes_needed(source):,} bytes; nothing was left there, so free some space or choose another folder"
            ) from None
    return folder


def open_packed(folder: str | Path, verify: bool = False) -> FaceData:
    """The samples of a packed folder, their pixels memory-mapped and read-only.

    The header, the table and the length of the pixel file are always checked; ``verify=True`` also computes the
    checksum of the pixels, which reads them all.

    Raises:
        UserError: not a pack, an interrupted one, or a damaged one.
    """
    folder = Path(folder).expanduser()
    header = _read_header(folder)
    try:
        table_bytes = (folder / TABLE).read_bytes()
        images = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _damaged(folder, str(error)) from None
    if hashlib.sha256(table_bytes).hexdigest() != header["table_sha256"]:
        raise _damaged(folder, f"{TABLE} differs from its checksum")
    if list(images.shape) != header["shape"] or images.dtype != np.uint8:
        raise _damaged(folder, f"{IMAGES} is {images.dtype} {images.shape} but the header says uint8 {header['shape']}")
    if verify:
        with (folder / IMAGES).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != header["images_sha256"]:
            raise _damaged(folder, f"{IMAGES} differs from its checksum")
    with np.load(io.BytesIO(table_bytes), allow_pickle=False) as table:
        arrays = dict(table)
    return FaceData(
        header["name"],
        header["split"],
        images,
        class_names=tuple(header["class_names"]),
        action_unit_names=tuple(header["action_unit_names"]),
        **arrays,
    )


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
            f"{folder} is the {data.split} split of {data.name}; expected split={data.split!r}, got {split!r}"
        )
    height, width, depth = data.images.shape[-3:]
    if size is not None and (height, width) != (size, size):
        raise UserError(f"{folder} was packed at {height}×{width} pixels; expected size={height}, or pack it at {size}")
    if channels is not None and depth != channels:
        raise UserError(f"{folder} was packed with {depth} channels; expected channels={depth}, or pack it anew")
    if num_classes is not None and not set(data.class_names) <= set(expression_classes(num_classes)):
        raise UserError(
            f"{folder} was packed with {data.num_classes} classes; expected num_classes={data.num_classes}, or "
            "pack it anew"
        )
    return data


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
    done = int((part / "rows.txt").read_text())
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
        "shape": [len(source), *source.image_shape],
        "table_sha256": hashlib.sha256(table).hexdigest(),
        "provenance": source.provenance,
    }


def _read_header(folder: Path) -> dict[str, Any]:
    if not (folder / HEADER).is_file():
        part = folder.with_name(f".{folder.name}.packing")
        if part.is_dir():
            raise UserError(
                f"packing {folder} was interrupted; run the same fer-tutorial pack command again and it goes on "
                "where it stopped"
            )
        raise UserError(f"there is no pack at {folder}; expected a folder with {HEADER}, written by fer-tutorial pack")
    try:
        header = json.loads((folder / HEADER).read_text())
    except ValueError:
        raise _damaged(folder, f"{HEADER} is not JSON") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise UserError(f"{folder / HEADER} is not the header of a pack; expected format {FORMAT!r}, so pack it anew")
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
