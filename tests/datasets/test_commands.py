import numpy as np

from fer_tutorial.datasets import load_data
from fer_tutorial.datasets.commands import dataset_card, datasets_table, pack_splits
from tests.helpers.refusals import refused


def test_the_table_has_those_with_a_reader_first():
    states = ["no reader yet" not in line for line in datasets_table().splitlines()[1:]]
    assert states == sorted(states, reverse=True)
    assert any(states)
    assert not all(states)


def test_a_card_says_whether_there_is_a_reader():
    assert "reader     yes" in dataset_card("london")
    assert "reader     no reader yet" in dataset_card("webemotion")


def test_an_unknown_card_suggests_or_lists():
    with refused("there is no card for 'londn'; did you mean 'london'?"):
        dataset_card("londn")
    with refused("there is no card for 'x'; expected one of", "ferplus"):
        dataset_card("x")


def test_all_splits_are_packed_unless_some_are_named(tmp_path, class_folder):
    root = class_folder("train/happy", "val/happy", "test/happy")
    everything = pack_splits("folder", tmp_path / "all", root, progress=False)
    assert [folder.name for folder in everything] == ["train", "valid", "test"]
    (one,) = pack_splits("folder", tmp_path / "one", root, ["valid"], progress=False)
    assert one.name == "valid"
    packed = load_data("packed", tmp_path / "one", "valid")
    np.testing.assert_array_equal(packed.images, load_data("folder", root, "valid").images)


def test_who_is_pictured_is_packed_as_well(tmp_path, class_folder):
    root = class_folder("train/happy")
    pack_splits("folder", tmp_path / "packed", root, progress=False, subjects=r"(\d)\.png")
    assert load_data("packed", tmp_path / "packed").subjects.tolist() == [0, 1, 2]


def test_a_folder_that_cannot_be_read_leaves_nothing(tmp_path):
    with refused("nothing at"):
        pack_splits("folder", tmp_path / "packed", tmp_path / "gone", progress=False)
    with refused("pass root (--data-root)"):
        pack_splits("folder", tmp_path / "packed", progress=False)
    with refused("there is no data set 'mnist'"):
        pack_splits("mnist", tmp_path / "packed", progress=False)
    with refused("has no split 'all'"):
        pack_splits("synthetic", tmp_path / "packed", splits=["all"], progress=False)
    assert not (tmp_path / "packed").exists()
