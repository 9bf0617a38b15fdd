"""The download button of a chapter gives its plain notebook, which stands beside the book in notebooks/."""

import shutil
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)


def plain_notebook(app, page: str) -> Path:
    return Path(app.srcdir).parent / "notebooks" / f"{page}.ipynb"


def miss_none(app, env) -> None:
    """A chapter without one is a fault of the sources, and said as such."""
    for page in env.found_docs:
        if env.doc2path(page).endswith(".ipynb") and not plain_notebook(app, page).is_file():
            logger.warning("no plain notebook; run: python tools/plain.py write", location=page)


def put(app, exception) -> None:
    """In the place of the sources that Sphinx copied beside the pages."""
    if exception is None and app.builder.name == "html":
        for source in (Path(app.outdir) / "_sources").glob("*.ipynb"):
            if (plain := plain_notebook(app, source.stem)).is_file():
                shutil.copy(plain, source)


def setup(app):
    app.connect("env-updated", miss_none)
    app.connect("build-finished", put)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
