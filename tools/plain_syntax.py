"""MyST as its own parser reads it: the tokens of a text, and the parts of a directive."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

OPTION = re.compile(r":([\w-]+):(?:\s+(.*))?$")


@dataclass(frozen=True)
class Directive:
    """What stands in a fence that begins with ``{name} argument``."""

    name: str
    argument: str
    options: dict[str, str]
    body: str


def parser(extensions: list[str]) -> MarkdownIt:
    """A parser with the extensions that ``_config.yml`` switches on."""
    return create_md_parser(MdParserConfig(enable_extensions=set(extensions)), RendererHTML)


def directive(token: Token) -> Directive | None:
    """The directive that a token is, if it is one."""
    opening = re.match(r"\{([^}]+)\}\s*(.*)$", token.info) if token.type in ("fence", "colon_fence") else None
    if opening is None:
        return None
    lines = token.content.splitlines()
    options = {}
    while lines and (option := OPTION.match(lines[0])):
        options[option[1]] = option[2] or ""
        lines.pop(0)
    return Directive(opening[1], opening[2], options, "\n".join(lines).strip("\n"))
