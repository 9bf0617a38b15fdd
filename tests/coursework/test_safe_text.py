import csv

import pytest

from fer_tutorial.coursework.safe_text import LONGEST, read_table, safe, write_table


@pytest.mark.parametrize(("text", "shown"), [
    ("Ada", "Ada"),
    ("Zoë Ω", "Zoë Ω"),
    ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
    (" +1", "' +1"),
    ("-2", "'-2"),
    ("@SUM", "'@SUM"),
    ("\t=1", "\\t=1"),
    ("a\nb\r", "a\\nb\\r"),
    ("\u202egnp.ipynb", "\\u202egnp.ipynb"),
    ("\x00\x1b[31m", "\\x00\\x1b[31m"),
])  # fmt: skip
def test_text_is_one_visible_line_and_no_formula(text, shown):
    assert safe(text) == shown


def test_text_is_not_endless():
    assert len(safe("x" * 10_000)) == LONGEST


def test_a_table_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "t.csv"
    write_table(path, ("a", "b"), [{"a": '=1,"', "b": 2}, {"a": "x\ny", "b": ""}])
    assert read_table(path) == [{"a": "'=1,\"", "b": "2"}, {"a": "x\\ny", "b": ""}]
    assert not path.with_suffix(".part").exists()
    path.write_text("\ufeffa,b\n1\n2,3,4\n", encoding="utf-8")  # as a spreadsheet writes it, and odd
    assert read_table(path) == [{"a": "1", "b": ""}, {"a": "2", "b": "3"}]
    assert csv.field_size_limit() > LONGEST
