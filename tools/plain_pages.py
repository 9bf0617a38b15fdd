"""The download button of a chapter gives its plain notebook.  A Sphinx extension, which ``_config.yml`` loads."""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError


def put_plain_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """Replace the sources that Sphinx copied beside the pages."""
    if exception is not None or app.builder.name != "html":
        return
    for source in (Path(app.outdir) / "_sources").glob("*.ipynb"):
        plain = Path(app.srcdir).parent / "notebooks" / source.name
        if not plain.is_file():
            raise SphinxError(f"notebooks/{source.name} is missing; run: python tools/plain.py write")
        shutil.copy(plain, source)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", put_plain_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
