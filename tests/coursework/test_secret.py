import stat

import pytest

from fer_tutorial.coursework.secret import Secret, read_secret
from fer_tutorial.errors import UserError


def test_words_give_numbers_that_differ_and_come_again():
    one, other = Secret("a" * 16), Secret("b" * 16)
    assert one.number("x", "y") == Secret("a" * 16).number("x", "y")
    assert len({one.number("x", "y"), one.number("xy"), one.number("y", "x"), other.number("x", "y")}) == 4
    assert 0 <= one.number("x") < 2**48
    assert one.code("s1") != other.code("s1") != ""
    assert one.name != other.name


def test_names_and_codes_tell_neither_secret_nor_numbers():
    secret = Secret("a" * 16)
    assert "a" * 16 not in secret.name + secret.code("s1")
    assert secret.code("s1") != f"{secret.number('s1'):x}"[:10]


def test_a_file_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "new" / "secret.txt"
    first = read_secret(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().strip()) == 64
    assert read_secret(path).name == first.name


def test_a_short_or_unreadable_secret_is_refused(tmp_path):
    (tmp_path / "short").write_text("abc\n")
    with pytest.raises(UserError, match="3 characters; expected 16 or more"):
        read_secret(tmp_path / "short")
    with pytest.raises(UserError, match="cannot be read or made"):
        read_secret(tmp_path)
