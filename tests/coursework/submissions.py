"""Notebooks as students hand them in: of cells, as bytes."""

import json

PRODUCT = "def product(x, y):\n    return FACTOR * x * y"
COUNTS = "def counts(labels):\n    return torch.stack([(labels == k).sum() for k in range(5)])"
WRONG_PRODUCT = "def product(x, y):\n    return x * y"


def line(task, marks):
    return f"#@ task {task} ({marks} marks): keep this line\n"


def code(source, **metadata):
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def text(source, **metadata):
    return {"cell_type": "markdown", "source": source, "metadata": metadata}


def first(answer=PRODUCT, **metadata):
    """The cell of the task t.1."""
    return code(line("t.1", 5) + answer, **metadata)


def second(answer=COUNTS, **metadata):
    """The cell of the task t.2."""
    return code(line("t.2", 4) + answer, **metadata)


def helpers(source):
    return code("#@ helpers: keep this line\n" + source)


def written(words="Because."):
    return text(f"**{line('t.3', 6).strip()}**\n\n{words}")


def notebook(*cells, **metadata):
    for number, cell in enumerate(cells):
        cell.setdefault("id", f"cell-{number}")
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()
