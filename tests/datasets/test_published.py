import pytest

from fer_tutorial.datasets.load import READERS
from fer_tutorial.datasets.published import PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_add_up_and_are_of_sets_that_can_be_read(name):
    assert name in READERS
    for each in PUBLISHED[name]:
        assert each.by_class is None or sum(each.by_class.values()) == each.total


def test_totals_that_the_owners_give():
    totals = {(name, each.form, each.split): each.total for name, rows in PUBLISHED.items() for each in rows}
    assert [totals["fer2013", "", split] for split in ("train", "valid", "test")] == [28_709, 3_589, 3_589]
    assert totals["rafdb", "basic.*", "train"] == 12_271
    assert totals["rafdb", "basic.*", "test"] == 3_068
    assert totals["ckplus", "the owners', emotion, (all|first_middle_last|last)", "all"] == 327
    assert totals["ckplus", "class folders", "all"] == 981
    assert totals["affectnet", "the owners' of 2021", "train"] == 287_651
    assert totals["rafd", "", "all"] == 8_040
    assert totals["oulu_casia", "", "all"] == 480
