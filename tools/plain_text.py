"""MyST text as Markdown that JupyterLab, Colab and GitHub show: roles and directives replaced by what they stand for.

Blocks are found by MyST's own parser and replaced by their lines; what stands between them stays as it was typed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from markdown_it.token import Token

from fer_tutorial.course.registry import find, solution_of
from tools.plain_citations import Citations
from tools.plain_index import Index, PlainError, Target
from tools.plain_syntax import Directive, directive, parser

# Roles and links, and code, in which both are only letters.
INLINE = re.compile(
    r"(?P<ticks>(?<!`)`+(?!`)).+?(?<!`)(?P=ticks)(?!`)"
    r"|(?<!\\)\{(?P<role>[\w\-+:]+)\}(?P<quotes>`+)(?P<content>.+?)(?<!`)(?P=quotes)(?!`)"
    r"|(?P<bracket>\]\()(?P<address>[^)\s]+)(?P<title>\s+\"[^\"]*\")?\)(?:\{[^}]*\})?",
    re.DOTALL,
)
TITLED = re.compile(r"(?P<words>.+?)\s*<(?P<label>[^<>]+)>$", re.DOTALL)
ATTRIBUTES = re.compile(r"\s*\{[.#][^}]*\}\s*$")  # of the block below, for the page's style sheet
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)
MARKDOWN_MARK = re.compile(r"([-+*=>#|]|\d+[.)])")  # at the start of a line it means something, also within a formula

ADMONITIONS = ("attention", "caution", "danger", "error", "hint", "important", "note", "seealso", "tip", "warning")
LITERAL = ("fence", "colon_fence", "code_block", "html_block")
DROPPED = ("myst_line_comment", "myst_block_break")
UNKNOWN = {
    "amsmath": "an equation outside of {math} and $$",
    "dl_open": "a definition list",
    "footnote_block_open": "a footnote",
    "front_matter": "front matter",
    "substitution_block": "a substitution",
    "substitution_inline": "a substitution",
}


class PlainText:
    """Makes the texts of one page plain, and remembers the works they cite."""

    def __init__(self, index: Index, page: str, citations: Citations) -> None:
        self.index, self.page, self.citations = index, page, citations
        self.parser = parser(index.config["parse"]["myst_enable_extensions"])

    def __call__(self, source: str) -> str:
        lines = source.split("\n")
        tokens = self.parser.parse(source)
        replaced: dict[int, tuple[int, list[str]]] = {}
        for token in tokens:
            if token.type in UNKNOWN:
                raise PlainError(f"{self.page} has {UNKNOWN[token.type]}, which has no plain form: write it otherwise")
            if token.map is None:
                continue
            start, end = token.map
            if (block := self.block(token)) is not None:
                replaced[start] = (end, _set_apart(block, lines, token))
            elif token.type in LITERAL:
                replaced[start] = (end, lines[start:end])
            elif token.type in ("inline", "tr_open"):
                replaced.setdefault(start, (end, self.inline("\n".join(lines[start:end])).split("\n")))
        result: list[str] = []
        position = 0
        while position < len(lines):
            between = [] if ATTRIBUTES.match(lines[position]) else [lines[position]]
            position, written = replaced.get(position, (position + 1, between))
            doubled = written and result and not (written[0] + result[-1]).strip(" >")
            result += written[1:] if doubled else written
        return "\n".join(result).strip("\n")

    # --- blocks ---

    def block(self, token: Token) -> str | None:
        """What stands in the place of a token; None where it may stay."""
        if token.type in DROPPED:
            return ""
        if token.type == "myst_target":
            return anchor(token.content)
        if token.type in ("math_block", "math_block_label"):
            return self.equation(token.content, token.info if token.type == "math_block_label" else "")
        found = directive(token)
        if found is None:
            return None
        if found.name in ADMONITIONS:
            title = "See also" if found.name == "seealso" else found.name.capitalize()
            return self.quote(title, "\n\n".join(filter(None, (found.argument, found.body))))
        if found.name not in DIRECTIVES:
            raise PlainError(
                f"{self.page} has the directive {{{found.name}}}, which has no plain form: "
                "write it otherwise, or add it to tools/plain_text.py"
            )
        return DIRECTIVES[found.name](self, found)

    def equation(self, formula: str, label: str) -> str:
        parts = [part.strip() for part in re.split(r"\n\s*\n", formula.strip())]
        typed = r" \\ ".join(parts)
        if r"\\" in ENVIRONMENT.sub("", typed):  # as Sphinx does: without an environment MathJax breaks no line
            typed = f"\\begin{{split}}\n{typed}\n\\end{{split}}"
        lines: list[str] = []
        for line in typed.split("\n"):
            if lines and MARKDOWN_MARK.match(line.lstrip()):
                lines[-1] += " " + line.lstrip()
            else:
                lines.append(line)
        number = f" \\tag{{{self.index.target(label, self.page).number}}}" if label else ""
        equation = "\n".join(["$$", *lines]) + number + "\n$$"
        return f"{anchor(label)}\n\n{equation}" if label else equation

    def math(self, found: Directive) -> str:
        return self.equation("\n\n".join(filter(None, (found.argument, found.body))), found.options.get("label", ""))

    def quote(self, title: str, body: str) -> str:
        # A formula in a quote goes on one line: JupyterLab takes the > of the next line for a part of it.
        flat = re.sub(r"\$\$\n(.*?)\n\$\$", lambda found: f"$${found[1]}$$".replace("\n", " "), self(body), flags=re.S)
        return "\n".join(f"> {line}".rstrip() for line in [f"**{self.inline(title)}**", "", *flat.split("\n")])

    def admonition(self, found: Directive) -> str:
        if "dropdown" in found.options.get("class", ""):
            return self.dropdown(found)
        return self.quote(found.argument, found.body)

    def dropdown(self, found: Directive) -> str:
        return details(self.inline(found.argument or "More"), self(found.body))

    def tabs(self, found: Directive) -> str:
        return self(found.body)

    def tab(self, found: Directive) -> str:
        return f"**{self.inline(found.argument)}**\n\n{self(found.body)}"

    def image(self, found: Directive) -> str:
        return f"![{found.options.get('alt', '')}]({self.address(found.argument)})"

    def figure(self, found: Directive) -> str:
        label = found.options.get("name", "")
        caption, _, legend = found.body.partition("\n\n")
        parts = [anchor(label) if label else "", self.image(found)]
        if caption:
            parts.append(f"**{self.numbered('figure', label, caption.replace(chr(10), ' '))}** {self.inline(caption)}")
        return "\n\n".join(filter(None, [*parts, self(legend)]))

    def list_table(self, found: Directive) -> str:
        return "\n\n".join(filter(None, (self.table_caption(found), self.rows(found))))

    def table(self, found: Directive) -> str:
        return "\n\n".join(filter(None, (self.table_caption(found), self(found.body))))

    def table_caption(self, found: Directive) -> str:
        if not found.argument:
            return ""
        label = found.options.get("name", "")
        caption = f"**{self.numbered('table', label, found.argument)}** {self.inline(found.argument)}"
        return f"{anchor(label)}\n\n{caption}" if label else caption

    def rows(self, found: Directive) -> str:
        """A pipe table; of HTML where a cell holds more than one paragraph, which pipes cannot."""
        rows = [[self(cell) for cell in _items(self.parser.parse(row), row)] for row in self.items(found.body)]
        headers = int(found.options.get("header-rows", 0))
        if any("\n\n" in cell or re.match(r"[-*+] |\d+[.)] ", cell) for row in rows for cell in row):
            return _html_table(rows, headers)
        flat = [[_in_pipes(cell) for cell in row] for row in rows]
        head, body = (flat[0], flat[1:]) if headers else ([" "] * len(flat[0]), flat)
        return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])

    def items(self, text: str) -> list[str]:
        return _items(self.parser.parse(text), text)

    def code(self, found: Directive) -> str:
        fence = "````" if "```" in found.body else "```"
        return f"{fence}{found.argument}\n{found.body}\n{fence}"

    def exercise_help(self, found: Directive) -> str:
        """Each hint within the one before it, then the solution, all folded."""
        folded = ""
        for level, hint in reversed(list(enumerate(find(found.argument).hints, start=1))):
            words = f"<summary>Hint {level}</summary>\n<p>{html.escape(hint, quote=False)}</p>"
            folded = f"<details>{words}\n{folded}</details>\n"
        return folded + "\n" + details("Solution", f"```python\n{solution_of(found.argument)}\n```")

    # --- within a line ---

    def inline(self, text: str) -> str:
        return INLINE.sub(self.piece, text)

    def piece(self, found: re.Match[str]) -> str:
        if found["ticks"]:
            return found[0]
        if found["bracket"]:
            return f"]({self.address(found['address'])}{found['title'] or ''})"
        role, content = found["role"], found["content"]
        if role.startswith("cite"):
            return self.cite(content, textual=role.endswith(":t"))
        if role not in ROLES:
            raise PlainError(
                f"{self.page} has the role {{{role}}}, which has no plain form: "
                "write it otherwise, or add it to tools/plain_text.py"
            )
        return ROLES[role](self, content)

    def address(self, address: str) -> str:
        """Where a link or a picture of the source leads, as seen from the folder of the plain notebooks."""
        path, _, fragment = address.partition("#")
        if not path and fragment in self.index.targets:
            return self.index.link(self.index.targets[fragment], self.page)
        if re.match(r"[a-z][a-z+.-]*:", address) or not path:
            return address
        name = re.sub(r"\.(md|ipynb)$", "", path)
        there = self.index.address(name) if name in self.index.pages else f"../book/{path.removeprefix('/')}"
        return f"{there}#{fragment}" if fragment else there

    def reference(self, content: str) -> str:
        words, label = _titled(content)
        target = self.index.target(label, self.page)
        return self.linked(words or target.title, target)

    def numbered_reference(self, content: str) -> str:
        words, label = _titled(content)
        target = self.index.target(label, self.page)
        if not target.number:
            raise PlainError(f"{self.page} asks for the number of {label!r}, which has none: use {{ref}}")
        words = (words or target.numbered).replace("%s", target.number)
        return self.linked(words.replace("{number}", target.number).replace("{name}", target.title), target)

    def equation_reference(self, content: str) -> str:
        target = self.index.target(content, self.page)
        return self.linked(target.numbered, target)

    def document(self, content: str) -> str:
        words, name = _titled(content)
        name = name.removeprefix("/")
        if name not in self.index.pages:
            raise PlainError(f"{self.page} refers to the page {name!r}, which is not in book/_toc.yml")
        return f"[{words or self.index.pages[name].title}]({self.index.address(name)})"

    def term(self, content: str) -> str:
        words, name = _titled(content)
        return f"[{words or name}]({self.index.address('glossary')})"

    def download(self, content: str) -> str:
        words, path = _titled(content)
        return f"[{words or path}]({self.address(path)})"

    def cite(self, content: str, textual: bool) -> str:
        cited = []
        for key in (key.strip() for key in content.split(",")):
            authors, year = self.citations.authors_and_year(key)
            cited.append(f"{authors} [[{year}](#{key})]" if textual else f"[{authors}, {year}](#{key})")
        return ", ".join(cited) if textual else f"[{', '.join(cited)}]"

    def linked(self, words: str, target: Target) -> str:
        return f"[{words}]({self.index.link(target, self.page)})"

    def numbered(self, kind: str, label: str, title: str) -> str:
        """ "Fig. 3.2" of the figure with this label or, if it has none, this caption."""
        if label:
            return self.index.target(label, self.page).numbered
        here = (target for target in self.index.targets.values() if (target.kind, target.page) == (kind, self.page))
        return next(target.numbered for target in here if target.title == title)


DIRECTIVES: dict[str, Callable[[PlainText, Directive], str]] = {
    "admonition": PlainText.admonition,
    "code": PlainText.code,
    "code-block": PlainText.code,
    "dropdown": PlainText.dropdown,
    "exercise-help": PlainText.exercise_help,
    "figure": PlainText.figure,
    "image": PlainText.image,
    "list-table": PlainText.list_table,
    "math": PlainText.math,
    "tab-item": PlainText.tab,
    "tab-set": PlainText.tabs,
    "table": PlainText.table,
}
ROLES: dict[str, Callable[[PlainText, str], str]] = {
    "abbr": lambda text, content: content,
    "doc": PlainText.document,
    "download": PlainText.download,
    "eq": PlainText.equation_reference,
    "kbd": lambda text, content: f"<kbd>{content}</kbd>",
    "math": lambda text, content: f"${content}$",
    "numref": PlainText.numbered_reference,
    "octicon": lambda text, content: "",  # decoration
    "ref": PlainText.reference,
    "sub": lambda text, content: f"<sub>{content}</sub>",
    "sup": lambda text, content: f"<sup>{content}</sup>",
    "term": PlainText.term,
}


def anchor(label: str) -> str:
    return f'<a id="{label}"></a>'


def details(summary: str, body: str) -> str:
    """Folded text; the empty lines let the body be Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def _titled(content: str) -> tuple[str, str]:
    """The two parts of ``words <label>``; no words where only the label stands."""
    found = TITLED.match(content)
    return (found["words"], found["label"]) if found else ("", content)


