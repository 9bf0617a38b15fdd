"""The search takes both spellings for one word, and quotes what a reader sees."""

import book_search
import pytest
from docutils import nodes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("regularisation", "regularization"),
        ("optimise", "optimize"),
        ("normalised", "normalized"),
        ("analyse", "analyze"),
        ("colour", "color"),
        ("neighbours", "neighbors"),
        ("centre", "center"),
        ("centred", "centered"),
        ("visualising", "visualizing"),
        ("summarise", "summarize"),
        ("labelled", "labeled"),
        ("modelling", "modeling"),
        ("catalogue", "catalog"),
        ("grey", "gray"),
        ("GREY", "gray"),
    ],
)
def test_spellings_are_one_word(one, other):
    search = book_search.EitherSpelling({})
    assert search.stem(one) == search.stem(other)


@pytest.mark.parametrize(
    "word", ["surprise", "noise", "noises", "otherwise", "raised", "arise", "four", "hours", "there", "called"]
)
def test_words_of_both_sides_stay(word):
    assert book_search.one_spelling(word) == word


@pytest.mark.parametrize(("one", "other"), [("loss", "less"), ("face", "faces'"), ("center", "enter")])
def test_other_words_stay_apart(one, other):
    search = book_search.EitherSpelling({})
    assert search.stem(one) != search.stem(other)


def test_formulas_and_pictures_are_not_quoted():
    page = nodes.document(None, None)
    paragraph = nodes.paragraph("", "", nodes.Text("The loss "), nodes.math("", r"\frac12"), nodes.Text(" falls."))
    page += [paragraph, nodes.raw("", "<svg></svg>", format="html")]
    assert book_search.words(page) == "The loss falls."
