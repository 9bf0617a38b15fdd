import pytest

from fer_tutorial.datasets import load_data, open_source
from fer_tutorial.errors import UserError


def test_an_unknown_name():
    with pytest.raises(UserError, match=r"there is no data set 'mnist'; expected one of synthetic, .*packed"):
        load_data("mnist")


def test_a_data_set_with_a_card_but_no_reader():
    with pytest.raises(UserError, match=r"no reader for affectnet yet; .* fer-tutorial datasets affectnet"):
        load_data("affectnet", ".")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ferplus", "labels"),
        ("folder", "subjects"),
        ("london", "none"),
        ("packed", "verify"),
        ("synthetic", "label_noise"),
    ],
)
def test_an_unknown_option_names_the_known_ones(name, expected, tmp_path):
    with pytest.raises(UserError, match=f"{name} has no option 'colour'; expected .*{expected}"):
        load_data(name, None if name == "synthetic" else tmp_path, colour="red")


def test_open_source_reads_no_pixels(class_folder):
    root = class_folder("happy")
    (root / "happy/0.png").write_text("not a picture")
    source = open_source("folder", root, "all")
    assert len(source) == 3
    with pytest.raises(UserError, match=r"0.png is not an image"):
        source.load()
