import codecs

import pytest

from fer_tutorial.datasets.text_tables import read_rows
from tests.helpers.refusals import refused

ROWS = [["picture", "label"], ["a.jpg", "happy"], ["b.jpg", "sad"]]


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes):
        file = tmp_path / "list.txt"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


@pytest.mark.parametrize(
    "text",
    [
        "picture,label\na.jpg,happy\nb.jpg,sad\n",
        "picture;label\na.jpg;happy\nb.jpg;sad",
        "picture\tlabel\na.jpg\thappy\nb.jpg\tsad\n\n\n",
        "picture label\na.jpg   happy\n  b.jpg sad  \n",
        "picture,label\r\na.jpg,happy\r\nb.jpg,sad\r\n",
        "picture,label\ra.jpg,happy\rb.jpg,sad\r",
        '"picture","label"\n"a.jpg","happy"\n"b.jpg","sad"\n',
        " picture , label\n\na.jpg, happy\n , \nb.jpg ,sad\n",
        codecs.BOM_UTF8 + b"picture,label\na.jpg,happy\nb.jpg,sad\n",
        "picture\tlabel\na.jpg\thappy\nb.jpg\tsad\n".encode("utf-16"),
    ],
)
def test_one_table_in_many_forms(write, text):
    assert read_rows(write(text)) == ROWS


def test_quotes_keep_blanks_commas_and_line_ends_together(write):
    assert read_rows(write('"my face.jpg" happy\nb.jpg sad\n')) == [["my face.jpg", "happy"], ["b.jpg", "sad"]]
    assert read_rows(write('"a,b.jpg",happy,"two\nlines"\n')) == [["a,b.jpg", "happy", "two\nlines"]]


def test_a_separator_that_is_said(write):
    file = write("a.jpg 1,0\nb.jpg 2,0\n")
    assert read_rows(file) == [["a.jpg 1", "0"], ["b.jpg 2", "0"]]
    assert read_rows(file, separator="blanks") == [["a.jpg", "1,0"], ["b.jpg", "2,0"]]


def test_an_encoding_that_is_said(write):
    file = write("Björn.jpg,happy\n".encode("cp1252"))
    with refused("is not text in utf-8-sig", "encoding=cp1252"):
        read_rows(file)
    assert read_rows(file, encoding="cp1252") == [["Björn.jpg", "happy"]]


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("", {}, "is empty"),
        ("\n \r\n", {}, "is empty"),
        (codecs.BOM_UTF8, {}, "is empty"),
        (",,\n,,\n", {}, "has one field a line"),
        ("a.jpg\nb.jpg\n", {}, "has one field a line"),
        (
            "a.jpg happy\nmy face.jpg sad\nc.jpg sad\n",
            {},
            "has 3 fields in line 2 and 2 in most others, read with blanks",
        ),
        ("a.jpg,1\nb.jpg,2,3\nc.jpg,1\n", {}, "has 3 fields in line 2 and 2 in most others, read with comma"),
        ('a.jpg,1\n"b.jpg,2\nc.jpg,3\n', {}, "list.txt"),
        (b"\x89PNG\r\n\x1a\n\0\0", {}, "is not text"),
        (b"a.jpg,\0,1\n", {}, "is no text"),
        (codecs.BOM_UTF16_LE + b"a", {}, "is not text in utf-16"),
        ("a.jpg,1\n", {"separator": "|"}, "separator is '|'; expected one of tab, semicolon, comma, blanks"),
        ("a.jpg,1\n", {"encoding": "klingon"}, "there is no encoding 'klingon'"),
        ('"a.jpg"x,1\n', {"separator": "comma"}, "cannot be read as a table"),
    ],
)
def test_what_is_no_table(write, content, options, says):
    with refused(says):
        read_rows(write(content), **options)


def test_a_file_that_is_not_there(tmp_path):
    with refused("cannot be read"):
        read_rows(tmp_path / "gone.txt")
