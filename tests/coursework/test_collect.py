"""Hostile archives and folders: nothing is written but under the students' numbers, and every file is accounted for."""

import io
import os
import stat
import zipfile
from datetime import datetime

import pytest

from fer_tutorial.coursework.collect import PROBLEMS, SUBMISSIONS, collect
from fer_tutorial.coursework.notebook import LARGEST
from fer_tutorial.coursework.roster import Student
from fer_tutorial.coursework.safe_text import read_table
from fer_tutorial.errors import UserError
from tests.coursework.submissions import code, first, notebook, second

STUDENTS = [Student("s1", "Ada Lovelace"), Student("s2", "Alan Turing"), Student("s3", "Bo Li")]
WORK = notebook(first(), second())
EVENING, MORNING = (2027, 1, 31, 20, 0, 0), (2027, 2, 1, 9, 30, 0)


def by(number, *cells):
    return notebook(code(f'#@ student: keep this line\nSTUDENT = "{number}"'), *(cells or (first(),)))


def archive(path, members):
    """A zip file of (name, content, time, mode)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content, *rest in members:
            info = zipfile.ZipInfo(name, rest[0] if rest else EVENING)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (rest[1] if len(rest) > 1 else stat.S_IFREG | 0o644) << 16
            file.writestr(info, content)
    return path


@pytest.fixture
def collected(tmp_path):
    """Submissions and problems, as tables, of members of a zip file."""

    def call(*members, **options):
        before = set(tmp_path.rglob("*"))
        out = tmp_path / "inbox"
        collect(archive(tmp_path / "all.zip", members), STUDENTS, out, **options)
        written = set(tmp_path.rglob("*")) - before - {tmp_path / "all.zip", out}
        rows, problems = read_table(out / SUBMISSIONS), read_table(out / PROBLEMS)
        assert written == {out / SUBMISSIONS, out / PROBLEMS, *(out / f"{row['student']}.ipynb" for row in rows)}
        return rows, [row for row in problems if row["problem"] != "nothing was handed in"]

    return call


def test_one_notebook_a_student_as_moodle_and_canvas_name_them(collected, tmp_path):
    rows, problems = collected(
        ("Ada Lovelace_1_assignsubmission_file_/mine.ipynb", WORK),
        ("turingalan_12_34_a1.ipynb", WORK + b" "),
        ("whatever.ipynb", by("s3")),
    )
    assert [row["student"] for row in rows] == ["s1", "s2", "s3"]
    assert problems == []
    assert (tmp_path / "inbox" / "s1.ipynb").read_bytes() == WORK
    assert int(rows[0]["bytes"]) == len(WORK)
    assert len(rows[0]["sha256"]) == 64


def test_the_latest_complete_one_counts(collected, tmp_path):
    old, new, empty = by("s1"), by("s1", first(), second()), notebook()
    rows, problems = collected(
        ("s1_a.ipynb", old, EVENING), ("s1_b.ipynb", new, MORNING), ("s1_c.ipynb", empty, (2027, 3, 1, 0, 0, 0))
    )
    assert (tmp_path / "inbox" / "s1.ipynb").read_bytes() == new
    assert [row["file"] for row in problems] == ["s1_c.ipynb", "s1_a.ipynb"]
    assert all(row["problem"].startswith("replaced by s1_b.ipynb") for row in problems)
    assert len(rows) == 1


def test_minutes_after_the_deadline(collected):
    rows, _ = collected(
        ("s1.ipynb", WORK, MORNING), ("s2.ipynb", WORK, EVENING), deadline=datetime(2027, 1, 31, 23, 30)
    )
    assert [row["late_minutes"] for row in rows] == ["600", "0"]


HOSTILE = {
    "9 out of the folder": ("../../../s1.ipynb", "../../../s1.ipynb"),
    "9 from the root": ("/etc/s1.ipynb", "/etc/s1.ipynb"),
    "9 over two lines": ("s1\n.ipynb", "s1\\n.ipynb"),
    "9 from right to left": ("s1_\u202e.ipynb", "s1_\\u202e.ipynb"),
    "54 a formula": ('=HYPERLINK("http://x") s1.ipynb', '\'=HYPERLINK("http://x") s1.ipynb'),
    "9 very long": ("s1 " + "x" * 5000 + ".ipynb", "s1 " + "x" * 297),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_name_nothing_that_is_written(name, collected):
    given, shown = HOSTILE[name]
    rows, _ = collected((given, WORK))
    assert [(row["student"], row["file"]) for row in rows] == [("s1", shown)]


def test_a_bomb_is_one_line_of_the_problems(collected):
    rows, problems = collected(("s1.ipynb", bytes(LARGEST + 1)), ("s2.ipynb", WORK))
    assert [row["student"] for row in rows] == ["s2"]
    assert "clear the outputs" in problems[0]["problem"]


def test_a_bomb_that_lies_about_its_size(tmp_path):
    path = archive(tmp_path / "all.zip", [("s1.ipynb", bytes(LARGEST + 5)), ("s2.ipynb", WORK)])
    content = path.read_bytes()
    path.write_bytes(content.replace((LARGEST + 5).to_bytes(4, "little"), (100).to_bytes(4, "little")))
    counts = collect(path, STUDENTS, tmp_path / "inbox")
    assert counts["submissions"] == 1
    assert any(row["file"] == "s1.ipynb" for row in read_table(tmp_path / "inbox" / PROBLEMS))


def test_10_links_are_not_followed(collected, tmp_path):
    rows, problems = collected(("s1.ipynb", b"/etc/passwd", EVENING, stat.S_IFLNK | 0o777))
    assert rows == []
    assert problems[0]["problem"] == "a link, which is not followed"
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.ipynb").write_bytes(WORK)
    (folder / "s1.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "s2.ipynb").write_bytes(WORK)
    os.mkfifo(folder / "s3.ipynb")
    collect(folder, STUDENTS, tmp_path / "other")
    assert [row["student"] for row in read_table(tmp_path / "other" / SUBMISSIONS)] == ["s2"]


def test_what_is_broken_or_nobodys_is_a_line_of_the_problems(collected):
    rows, problems = collected(
        ("s1.ipynb", b"{"),
        ("s2.pdf", b"%PDF"),
        ("unknown.ipynb", WORK),
        ("other.ipynb", by("s99")),
        ("s1_s2.ipynb", WORK),
    )
    assert rows == []
    assert [row["problem"].partition(":")[0] for row in problems] == [
        "the file is not a notebook",
        "not a notebook",
        *["no student of the roster is its author"] * 3,
    ]


def test_who_says_to_be_another_is_found(collected):
    rows, problems = collected(("Ada Lovelace_1_/a.ipynb", by("s2")))
    assert [row["student"] for row in rows] == ["s1"]
    assert problems[0]["problem"] == "the notebook says that it is by 's2', the file's name that it is by this student"


def test_the_same_file_twice_is_said(collected):
    _, problems = collected(("s1.ipynb", WORK), ("s2.ipynb", WORK))
    assert [row["problem"] for row in problems] == ["the same file, to the last byte, as that of s1"]


def test_who_handed_in_nothing_is_a_line_too(tmp_path):
    collect(archive(tmp_path / "all.zip", [("s1.ipynb", WORK)]), STUDENTS, tmp_path / "inbox")
    missing = [row["student"] for row in read_table(tmp_path / "inbox" / PROBLEMS)]
    assert missing == ["s2", "s3"]


def test_no_archive_at_all(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no")
    for path in (tmp_path / "x.zip", tmp_path / "none.zip"):
        with pytest.raises(UserError, match="expected a folder or a zip file"):
            collect(path, STUDENTS, tmp_path / "inbox")
    with zipfile.ZipFile(broken := io.BytesIO(), "w") as file:
        file.writestr("s1.ipynb", WORK)
    content = bytearray(broken.getvalue())
    content[40:44] = b"\xff\xff\xff\xff"  # of the compressed bytes
    (tmp_path / "y.zip").write_bytes(content)
    assert collect(tmp_path / "y.zip", STUDENTS, tmp_path / "inbox2")["submissions"] == 0
