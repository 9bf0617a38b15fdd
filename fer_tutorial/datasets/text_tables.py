"""Tables in text files as people's programs write them: commas, tabs, semicolons or blanks between the fields."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fer_tutorial.datasets.places import opened
from fer_tutorial.datasets.source import reason
from fer_tutorial.errors import UserError

SEPARATORS = {"tab": "\t", "semicolon": ";", "comma": ",", "blanks": " "}
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_rows(file: Path, separator: str | None = None, encoding: str | None = None) -> list[list[str]]:
    """The fields of every line that is not empty, without blanks around them; all lines have the same number.

    Args:
        file: with or without a byte order mark, quotes and a line end at its end; lines may end as on Windows.
        separator: ``tab``, ``semicolon``, ``comma`` or ``blanks`` (any number of them); unless given, the first of
            these that divides every line into the same number of fields, two or more.
        encoding: UTF-8, or UTF-16 where the byte order mark says so, unless given.

    Raises:
        UserError: a file that is no text, an unknown separator, lines of different lengths.
    """
    if separator is not None and separator not in SEPARATORS:
        raise UserError(f"separator is {separator!r}; expected one of {', '.join(SEPARATORS)}")
    lines = _text(file, encoding).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not any(line.strip() for line in lines):
        raise UserError(f"{file} is empty; expected a table of names and labels")
    found: dict[str, list[tuple[int, list[str]]]] = {}
    for name in [separator] if separator is not None else SEPARATORS:
        try:
            found[name] = list(_fields(lines, SEPARATORS[name]))
        except csv.Error as error:
            if name == separator:
                raise UserError(f"{file} cannot be read as a table ({reason(error)}); expected text in lines") from None
            continue
        rows = [row for _, row in found[name]]
        if rows and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
            return rows
    # None fits: the one that divides the most lines alike says which line is another.
    usual = {name: Counter(len(row) for _, row in rows if len(row) > 1) for name, rows in found.items()}
    best = max(usual, key=lambda name: max(usual[name].values(), default=0), default="comma")
    if not usual.get(best):
        raise UserError(
            f"{file} has one field a line; expected at least a name and a label, with {', '.join(SEPARATORS)} between "
            "them"
        )
    ((width, _),) = usual[best].most_common(1)
    line, row = next((line, row) for line, row in found[best] if len(row) != width)
    raise UserError(
        f"{file} has {len(row)} fields in line {line} and {width} in most others, read with {best} between them; "
        "expected the same number in every line, so mend the line, put names with blanks in quotes, or give another "
        f"separator ({', '.join(SEPARATORS)})"
    )


def _fields(lines: list[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Number and fields of every line with anything in it."""
    texts = (line.strip(" ") for line in lines) if separator == " " else iter(lines)
    reader = csv.reader((f"{text}\n" for text in texts), delimiter=separator, skipinitialspace=True, strict=True)
    for row in reader:
        if any(field.strip() for field in row):
            yield reader.line_num, [field.strip() for field in row]


def _text(file: Path, encoding: str | None) -> str:
    with opened(file) as opened_file:
        data = opened_file.read()
    encoding = encoding or ("utf-16" if data.startswith(UTF16) else "utf-8-sig")
    advice = "encoding=cp1252 (Windows in western Europe) or encoding=gb18030 (China)"
    try:
        text = data.decode(encoding)
    except LookupError:
        raise UserError(f"there is no encoding {encoding!r}; expected one of Python's, such as {advice}") from None
    except UnicodeError:
        raise UserError(
            f"{file} is not text in {encoding}; save it in UTF-8, or say what it is, with {advice}"
        ) from None
    if "\0" in text:
        raise UserError(f"{file} is no text; expected a table of names and labels in UTF-8")
    return text