def _set_apart(block: str, lines: list[str], token: Token) -> list[str]:
    """The lines of a block, in the list or the quote that it stands in, between empty lines."""
    assert token.map is not None
    start, end = token.map
    mark = {"myst_target": "(", "myst_line_comment": "%"}.get(token.type, token.markup)
    before = lines[start][: lines[start].find(mark)] if mark else ""
    after = re.sub(r"[^\s>]", " ", before)
    written = [(after + line).rstrip() for line in block.split("\n")]
    written[0] = (before + block.split("\n")[0]).rstrip()
    empty = after.rstrip()
    if start and before == after and lines[start - 1].strip(" >"):
        written.insert(0, empty)
    if end < len(lines) and lines[end].strip(" >"):
        written.append(empty)
    return written


def _items(tokens: list[Token], text: str) -> list[str]:
    """The items of the list that a text is, each without its bullet and its indent."""
    lines = text.split("\n")
    items = []
    for token in tokens:
        if token.type == "list_item_open" and token.level == 1 and token.map:
            start, end = token.map
            indent = len(lines[start]) - len(lines[start].lstrip()[1:].lstrip())
            items.append("\n".join(line[indent:] for line in lines[start:end]).strip("\n"))
    return items


def _in_pipes(cell: str) -> str:
    """A cell on one line, its own pipes written so that they divide nothing."""
    parts = re.split(r"(\$[^$]+\$)", cell.replace("\n", " "))
    return "".join(re.sub(r"(?<!\\)\|", r"\\vert " if part.startswith("$") else r"\\|", part) for part in parts)


def _html_table(rows: list[list[str]], headers: int) -> str:
    lines = ["<table>"]
    for number, row in enumerate(rows):
        tag = "th" if number < headers else "td"
        lines += ["<tr>", *(f"<{tag}>\n\n{cell}\n\n</{tag}>" for cell in row), "</tr>"]
    return "\n".join([*lines, "</table>"])
