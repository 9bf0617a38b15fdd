import json

import pytest

from fer_tutorial.coursework.rubric import human_marks, read_rubric, write_rubric
from fer_tutorial.coursework.safe_text import read_table
from fer_tutorial.coursework.task import Criterion, WrittenTask
from fer_tutorial.errors import UserError

TEXTS = {"s1": "Because <b>so</b>.", "s2": "<script>alert(1)</script>", "s3": ""}


@pytest.fixture
def graded(tmp_path):
    (tmp_path / "graded" / "results").mkdir(parents=True)
    for student, text in TEXTS.items():
        marks = [
            {
                "task": "t.3",
                "status": "ok" if text else "missing",
                "properties": [],
                "text": text,
                "notes": [],
                "seconds": 0,
            }
        ]
        record = {"student": student, "fingerprint": "", "marks": marks}
        (tmp_path / "graded" / "results" / f"{student}.json").write_text(json.dumps(record))
    return tmp_path / "graded"


def test_sheets_are_blind_escaped_and_have_anchors(assignment, secret, graded, tmp_path):
    assert write_rubric(assignment, graded, tmp_path / "sheets", secret) == 2
    page = (tmp_path / "sheets" / "t.3.html").read_text()
    rows = read_table(tmp_path / "sheets" / "rubric.csv")
    codes = [secret.code("s1"), secret.code("s2")]
    assert sorted(row["sheet"] for row in rows) == sorted(codes)
    assert {(row["task"], row["criterion"], row["level"]) for row in rows} == {("t.3", "why", "")}
    assert "Because &lt;b&gt;so&lt;/b&gt;." in page
    assert "<script" not in page
    assert all(anchor in page for anchor in ("nothing", "a little", "enough", "all"))
    assert not any(student in page for student in TEXTS)
    assert [page.index(code) for code in sorted(codes)] == sorted(page.index(code) for code in codes)


def test_a_rubric_is_not_overwritten(assignment, secret, graded, tmp_path):
    write_rubric(assignment, graded, tmp_path / "sheets", secret)
    with pytest.raises(UserError, match="may have been filled in"):
        write_rubric(assignment, graded, tmp_path / "sheets", secret)


def test_levels_are_read_back(assignment, tmp_path):
    path = tmp_path / "rubric.csv"
    path.write_text("sheet,task,criterion,level,comment\na,t.3,why,2,good\nb,t.3,why, ,\n")
    assert read_rubric(path, assignment) == {("a", "t.3"): {"why": (2, "good")}}


@pytest.mark.parametrize(("row", "sentence"), [
    ("a,t.3,why,4,", "has the level '4' for a; expected 0, 1, 2 or 3"),
    ("a,t.3,why,two,", "has the level 'two'"),
    ("a,t.9,why,2,", "belongs to no criterion of t"),
    ("a,t.3,style,2,", "belongs to no criterion of t"),
])  # fmt: skip
def test_rows_that_cannot_be_read(row, sentence, assignment, tmp_path):
    path = tmp_path / "rubric.csv"
    path.write_text(f"sheet,task,criterion,level,comment\n{row}\n")
    with pytest.raises(UserError, match=sentence):
        read_rubric(path, assignment)


def test_levels_earn_their_share():
    anchors = ("", "", "", "")
    task = WrittenTask("t", (Criterion("a", 4, anchors), Criterion("b", 3, anchors)))
    assert human_marks(task, {"a": (3, ""), "b": (3, "")}) == 7
    assert human_marks(task, {"a": (2, ""), "b": (1, "")}) == 3.75  # 2.67 + 1, to the quarter
    assert human_marks(task, {"a": (0, ""), "b": (0, "")}) == 0
    assert human_marks(task, {"a": (3, "")}) is None
