"""Packages that a few readers alone need, for files in formats of their own: videos, MATLAB's, HDF5, Excel's."""

from __future__ import annotations

import importlib
from types import ModuleType

from fer_tutorial.errors import UserError


def optional_module(name: str, needed_for: object) -> ModuleType:
    """The package ``name``, which the extra ``formats`` installs.

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UserError(
            f"{needed_for} is read with the package {name.partition('.')[0]}, which is not installed; expected the "
            "extra formats, so pip install fer-tutorial[formats]"
        ) from None
