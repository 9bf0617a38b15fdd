import pytest

from fer_tutorial.datasets import load_data, open_source, pack, splits_of
from fer_tutorial.datasets.load import FOLDED_WHOLE, READERS
from fer_tutorial.errors import UserError
from tests.helpers.refusals import refused


def test_an_unknown_name():
    with pytest.raises(UserError, match=r"there is no data set 'mnist'; expected one of synthetic, .*packed"):
        load_data("mnist")


def test_a_data_set_with_a_card_but_no_reader():
    with pytest.raises(UserError, match=r"no reader for webemotion yet; .* fer-tutorial datasets webemotion"):
        load_data("webemotion", ".")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ferplus", "labels"),
        ("folder", "subjects"),
        ("jaffe", "none"),
        ("kdef", "angles"),
        ("list", "expressions"),
        ("london", "none"),
        ("packed", "verify"),
        ("rafdb", "classes"),
        ("synthetic", "label_noise"),
    ],
)
def test_an_unknown_option_names_the_known_ones(name, expected, tmp_path):
    with pytest.raises(UserError, match=f"{name} has no option 'color'; expected .*{expected}"):
        load_data(name, None if name == "synthetic" else tmp_path, color="red")


def test_open_source_reads_no_pixels(class_folder):
    root = class_folder("happy")
    (root / "happy/0.png").write_text("not a picture")
    source = open_source("folder", root, "all")
    assert len(source) == 3
    with pytest.raises(UserError, match=r"0.png is not an image"):
        source.load()


def test_the_splits_a_data_set_has(class_folder, tmp_path):
    assert splits_of("ferplus") == splits_of("synthetic_sequences") == ("train", "valid", "test")
    assert splits_of("london") == ("test",)
    assert splits_of("folder", class_folder("train/happy", "test/happy")) == ("train", "test")
    pack(open_source("synthetic", split="valid", n=2, size=16), tmp_path / "packed/valid", progress=False)
    assert splits_of("packed", tmp_path / "packed") == splits_of("packed", tmp_path / "packed/valid") == ("valid",)


def test_splits_of_what_is_not_there(tmp_path):
    for name in ("folder", "packed"):
        with refused("there is nothing at"):
            splits_of(name, tmp_path / "gone")
        with refused("pass root (--data-root)"):
            splits_of(name)
    with refused("there is no data set 'mnist'"):
        splits_of("mnist")
    with refused("there is no pack at"):
        splits_of("packed", tmp_path)


def test_folds_are_made_of_all_pictures_only_where_all_can_be_read():
    for name in FOLDED_WHOLE:
        assert name in READERS
        with refused("pass root (--data-root)"):  # and not: there is no split "all"
            load_data(name, split="all")
