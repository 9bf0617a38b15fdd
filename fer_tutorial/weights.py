"""Named tensors out of a weights file, whoever wrote it.

The content decides what a file is, not its name.  Nothing in a file is ever run, and a file that cannot be used is
refused in a sentence that says what it is instead.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from fer_tutorial.errors import UserError

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".tar", ".ckpt")
AGAIN = "download or copy it again"

# What a file may begin with that is no weights file: the bytes, what they mean, how to mend it.
FOREIGN_BEGINNINGS = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the weights themselves", "fetch them with: git lfs pull"),
    (b"\x1f\x8b", "is packed with gzip", "unpack it first"),
    (b"\xfd7zXZ", "is packed with xz", "unpack it first"),
    (b"BZh", "is packed with bzip2", "unpack it first"),
    (b"7z\xbc\xaf", "is a 7z archive", "unpack it first"),
    (b"Rar!", "is a RAR archive", "unpack it first"),
    (b"\x89HDF", "is an HDF5 file, such as Keras writes", "give weights that torch has saved"),
    (b"\x93NUMPY", "is a NumPy array without a name", "save a dictionary of named tensors with torch.save"),
)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by their names in it.

    Dictionaries inside dictionaries become dotted names: ``{"state_dict": {"conv1.weight": …}}`` gives
    ``state_dict.conv1.weight``.  A checkpoint of this package gives the names of its method, and its averaged weights
    where it has some.

    Args:
        path: a ``.safetensors`` file, a torch file, which is read with ``weights_only=True`` and so cannot run code, or
            a run's folder, of which the best weights are read.

    Raises:
        UserError: no such file, or one that is no weights file; the sentence says what it is instead.

    >>> read_tensors(Path("no_such_file.pth"))
    Traceback (most recent call last):
    ...
    fer_tutorial.errors.UserError: there is no weights file no_such_file.pth; give the path of a .safetensors or ...
    """
    path = _file_of(path)
    beginning = _beginning(path)
    is_safetensors = beginning[8:9] == b"{" and beginning[:1] not in (b"{", b"<")
    if not is_safetensors:
        _refuse_what_is_no_torch_file(path, beginning)
    try:
        content = load_file(path) if is_safetensors else _torch_load(path)
    except (SafetensorError, RuntimeError, EOFError, OSError, ValueError, KeyError, ImportError) as error:
        raise UserError(f"{path} is damaged or cut short ({_first_line(error)}); {AGAIN}") from error
    except Exception as error:  # torch.load raises pickle's UnpicklingError, whose module the project never imports
        raise UserError(_why_not_unpickled(path, error)) from error
    tensors = _flat(content)
    if not tensors:
        raise UserError(f"{path} holds no named tensors; expected a state dict (weight name → tensor)")
    return _of_the_method(tensors)


def _file_of(path: Path) -> Path:
    """``path`` itself if it is a file; the best weights of a run, if it is a run's folder."""
    if path.is_file():
        return path
    if (path / "best.safetensors").is_file():
        return path / "best.safetensors"
    if path.is_dir():
        inside = sorted(file.name for file in path.iterdir() if file.suffix in SUFFIXES)
        where = f"one of the files in it: {', '.join(inside[:5])}" if inside else "a .safetensors or .pth file"
        raise UserError(f"{path} is a folder; give {where}")
    if path.exists():
        raise UserError(f"{path} is neither a file nor a folder; give the path of a .safetensors or .pth file")
    raise UserError(f"there is no weights file {path}; give the path of a .safetensors or .pth state dict")


def _torch_load(path: Path) -> Any:
    with open(path, "rb") as file:  # given a path, torch would go by its suffix
        return torch.load(file, "cpu", weights_only=True)


def _beginning(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(512)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check who may read it") from error


def _refuse_what_is_no_torch_file(path: Path, beginning: bytes) -> None:
    if not beginning:
        raise UserError(f"{path} is empty; {AGAIN}")
    for magic, what, remedy in FOREIGN_BEGINNINGS:
        if beginning.startswith(magic):
            raise UserError(f"{path} {what}; {remedy}")
    if beginning[257:262] == b"ustar":
        raise UserError(f"{path} is a tar archive; unpack it first, and give the weights file inside")
    if beginning.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise UserError(
            f"{path} is a web page, not weights: the download gave a page to log in or to confirm; open the address in "
            "a browser and save the file itself"
        )
    if beginning.startswith(b"PK"):
        _refuse_what_is_no_torch_archive(path)
    elif _is_text(beginning):
        raise UserError(f"{path} is a text file, not weights; give the .safetensors or .pth file itself")
    elif not beginning.startswith(b"\x80"):  # the first byte of torch's files from before 1.6
        raise UserError(f"{path} is no weights file of a form known here; expected a .safetensors or .pth file")


def _refuse_what_is_no_torch_archive(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise UserError(f"{path} is cut short: the end of the file is missing; {AGAIN}")
    try:
        names = zipfile.ZipFile(path).namelist()
    except zipfile.BadZipFile as error:
        raise UserError(f"{path} is damaged ({error}); {AGAIN}") from error
    if any(name.endswith("constants.pkl") for name in names):
        raise UserError(f"{path} is a TorchScript program, not weights alone; save its state dict with torch.save")
    if not any(name.endswith("data.pkl") for name in names):
        raise UserError(
            f"{path} is a zip archive of other files ({', '.join(names[:3]) or 'none'}); unpack it, and give the "
            "weights file inside"
        )


def _why_not_unpickled(path: Path, error: Exception) -> str:
    if code := re.search(r"Unsupported (?:global: GLOBAL|class) (\S+)", str(error)):
        return (
            f"{path} holds more than tensors (it asks for {code[1]}), and opening it could run a stranger's code; "
            "save its state dict alone, best as .safetensors"
        )
    return (
        f"{path} is a damaged torch file, or a pickle that torch has not written; {AGAIN}, or save it with torch.save"
    )


def _is_text(beginning: bytes) -> bool:
    try:
        text = beginning[:-4].decode() if len(beginning) == 512 else beginning.decode()  # no half of a letter
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\r\n\t\ufeff" for letter in text)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120].rstrip(".")


def _flat(value: Any, prefix: str = "", depth: int = 8) -> dict[str, Tensor]:
    """Dictionaries inside dictionaries as one with dotted names; ``depth`` ends one that holds itself."""
    if not isinstance(value, dict) or not depth:
        return {}
    tensors: dict[str, Tensor] = {}
    for name, item in value.items():
        if isinstance(item, Tensor):
            tensors[f"{prefix}{name}"] = item
        else:
            tensors |= _flat(item, f"{prefix}{name}.", depth - 1)
    return tensors


def _of_the_method(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of a checkpoint of this package, whose names are ``group/name``, the weights that count: averaged ones first."""
    groups = {
        group: {name.removeprefix(group): tensor for name, tensor in tensors.items() if name.startswith(group)}
        for group in ("method/", "ema/")
    }
    return groups["method/"] | groups["ema/"] if groups["method/"] else tensors
