"""What can be referred to in the book: where it stands, what it is called and which number the built pages give it.

Numbers are counted as Sphinx counts: equations with a label, figures and tables with a caption.  In numbered chapters
each kind counts from 1, behind the chapter's number; without chapter numbers, figures count through the book.  Which it
is, is said by ``_toc.yml`` (``numbered``) and ``_config.yml`` (``math_numfig``, ``numfig_secnum_depth``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import yaml
from markdown_it.token import Token
from mdit_py_plugins.anchors.index import slugify

from tools.plain_syntax import directive, parser

WORDS = {"equation": "equation ({})", "figure": "Fig. {}", "table": "Table {}", "section": "Section {}"}


class PlainError(Exception):
    """A source that cannot be made plain; the message is one sentence for its author."""


@dataclass(frozen=True)
class Page:
    """A page of the contents."""

    name: str
    notebook: bool
    title: str
    number: str  # of the chapter; "" for a page without one


@dataclass(frozen=True)
class Target:
    """Something with a label."""

    label: str
    kind: str  # a key of WORDS
    page: str
    title: str  # of a section, or the caption
    number: str
    top: bool = False  # it is the whole page

    @property
    def numbered(self) -> str:
        """ "equation (3.5)", "Fig. 3.2"."""
        return WORDS[self.kind].format(self.number)


@dataclass
class Index:
    """Every page and every label of the book."""

    config: dict
    pages: dict[str, Page] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)

    def target(self, label: str, page: str) -> Target:
        if label not in self.targets:
            raise PlainError(f"{page} refers to {label!r}, which nothing in the book is called; expected a label")
        return self.targets[label]

    def link(self, target: Target, page: str) -> str:
        """The address of a target, as it is written in the plain notebook of ``page``."""
        if target.page == page:
            return f"#{target.label}"
        there = self.address(target.page)
        if target.top:
            return there
        return f"{there}#{target.label if self.pages[target.page].notebook else slugify(target.title)}"

    def address(self, name: str) -> str:
        """The file of a page, as seen from the folder of the plain notebooks."""
        return f"{name}.ipynb" if self.pages[name].notebook else f"../book/{name}.md"


def build(repository: Path) -> Index:
    """Read the contents and every page in them."""
    config = yaml.safe_load((repository / "_config.yml").read_text(encoding="utf-8"))
    index = Index(config)
    reader = _Reader(index)
    for name, number in _contents(repository / "book" / "_toc.yml", config["html"].get("use_multitoc_numbering", True)):
        reader.read(repository / "book" / name, number)
    return index


def _contents(path: Path, through_parts: bool) -> Iterator[tuple[str, str]]:
    """The pages in their order, with the numbers of the chapters."""
    contents = yaml.safe_load(path.read_text(encoding="utf-8"))
    yield contents["root"], ""
    chapter = 0
    for part in contents["parts"]:
        chapter = chapter if through_parts else 0
        for entry in part["chapters"]:
            chapter += bool(part.get("numbered"))
            yield entry["file"], str(chapter) if part.get("numbered") else ""


class _Reader:
    """Goes through pages in the order of the contents and counts."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.parser = parser(index.config["parse"]["myst_enable_extensions"])
        self.settings = index.config["sphinx"]["config"]
        self.counts: Counter[tuple[str, str]] = Counter()
        self.page = self.chapter = ""

    def read(self, path: Path, chapter: str) -> None:
        self.page, self.chapter = path.name, chapter
        notebook = path.with_suffix(".ipynb")
        if notebook.is_file():
            for cell in nbformat.read(notebook, as_version=4).cells:
                if cell.cell_type == "markdown":
                    self.text(cell.source, notebook=True)
                elif "caption" in (figure := cell.metadata.get("mystnb", {}).get("figure", {})):
                    self.count("figure", figure.get("name", ""), figure["caption"])
        else:
            self.text(path.with_suffix(".md").read_text(encoding="utf-8"), notebook=False)

    def text(self, source: str, notebook: bool) -> None:
        tokens = self.parser.parse(source)
        labels: list[str] = []
        for position, token in enumerate(tokens):
            if token.type == "myst_target":
                labels.append(token.content)
            elif token.type == "heading_open":
                self.heading(tokens[position + 1].content, labels, notebook)
                labels = []
            elif token.type == "math_block_label":
                self.count("equation", token.info, "")
            else:
                self.directive(token, notebook)

    def heading(self, title: str, labels: list[str], notebook: bool) -> None:
        first = self.page not in self.index.pages
        if first:
            self.index.pages[self.page] = Page(self.page, notebook, title, self.chapter)
        for label in labels:
            self.add(Target(label, "section", self.page, title, self.chapter if first else "", top=first))

    def directive(self, token: Token, notebook: bool) -> None:
        found = directive(token)
        if found is None:
            return
        label = found.options.get("label") or found.options.get("name", "")
        if found.name == "math" and label:
            self.count("equation", label, "")
        elif found.name == "figure" and found.body:
            self.count("figure", label, found.body.split("\n\n")[0].replace("\n", " "))
        elif found.name in ("table", "list-table") and found.argument:
            self.count("table", label, found.argument)
        elif found.name not in ("code-block", "literalinclude", "figure", "math", "list-table"):
            self.text(found.body, notebook)

    def count(self, kind: str, label: str, title: str) -> None:
        if kind == "equation" and not self.settings.get("math_numfig", True):
            among, before = self.page, ""
        else:
            among = before = self.chapter if self.settings.get("numfig_secnum_depth", 1) else ""
        self.counts[kind, among] += 1
        number = ".".join(filter(None, (before, str(self.counts[kind, among]))))
        # Without a label of its own it has its number: nothing refers to it, but its caption says the number.
        self.add(Target(label or f"{kind}-{number}", kind, self.page, title, number))

    def add(self, target: Target) -> None:
        self.index.targets[target.label] = target
