"""What a page loads, made small when the book is built: pictures as lossless WebP, styles without what no page uses."""

import re
from pathlib import Path

from PIL import Image

WORD = re.compile(r"-?[A-Za-z_][\w-]*")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
COMPOSED = "bs-tooltip-"  # names that Bootstrap's script puts together when they are needed
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
LICENSE = re.compile(r"/\*!.*?\*/", re.DOTALL)


def used_rules(css: str, words: set[str]) -> str:
    """The style sheet without the selectors that name a class which is not among ``words``."""

    def keep_used(rule: re.Match) -> str:
        selectors = [selector for selector in re.split(r",(?![^(]*\))", rule[1]) if _is_used(selector, words)]
        return f"{','.join(selectors)}{{{rule[2]}}}" if selectors else ""

    return "".join(LICENSE.findall(css)) + RULE.sub(keep_used, COMMENT.sub("", css))


def _is_used(selector: str, words: set[str]) -> bool:
    outside_parentheses = re.sub(r"\([^()]*\)|\[[^\]]*\]", "", selector)  # what :not() names need not be anywhere
    classes = re.findall(r"\.(-?[A-Za-z_][\w-]*)", outside_parentheses)
    return all(name in words or name.startswith(COMPOSED) for name in classes)


def shrink_styles(folder: Path) -> None:
    words: set[str] = set()
    for pattern in ("**/*.html", "_static/**/*.js"):
        for path in folder.glob(pattern):
            words.update(WORD.findall(path.read_text(encoding="utf-8")))
    for path in folder.glob("_static/**/*.css"):
        path.write_text(used_rules(path.read_text(encoding="utf-8"), words), encoding="utf-8")


def shrink_pictures(folder: Path) -> None:
    """Every picture of the notebooks as WebP, which shows the same pixels in half the bytes."""
    smaller = {}
    for path in folder.glob("_images/*.png"):
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".webp"), lossless=True, quality=100)
        if path.with_suffix(".webp").stat().st_size < path.stat().st_size:
            smaller[path.name] = path.with_suffix(".webp").name
            path.unlink()
        else:
            path.with_suffix(".webp").unlink()
    for path in folder.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        path.write_text(
            re.sub(r"(?<=_images/)[\w.-]+", lambda name: smaller.get(name[0], name[0]), page), encoding="utf-8"
        )


def shrink(app, error) -> None:
    if error is None and app.builder.format == "html":
        shrink_styles(Path(app.outdir))
        shrink_pictures(Path(app.outdir))


def setup(app):
    app.connect("build-finished", shrink, priority=900)  # after all files are written
    return {"parallel_read_safe": True, "parallel_write_safe": True}
