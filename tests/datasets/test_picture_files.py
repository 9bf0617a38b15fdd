import pytest

from fer_tutorial.datasets.picture_files import PathFinder, PictureIndex, files_below
from tests.helpers.refusals import refused


@pytest.fixture
def index(tmp_path):
    for name in ("a.jpg", "happy/B.PNG", "happy/c.jpg", "sad/c.jpg", "happy/._c.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return PictureIndex(tmp_path)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a.jpg", "a.jpg"),
        ("./A.JPG", "a.jpg"),
        ("a", "a.jpg"),
        ("b.png", "happy/B.PNG"),
        ("happy\\b", "happy/B.PNG"),
        ("sad/c.jpg", "sad/c.jpg"),
        ("sad/../sad/c", "sad/c.jpg"),
    ],
)
def test_names_that_find_a_picture(index, name, key):
    assert index.key(index.find(name)) == key


def test_a_full_path(index, tmp_path):
    assert index.find(str(tmp_path / "a.jpg")) == tmp_path / "a.jpg"


@pytest.mark.parametrize(
    "name", ["", ".", "gone.jpg", "happy", "notes.txt", "notes", "../a.jpg", "fear/c.jpg", "/gone/a.jpg"]
)
def test_names_that_find_none(index, name):
    assert index.find(name) is None


def test_a_name_that_may_be_two_pictures(index):
    assert len(index) == 4
    with refused("c.jpg may be", "happy", "sad", "pictures=FOLDER"):
        index.find("c.jpg")


def test_what_systems_leave_behind_is_no_file(index, tmp_path):
    assert {file.name for file in files_below(tmp_path)} == {"a.jpg", "B.PNG", "c.jpg", "notes.txt"}


def test_paths_below_several_folders(index, tmp_path):
    finder = PathFinder([tmp_path / "gone", tmp_path / "happy", tmp_path])
    assert finder.find("c.JPG") == tmp_path / "happy/c.jpg"
    assert finder.find("Sad\\c.jpg") == tmp_path / "sad/c.jpg"
    (tmp_path.parent / "outside.jpg").touch()
    for name in (
        "",
        "gone.jpg",
        "../outside.jpg",
        "happy/../../outside.jpg",
        str(tmp_path / "a.jpg"),
        "happy",
        "a.jpg/b",
    ):
        assert finder.find(name) is None
