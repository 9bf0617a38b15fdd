import pytest

from fer_tutorial.datasets.list_files import lists_of, pairs_of, picture_folder
from tests.helpers.refusals import refused


@pytest.fixture
def folder(tmp_path):
    for name in ("train.csv", "test.csv", "notes.md"):
        (tmp_path / name).write_text("a.png,sad")
    (tmp_path / "images").mkdir()
    return tmp_path


def test_one_list_or_one_a_split(folder):
    assert lists_of(folder / "train.csv", None) == {folder / "train.csv": None}
    assert lists_of(folder, "test.csv") == {folder / "test.csv": None}
    both = lists_of(folder, {"train": "train.csv", "test": "test.csv"})
    assert both == {folder / "train.csv": "train", folder / "test.csv": "test"}
    assert lists_of(folder, "train:train.csv,test:test.csv") == both
    with refused("holds 2 files that may be the list"):
        lists_of(folder, None)
    with refused("table is 'gone.csv', but there is no such file"):
        lists_of(folder, "gone.csv")


def test_the_folder_of_pictures(folder):
    assert picture_folder(folder, None) == folder
    assert picture_folder(folder, "images") == folder / "images"
    with refused("has no such folder"):
        picture_folder(folder, "train.csv")


def test_pairs_in_text_or_mapping():
    assert pairs_of(" a : b,c:d", "table", "a:b") == pairs_of({"a": "b", "c": "d"}, "table", "a:b")
    for wrong, says in (("a", "has the part 'a'"), ("a:b,a:c", "says twice what a is"), (3, "table is 3")):
        with refused(says):
            pairs_of(wrong, "table", "a:b")
