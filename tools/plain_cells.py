"""Code cells as JupyterLab and Colab show them: what the book folds is folded there.

The book folds by tags, which no other reader of notebooks knows.
"""

from __future__ import annotations

import copy
import re

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.plain_text import PlainText, anchor, details

INPUT_FOLDED = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
OUTPUT_FOLDED = {"hide-cell", "hide-output", "remove-cell", "remove-output"}
KEPT_TAGS = re.compile(r"nbval-|raises-exception")


def plain_cells(cells: list[NotebookNode], text: PlainText) -> list[NotebookNode]:
    """The cells of a plain notebook, in the order of the source's."""
    plain: list[NotebookNode] = []
    for cell in cells:
        if cell.cell_type == "markdown":
            plain.append(new_markdown_cell(text(cell.source)))
        else:
            plain += [plain_code(cell, text), *captions(cell, text)]
    return plain


def plain_code(cell: NotebookNode, text: PlainText) -> NotebookNode:
    """The cell with its outputs, folded where the book folds it."""
    kept = {tag for tag in cell.metadata.get("tags", []) if KEPT_TAGS.match(tag)}
    plain = copy.deepcopy(cell)
    plain.metadata = NotebookNode()
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
    prompt = cell.metadata.get("mystnb", {}).get("code_prompt_show", "Code")
    return prompt.removeprefix("Show ").capitalize()


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
