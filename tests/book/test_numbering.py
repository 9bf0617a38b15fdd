"""The parts of a chapter are numbered by hand: no number is left out, and "part 4" names a part that is there."""

import re
from itertools import groupby

import nbformat
import pytest

from tools.notebooks import find

HEADING = re.compile(r"^#{2,3} (\d+)\.(?:(\d+))? ", re.MULTILINE)
NAMED = re.compile(r"\b[Pp]arts? (\d+)(?:(?:, | and | or | to )(\d+))*\b")


def markdown(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("path", find(), ids=lambda path: path.name)
def test_no_part_is_missing(path):
    numbers = [(int(part), int(section or 0)) for part, section in HEADING.findall(markdown(path))]
    parts = [(part, [section for _, section in found]) for part, found in groupby(numbers, key=lambda pair: pair[0])]
    assert [part for part, _ in parts] == list(range(1, len(parts) + 1))
    for part, sections in parts:
        assert sections == list(range(len(sections))), f"part {part}"


@pytest.mark.parametrize("path", find(), ids=lambda path: path.name)
def test_a_part_that_the_text_names_is_there(path):
    text = markdown(path)
    parts = {part for part, _ in HEADING.findall(text)}
    assert {number for match in NAMED.finditer(text) for number in match.groups() if number} <= parts
