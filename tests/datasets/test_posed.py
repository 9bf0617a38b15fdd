import pytest

from fer_tutorial.datasets.posed import PosedPictures, pictures_below
from tests.helpers.refusals import refused


@pytest.fixture
def posed(save, face, tmp_path):
    pictures = PosedPictures("toy", ("A", "B", "C"))
    for key, person in (("B.1", "B"), ("A.1", "A"), ("A.2", "A")):
        pictures.add(key, save(tmp_path / f"{key}.png", face(0)), "fear", person)
    return pictures


def test_order_numbers_and_places_do_not_depend_on_the_split(posed, tmp_path):
    people = {"train": ("A",), "valid": ("C",), "test": ("B",)}
    everybody = posed.source(tmp_path, "all", people, (48, 48, 3), 7)
    assert everybody.table["keys"].tolist() == ["A.1", "A.2", "B.1"]
    test = posed.source(tmp_path, "test", people, (48, 48, 3), 7)
    assert (test.table["index"].tolist(), test.table["subjects"].tolist()) == ([2], [1])
    with refused("has no pictures of the people in the split 'valid'"):
        posed.source(tmp_path, "valid", people, (48, 48, 3), 7)


def test_a_picture_twice(posed, tmp_path):
    with refused("are both A.1; expected every picture once"):
        posed.add("A.1", tmp_path / "other.png", "fear", "A")


def test_pictures_below(posed, tmp_path):
    assert [file.name for file in pictures_below(tmp_path, "pictures")] == ["A.1.png", "A.2.png", "B.1.png"]
    (tmp_path / "empty").mkdir()
    with refused("holds no pictures; expected a set"):
        pictures_below(tmp_path / "empty", "a set")
    with refused("is a file; expected a set"):
        pictures_below(tmp_path / "A.1.png", "a set")
