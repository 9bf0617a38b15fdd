import pytest

from fer_tutorial.config import DataConfig
from fer_tutorial.errors import UserError
from fer_tutorial.training.splits import check_data_set, load_split, open_split, splits_of

FEW = {"n": 6, "cache": False}


@pytest.mark.parametrize(("folders", "splits"), [
    (("train", "valid", "test"), ("train", "valid", "test")),
    (("train", "val"), ("train", "valid")),
    (("train", "test"), ("train", "test")),
])  # fmt: skip
def test_a_folder_has_the_splits_it_has_folders_for(folders, splits, tmp_path):
    for name in folders:
        (tmp_path / name).mkdir()
    assert splits_of(DataConfig("folder", str(tmp_path))) == splits


def test_the_splits_of_other_data_sets():
    assert splits_of(DataConfig()) == ("train", "valid", "test")
    assert splits_of(DataConfig("london", "anywhere")) == ("test",)


def test_a_pack_has_the_splits_that_were_packed(tmp_path):
    for name in ("train", "test"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "header.json").write_text("{}")
    assert set(splits_of(DataConfig("packed", str(tmp_path)))) <= {"train", "valid", "test"}


def test_what_is_known_before_the_pixels_are_read_is_what_is_known_after():
    data = DataConfig(size=32, options=FEW)
    split = open_split(data, "valid")
    loaded = split.load()
    assert not split.known.images.any()
    assert loaded.images.any()
    for name, value in split.known.arrays().items():
        assert name == "images" or (getattr(loaded, name) == value).all()
    assert (load_split(data, "valid").images == loaded.images).all()


@pytest.mark.parametrize(("data", "sentence"), [
    (DataConfig("cats"), "there is no data set 'cats'"),
    (DataConfig(""), "there is no data set ''"),
    (DataConfig("folder", options={"lables": "vote"}), "no option 'lables'"),
])  # fmt: skip
def test_names_are_checked_without_reading(data, sentence):
    with pytest.raises(UserError, match=sentence):
        check_data_set(data)
