import pytest

from fer_tutorial.coursework.roster import Student, owner, read_roster
from fer_tutorial.errors import UserError

STUDENTS = [Student("s100", "Ada Lovelace"), Student("s10", "Alan Turing"), Student("s200", "Bo Li"), Student("s7")]


@pytest.mark.parametrize(("path", "number"), [
    ("Ada Lovelace_12345_assignsubmission_file_/a1.ipynb", "s100"),  # Moodle
    ("Lovelace Ada_12345_assignsubmission_file_/a1.ipynb", "s100"),
    ("lovelaceada_12345_67890_a1-2.ipynb", "s100"),  # Canvas
    ("a1_S10.ipynb", "s10"),
    ("homework (s10) final.ipynb", "s10"),
    ("../../s100.ipynb", "s100"),
    ("boli.ipynb", "s200"),
    ("xs100.ipynb", None),
    ("a1.ipynb", None),
    ("s10_s100.ipynb", None),  # of two
    ("Ada Lovelace and Alan Turing.ipynb", None),
])  # fmt: skip
def test_a_path_names_its_owner(path, number):
    found = owner(path, STUDENTS)
    assert (found.id if found else None) == number


def test_the_columns_of_a_roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("\ufeffname,student,email\nAda,s1,a@x\nBo,s2,\n", encoding="utf-8")
    assert read_roster(path) == [Student("s1", "Ada", {"email": "a@x"}), Student("s2", "Bo", {"email": ""})]


@pytest.mark.parametrize(("text", "sentence"), [
    ("", "has no column student"),
    ("name\nAda\n", "has no column student"),
    ("student\n../x\n", "has the student '../x'; expected letters"),
    ("student\n.hidden\n", "expected letters"),
    ("student\n\n\n s1 \nS1\n", "'s1' twice"),
])  # fmt: skip
def test_a_roster_that_cannot_be_used(text, sentence, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=sentence):
        read_roster(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")
