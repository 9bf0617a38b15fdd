import pytest

from fer_tutorial.datasets.expression_names import SYNONYMS, advice_for, expression_of, is_negation
from fer_tutorial.vocabulary import EXPRESSIONS


def test_every_synonym_belongs_to_one_expression():
    names = [name for synonyms in SYNONYMS.values() for name in synonyms]
    assert tuple(SYNONYMS) == EXPRESSIONS
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "expression"),
    [("Joy", "happiness"), ("HAPPY", "happiness"), ("3 - angry", "anger"), ("05_calm", "neutral"), ("afraid", "fear")],
)
def test_folder_names(name, expression):
    assert expression_of(name) == expression


@pytest.mark.parametrize("name", ["non-smile", "not_smiling", "no_smile", "nonsmile", "unhappy", "smile-no"])
def test_no_opposite_is_suggested(name):
    assert expression_of(name) is None
    assert is_negation(name)
    assert "did you mean" not in advice_for(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("happines", "happiness"), ("Surprized", "surprised"), ("disgut", "disgust")],
)
def test_a_typing_error_is_recognized(name, meant):
    assert advice_for(name) == f"did you mean {meant!r}?"


@pytest.mark.parametrize("name", ["files", "eaDir", "zebras", "images"])
def test_nothing_far_away_is_suggested(name):
    assert advice_for(name) == f"expected one of {', '.join(EXPRESSIONS)}"


def test_a_number_is_never_taken_for_an_expression():
    assert all(expression_of(name) is None for name in ("0", "1", "07"))
    assert "RAF-DB: 1 surprise" in advice_for("1")
    assert "AffectNet: 0 neutral" in advice_for("1")
