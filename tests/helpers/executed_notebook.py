"""A notebook with outputs, written without executing it."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def save_executed(path: Path, *cells: tuple[str, str]) -> Path:
    """Write a notebook whose code cells show the outputs given."""
    executed = [
        new_code_cell(code, execution_count=n, outputs=[new_output("execute_result", {"text/plain": output})])
        for n, (code, output) in enumerate(cells, start=1)
    ]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Title"), *executed]), path)
    return path
