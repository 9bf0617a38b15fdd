from fer_tutorial import names
from fer_tutorial.backbones import BACKBONES
from fer_tutorial.datasets.load import READERS


def test_the_names_are_those_of_the_registries():
    assert set(names.BACKBONES) == set(BACKBONES)
    assert set(names.DATASETS) == {*READERS, "packed"}
