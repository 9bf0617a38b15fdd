import json

import pytest

from fer_tutorial.coursework.feedback import write_feedback
from fer_tutorial.coursework.roster import Student
from fer_tutorial.coursework.run import COLUMNS
from fer_tutorial.coursework.safe_text import read_table, write_table

STUDENTS = [
    Student("s1", "Ada Lovelace", {"email": "ada@example.org", "canvas_id": "11", "login": "ada", "section": "A"}),
    Student("s2", '=HYPERLINK("x")', {}),
    Student("s3", "Bo Li", {}),
]


def mark(task, status="ok", marks=0, of=0, reason="", text="", notes=()):
    properties = [{"words": f"what {task} asks", "marks": marks, "of": of, "reason": reason}] if of else []
    return {
        "task": task,
        "status": status,
        "properties": properties,
        "text": text,
        "notes": list(notes),
        "seconds": 1.0,
    }


WORK = {
    "s1": [mark("t.1", marks=5, of=5), mark("t.2", "duplicate", 4, 4), mark("t.3", text="Because.")],
    "s2": [
        mark("t.1", "error", 0, 5, "raised <script>alert(1)</script>"),
        mark("t.2", "missing", 0, 4),
        mark("t.3", "missing"),
    ],
}


@pytest.fixture
def graded(tmp_path):
    (tmp_path / "results").mkdir()
    rows = []
    for student, marks in WORK.items():
        record = {"student": student, "fingerprint": "", "marks": marks}
        (tmp_path / "results" / f"{student}.json").write_text(json.dumps(record))
        rows += [{**dict.fromkeys(COLUMNS, ""), "student": student, "task": each["task"]} for each in marks]
    write_table(tmp_path / "marks.csv", COLUMNS, rows)
    return tmp_path


@pytest.fixture
def returned(graded, assignment, secret):
    """What is written, with a level for the text of s1 or without."""

    def call(level):
        rubric = graded / "rubric.csv"
        code = secret.code("s1")
        rubric.write_text(f"sheet,task,criterion,level,comment\n{code},t.3,why,{level},<i>good</i>\n")
        write_feedback(assignment, graded, STUDENTS, rubric, graded / "out", secret)
        return graded / "out"

    return call


def test_a_page_says_what_earned_how_much(returned):
    page = (returned(2) / "s1.html").read_text()
    assert "<strong>13 of 15 marks</strong>." in page  # 5 + 4 + 2/3 of 6
    assert "what t.1 asks</td><td>holds</td><td>5 of 5" in page
    assert "there was more than one answer" in page
    assert "enough. &lt;i&gt;good&lt;/i&gt;" in page


def test_what_students_typed_is_escaped_and_nothing_is_loaded(returned):
    page = (returned(2) / "s2.html").read_text()
    assert "<script" not in page
    assert "raised &lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert "the answer could not be run to its end" in page
    assert "no answer was found" in page


def test_marks_that_are_still_to_come_are_said(returned):
    page = (returned("") / "s1.html").read_text()
    assert "<strong>9 of 15 marks</strong> so far; 6 marks are still to be given by hand." in page
    assert "so far" not in (returned(0) / "s1.html").read_text()


def test_the_tables(returned):
    out = returned(2)
    human = {(row["student"], row["task"]): row["human"] for row in read_table(out / "marks.csv")}
    assert (human["s1", "t.3"], human["s1", "t.1"], human["s2", "t.3"]) == ("4", "", "0")
    column = "T: a small assignment (15)"
    assert read_table(out / "moodle.csv")[0] == {"ID number": "s1", "Email address": "ada@example.org", column: "13"}
    canvas = read_table(out / "canvas.csv")
    assert canvas[0] == {
        **{"Student": "Ada Lovelace", "ID": "11", "SIS User ID": "s1", "SIS Login ID": "ada", "Section": "A"},
        column: "13",
    }
    assert canvas[1]["Student"] == '\'=HYPERLINK("x")'
    assert (canvas[1][column], canvas[2][column]) == ("0", "")
