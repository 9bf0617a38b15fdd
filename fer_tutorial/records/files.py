"""Files of a record: written whole or not at all, and JSON in one form."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from fer_tutorial.errors import UserError


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` so that at any moment ``path`` holds either all of it or what was there before."""
    part = path.with_name(f".{path.name}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UserError(
            f"{path} could not be written ({error.strerror}); make room there or choose another folder"
        ) from error


def to_json(value: Any) -> str:
    """JSON with arrays as lists and NaN as null."""
    return json.dumps(plain(value), indent=2) + "\n"


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: lists for arrays and tuples, text for keys and paths, None for NaN."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and value != value else value
