import json

import pytest

from fer_tutorial.coursework.notebook import LARGEST, Cell, Unreadable, read_cells
from tests.coursework.submissions import code, notebook, text


def test_cells_are_read_without_what_does_not_count():
    content = notebook(
        code("x = 1", fer_task="t.1"), text("**words**"), {"cell_type": "raw", "source": "r", "metadata": {}}
    )
    assert read_cells(content) == [Cell(True, "x = 1", "t.1"), Cell(False, "**words**"), Cell(False, "r")]


def test_lines_are_joined():
    content = notebook(code(["a = 1\n", "b = 2"]))
    assert read_cells(content)[0].source == "a = 1\nb = 2"


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "the file is empty"),
    (b" \n", "the file is empty"),
    (b"{", "the file is not a notebook"),
    (b"[]", "the file is not a notebook"),
    (b'{"nbformat": 99, "cells": []}', "the file is not a notebook"),
    (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [3]}', "the file is not a notebook"),
    (b"[" * 200_000, "the file is nested too deeply"),
    (b"\xff\x00\xfa", "the file is no text"),
    (b" " * LARGEST + b"{}", "MB; clear the outputs"),
    (b'{"nbformat": ' + b"9" * 5000 + b"}", "the file is not a notebook"),
], ids=lambda value: str(value)[:30])  # fmt: skip
def test_what_is_no_notebook_is_said_in_a_sentence(content, reason):
    with pytest.raises(Unreadable, match=reason):
        read_cells(content)


def test_a_source_that_is_no_text_is_empty():
    content = json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**code(3), "id": "a"}]}
    ).encode()
    assert read_cells(content) == [Cell(True, "")]
