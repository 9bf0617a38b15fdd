"""The table of contents leaves no page out."""

import yaml

from tools.notebooks import REPOSITORY


def test_every_page_is_in_the_contents():
    contents = yaml.safe_load((REPOSITORY / "book" / "_toc.yml").read_text())
    listed = {contents["root"]} | {page["file"] for part in contents["parts"] for page in part["chapters"]}
    book = REPOSITORY / "book"
    assert listed >= {path.stem for pattern in ("*.md", "*.ipynb") for path in book.glob(pattern)}
