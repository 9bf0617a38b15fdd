import pytest

from fer_tutorial.datasets.fixed_folds import check_fold, dealt, is_in
from tests.helpers.refusals import refused


def test_people_are_dealt_once_each():
    people = [f"S{number:03}" for number in range(37)]
    folds = dealt(people[::-1])
    assert sorted(person for fold in folds for person in fold) == people
    assert {len(fold) for fold in folds} == {3, 4}


def test_test_and_train_share_nobody():
    folds = dealt("abcdefghijkl")
    for fold in range(10):
        test = {person for person in "abcdefghijkl" if is_in("test", person, folds, fold)}
        train = {person for person in "abcdefghijkl" if is_in("train", person, folds, fold)}
        assert test == set(folds[fold])
        assert train | test == set("abcdefghijkl")
        assert not train & test
    assert is_in("all", "a", folds, 3)


@pytest.mark.parametrize(
    ("split", "protocol", "fold", "says"),
    [
        ("valid", "ids", 0, "toy has no validation split"),
        ("dev", "ids", 0, "toy has no split 'dev'"),
        ("train", "random", 0, "protocol is 'random'; expected one of ids, mgln"),
        ("train", "ids", 10, "fold is 10; expected 0 to 9"),
        ("train", "ids", "1", "fold is '1'"),
    ],
)
def test_what_there_is_not(split, protocol, fold, says):
    with refused(says):
        check_fold("toy", split, protocol, fold)
