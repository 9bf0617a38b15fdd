"""Code cells as JupyterLab and Colab show them: what the book folds is folded there, solutions run no more.

The book folds by tags, which no other reader of notebooks knows.
"""

from __future__ import annotations

import ast
import copy
import html
import itertools
import re

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.plain_text import PlainText, anchor, details

INPUT_FOLDED = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
OUTPUT_FOLDED = {"hide-cell", "hide-output", "remove-cell", "remove-output"}
KEPT_TAGS = re.compile(r"nbval-|raises-exception")
HINT = re.compile(r"Hint (\d) of \d: (.*)", re.DOTALL)


def plain_cells(cells: list[NotebookNode], text: PlainText) -> list[NotebookNode]:
    """The cells of a plain notebook, in the order of the source's."""
    plain: list[NotebookNode] = []
    for hints, group in itertools.groupby(cells, is_hint):
        if hints:
            plain.append(new_markdown_cell(folded_hints(list(group))))
            continue
        for cell in group:
            if cell.cell_type == "markdown":
                plain.append(new_markdown_cell(text(cell.source)))
            elif is_solution(cell):
                plain.append(new_markdown_cell(details("Solution", f"```python\n{cell.source}\n```")))
            else:
                plain += [plain_code(cell, text), *captions(cell, text)]
    return plain


# --- exercises --------------------------------------------------------------------------------------------------------


def is_hint(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(re.fullmatch(r"hint\([^()]*\)", cell.source.strip()))


def is_solution(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and folded(cell, INPUT_FOLDED) and "check" in calls(cell.source)


def folded_hints(cells: list[NotebookNode]) -> str:
    """Each hint within the one before it, as the cells printed them."""
    folded = ""
    for cell in reversed(cells):
        level, words = HINT.fullmatch(cell.outputs[0].text.strip()).groups()  # type: ignore[union-attr]
        hint = f"<summary>Hint {level}</summary>\n<p>{html.escape(words, quote=False)}</p>"
        folded = f"<details>{hint}\n{folded}</details>\n"
    return folded.rstrip("\n")


def calls(source: str) -> set[str]:
    """The functions that a cell calls by their names at its top level."""
    return {
        node.value.func.id
        for node in statements(source)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
    }


def statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:  # a magic or a command of the shell, which only IPython reads
        return []


# --- other code -------------------------------------------------------------------------------------------------------


def plain_code(cell: NotebookNode, text: PlainText) -> NotebookNode:
    """The cell with its outputs, folded where the book folds it."""
    kept = {tag for tag in cell.metadata.get("tags", []) if KEPT_TAGS.match(tag)}
    plain = copy.deepcopy(cell)
    plain.metadata = NotebookNode()
    if "score" in calls(cell.source):  # the source's score counts the solutions, which do not run here
        plain.outputs, plain.execution_count = [], None
        kept.add("nbval-ignore-output")
    if folded(cell, INPUT_FOLDED):
        plain.source = f"#@title {title(cell, text)}\n{cell.source}"
        plain.metadata["cellView"] = "form"
        plain.metadata["jupyter"] = {"source_hidden": True}
    if folded(cell, OUTPUT_FOLDED):
        plain.metadata.setdefault("jupyter", {})["outputs_hidden"] = True
    if kept:
        plain.metadata["tags"] = sorted(kept)
    for output in plain.outputs:
        for kind in output.get("data", {}):
            if alternative(cell) and kind.startswith("image/"):
                output.metadata[kind] = {"alt": alternative(cell)}
    return plain


def folded(cell: NotebookNode, tags: set[str]) -> bool:
    return not tags.isdisjoint(cell.metadata.get("tags", []))


def title(cell: NotebookNode, text: PlainText) -> str:
    """What Colab writes over a folded cell."""
    if "setup" in cell.metadata.get("tags", []):
        return "Set-up"
    if caption := figure(cell).get("caption"):
        return f"Code of {text.numbered('figure', figure(cell).get('name', ''), caption)}"
    kinds = {type(node) for node in statements(cell.source)}
    if kinds and kinds <= {ast.Import, ast.ImportFrom}:
        return "Imports"
    return "Checks" if kinds == {ast.Assert} else "Code of the figure" if "InteractiveFigure" in cell.source else "Code"


def captions(cell: NotebookNode, text: PlainText) -> list[NotebookNode]:
    """What stands below a plot: number and caption, and the plot in words, which no reader takes from a cell's data."""
    caption, label = figure(cell).get("caption"), figure(cell).get("name", "")
    if not caption:
        return []
    parts = [f"**{text.numbered('figure', label, caption)}** {text.inline(caption)}"]
    if label:
        parts.insert(0, anchor(label))
    if alternative(cell):
        parts.append(details("Description in words", alternative(cell)))
    return [new_markdown_cell("\n\n".join(parts))]


def figure(cell: NotebookNode) -> dict:
    return cell.metadata.get("mystnb", {}).get("figure", {})


def alternative(cell: NotebookNode) -> str:
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
