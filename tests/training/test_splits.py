import pytest

from fer_tutorial.config import DataConfig
from fer_tutorial.errors import UserError
from fer_tutorial.training.splits import check_data_set, load_split, open_split

FEW = {"n": 6, "cache": False}


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
