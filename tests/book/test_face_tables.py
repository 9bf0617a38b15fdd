"""The tables of the faces: all parameters with pictures that exist, and shares that say what is sampled."""

import pytest
from face_tables import PEOPLE, balance, parameter_table

from tools.face_sheets import SHEETS, TABLES, strips

ROWS = {value: shares for _, value, shares in balance()}
WOMEN, MEN, GIRLS, BOYS, ALL = range(5)


def test_every_tone_is_a_sixth_of_every_group_exactly():
    assert PEOPLE % 48 == 0
    for tone in range(1, 7):
        assert ROWS[f"tone {tone} of 6"] == pytest.approx([1 / 6] * 5, abs=1e-12)


@pytest.mark.parametrize("attribute", ["skin_tone", "hair_style", "glasses", "beard"])
def test_shares_of_an_attribute_add_up(attribute):
    columns = zip(*(shares for name, _, shares in balance() if name == attribute), strict=True)
    assert [sum(column) for column in columns] == pytest.approx([1.0] * 5)


@pytest.mark.parametrize(
    ("value", "group", "share"),
    [
        ("bald", MEN, 0.20), ("short", MEN, 0.50), ("medium", MEN, 0.20), ("long", MEN, 0.10),
        ("bald", WOMEN, 0.03), ("short", WOMEN, 0.25), ("medium", WOMEN, 0.30), ("long", WOMEN, 0.42),
        ("glasses", WOMEN, 0.20), ("glasses", MEN, 0.20), ("glasses", GIRLS, 1 / 12), ("glasses", BOYS, 1 / 12),
        ("none beard", MEN, 0.50), ("none beard", WOMEN, 1.0), ("bald", GIRLS, 0.0),
    ],
)  # fmt: skip
def test_shares_are_those_that_identity_states(value, group, share):
    assert ROWS[value][group] == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("table", TABLES)
def test_every_parameter_has_a_row_with_a_picture_and_its_words(table):
    rows = parameter_table(table, SHEETS)[2:]
    assert len(rows) == len(TABLES[table])
    for row, strip in zip(rows, (strip for strip in strips() if strip.table == table), strict=True):
        assert strip.path.is_file()
        assert f"![{strip.alt}](" in row
        assert row.count("|") == 4
