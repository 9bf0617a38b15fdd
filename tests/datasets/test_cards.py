import re
from dataclasses import fields
from pathlib import Path

import pytest

from fer_tutorial.datasets import CARDS, Card
from fer_tutorial.datasets.commands import dataset_card, datasets_table
from fer_tutorial.datasets.load import READERS
from fer_tutorial.errors import UserError

BIBLIOGRAPHY = Path(__file__).resolve().parents[2] / "book" / "references.bib"


def test_every_data_set_of_the_papers_has_a_card():
    named = (
        "jaffe kdef genki rafd ckplus fer2013 ferplus rafdb emotionet webemotion oulu_casia affectnet disfa bp4d london"
    )
    assert {*named.split(), "synthetic"} <= set(CARDS)


def test_every_reader_has_a_card():
    assert set(READERS) <= set(CARDS)


@pytest.mark.parametrize("name", CARDS)
def test_a_card_says_something_about_everything(name):
    for field in fields(Card):
        if field.name != "notes":
            assert getattr(CARDS[name], field.name).strip()


@pytest.mark.parametrize("name", CARDS)
def test_citations_are_in_the_bibliography(name):
    keys = re.findall(r"^@\w+\{(\w+),", BIBLIOGRAPHY.read_text(), flags=re.M)
    citation = CARDS[name].citation
    assert citation in keys or citation == "none" or citation.startswith("unknown")


def test_the_table_lists_every_card_and_says_who_can_be_read():
    lines = {line.split()[0]: line for line in datasets_table().splitlines()[1:]}
    assert set(lines) == set(CARDS)
    assert "yes" in lines["ferplus"]
    assert "no reader yet" in lines["webemotion"]


def test_a_card_is_printed_within_the_width_of_a_terminal():
    text = dataset_card("ferplus")
    assert "barsoum2016ferplus" in text
    assert "reader     yes" in text
    assert max(map(len, text.splitlines())) <= 100 + 64  # a checksum is not broken


def test_an_unknown_card():
    with pytest.raises(UserError, match=r"no card for 'ferpluss'; did you mean 'ferplus'\?"):
        dataset_card("ferpluss")
