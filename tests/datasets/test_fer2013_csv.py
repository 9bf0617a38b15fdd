"""The CSV files as people's programs write them, and as nobody should."""

import csv
import io

import numpy as np
import pytest

from fer_tutorial.datasets import load_data
from fer_tutorial.datasets.fer2013_csv import read_label_csv
from tests.helpers.refusals import refused


def rewritten(rows, **options):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", **options).writerows(rows)
    return text.getvalue()


def with_index(rows):
    return [[str(number - 1) if number else "", *row] for number, row in enumerate(rows)]


# How a program writes the same table: from rows (header first) to the bytes of the file.
FORMS = {
    "byte order mark (Excel)": lambda rows: rewritten(rows).encode("utf-8-sig"),
    "everything quoted": lambda rows: rewritten(rows, quoting=csv.QUOTE_ALL).encode(),
    "strings quoted": lambda rows: rewritten(
        [[int(cell) if cell.isdecimal() else cell for cell in row] for row in rows], quoting=csv.QUOTE_NONNUMERIC
    ).encode(),
    "byte order mark and quotes": lambda rows: rewritten(rows, quoting=csv.QUOTE_ALL).encode("utf-8-sig"),
    "line ends of Windows": lambda rows: rewritten(rows).replace("\n", "\r\n").encode(),
    "blanks around the names": lambda rows: rewritten([[f" {name} " for name in rows[0]], *rows[1:]]).encode(),
    "blanks around everything": lambda rows: rewritten([[f" {cell} " for cell in row] for row in rows]).encode(),
    "columns of names in capitals": lambda rows: rewritten([[n.upper() for n in rows[0]], *rows[1:]]).encode(),
    "usage in small letters": lambda rows: rewritten([[c.lower() for c in row] for row in rows]).encode(),
    "columns in another order": lambda rows: rewritten([row[::-1] for row in rows]).encode(),
    "column of row numbers (pandas)": lambda rows: rewritten(with_index(rows)).encode(),
    "row numbers and quotes (R)": lambda rows: rewritten(with_index(rows), quoting=csv.QUOTE_ALL).encode(),
    "blank lines and no last line end": lambda rows: rewritten(rows).replace("\n", "\n\n").rstrip("\n").encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", ["fer2013.csv", "fer2013new.csv"])
def test_every_form_of_a_table_reads_the_same(form, file, ferplus_csv):
    names = ["ferplus", "fer2013"] if file == "fer2013.csv" else ["ferplus"]
    expected = [load_data(name, ferplus_csv) for name in names]
    rows = list(csv.reader((ferplus_csv / file).open()))
    (ferplus_csv / file).write_bytes(FORMS[form](rows))
    for name, before in zip(names, expected, strict=True):
        after = load_data(name, ferplus_csv)
        for field, array in before.arrays().items():
            np.testing.assert_array_equal(getattr(after, field), array)


def test_label_csv_with_a_byte_order_mark(ferplus_folder):
    file = ferplus_folder / "FER2013Train/label.csv"
    names, votes = read_label_csv(file)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    again = read_label_csv(file)
    assert again[0].tolist() == names.tolist()
    np.testing.assert_array_equal(again[1], votes)


def edit(old, new, count=1):
    return lambda content: content.replace(old, new, count)


# Which file is spoilt, how, and what is said of it.
HOSTILE = {
    "empty": ("fer2013.csv", lambda c: b"", "lacks the columns emotion, pixels, usage"),
    "header alone, of another file": ("fer2013.csv", lambda c: b"a,b\n", "it has a, b, expected emotion"),
    "UTF-16": ("fer2013.csv", lambda c: c.decode().encode("utf-16"), "encoded in UTF-16; expected UTF-8"),
    "semicolons": ("fer2013.csv", edit(b",", b";", -1), "with commas between them"),
    "a picture": ("fer2013.csv", lambda c: b"\x89PNG\r\n\x1a\n" + bytes(200), "lacks the columns"),
    "rows of six fields": ("fer2013.csv", lambda c: c + b"1,2,3,4,5,6\n", "has 6 fields in data row 11; expected 3"),
    "half a row at the end": ("fer2013.csv", lambda c: c[:-100], "has 2 fields in data row 10; expected 3"),
    "negative label": ("fer2013.csv", edit(b"\n6,", b"\n-1,"), "has the label '-1' in data row 1; expected 0 to 6"),
    "label that is a word": ("fer2013.csv", edit(b"\n6,", b"\nhappy,"), "has the label 'happy' in data row 1"),
    "no label": ("fer2013.csv", edit(b"\n6,", b"\n,"), "has the label '' in data row 1"),
    "label with a fraction": ("fer2013.csv", edit(b"\n6,", b"\n2.5,"), "has the label '2.5' in data row 1"),
    "unknown usage": (
        "fer2013.csv",
        edit(b",PublicTest", b",Public"),
        "has the usage 'Public' in data row 9; expected",
    ),
    "no pixels": ("fer2013.csv", lambda c: c.split(b"\n")[0] + b"\n6,,Training\n", "data row 1 of"),
    "too large a number": ("fer2013.csv", edit(b"\n6,0 ", b"\n6,99999999999999999999 "), "data row 1 of"),
    "negative pixel": ("fer2013.csv", edit(b"\n6,0 ", b"\n6,-1 "), "has pixels outside 0..255"),
    "pixel with a fraction": ("fer2013.csv", edit(b"\n6,0 ", b"\n6,0.5 "), "has pixels that are no numbers"),
    "an open quote": ("fer2013.csv", edit(b"\n6,0 ", b'\n6,"0 '), "has 2 fields in data row 1; expected 3"),
    "votes: empty": ("fer2013new.csv", lambda c: b"", "cannot be read as a table"),
    "votes: UTF-16": ("fer2013new.csv", lambda c: c.decode().encode("utf-16"), "expected CSV in UTF-8"),
    "votes: Latin-1": ("fer2013new.csv", edit(b"Training", b"Training\xe9"), "expected CSV in UTF-8"),
    "votes: a column less": ("fer2013new.csv", edit(b",fear", b""), "fer2013new.csv"),
    "votes: rows too long": (
        "fer2013new.csv",
        lambda c: c + b"1,2\n" + b"1," * 30 + b"\n",
        "cannot be read as a table",
    ),
    "votes: a comma more in every row": (
        "fer2013new.csv",
        lambda c: c.split(b"\n")[0] + b"\n" + c.split(b"\n", 1)[1].replace(b"\n", b",\n"),
        "fer2013new.csv",
    ),
    "votes: eleven": ("fer2013new.csv", edit(b",8,2,", b",11,2,"), "votes that are no numbers from 0 to 10"),
    "votes: negative": ("fer2013new.csv", edit(b",8,2,", b",-8,2,"), "first in data row 1"),
    "votes: missing": ("fer2013new.csv", edit(b",8,2,", b",,2,"), "first in data row 1"),
    "votes: unknown usage": ("fer2013new.csv", edit(b"PublicTest", b"Public"), "has the usage 'Public' in data row 9"),
    "votes: a row less": ("fer2013new.csv", lambda c: c[: c.rindex(b"\nPrivate")], "do not belong together"),
    "votes: names of other files": ("fer2013new.csv", edit(b"fer0000001.png", b"../../x.png"), "'../../x.png'"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_tables(case, ferplus_csv):
    name, spoil, says = HOSTILE[case]
    file = ferplus_csv / name
    file.write_bytes(spoil(file.read_bytes()))
    with refused(says):
        load_data("ferplus" if name == "fer2013new.csv" else "fer2013", ferplus_csv)


HOSTILE_LABELS = {
    "empty": (lambda c: b"", "label.csv cannot be read as a table"),
    "a header": (lambda c: b"name,box,a,b,c,d,e,f,g,h,i,j\n" + c, "label.csv names a picture 'name'"),
    "five columns": (lambda c: b"fer0000000.png,x,1,2,3\n", "has 5 columns; expected 12"),
    "a name twice": (lambda c: c + c.split(b"\n")[0] + b"\n", "names fer0000000.png 2 times"),
    "a vote that is a word": (edit(b",9,1,", b",nine,1,"), "first in data row 2"),
    "bytes": (lambda c: bytes(range(256)), "label.csv cannot be read as a table"),
}


@pytest.mark.parametrize("case", HOSTILE_LABELS)
def test_hostile_label_files(case, ferplus_folder):
    spoil, says = HOSTILE_LABELS[case]
    file = ferplus_folder / "FER2013Train/label.csv"
    file.write_bytes(spoil(file.read_bytes()))
    with refused(says):
        load_data("ferplus", ferplus_folder)
