"""The book and its code keep one spelling, the American one.

Looked at are the cells and the figures' captions of the notebooks, the book's pages, the repository's own pages, and
every line of code.  What a page has in backticks is exempt, since it may quote; so are the titles of papers, which
references.bib quotes as they are, and what looks for both spellings.
"""

import re

import nbformat
import pytest

from tools.notebooks import REPOSITORY, find

PAGES = [
    *sorted((REPOSITORY / "book").glob("*.md")),
    *(REPOSITORY / f"{n}.md" for n in ("README", "CONTRIBUTING", "CHANGELOG")),
]
FOLDERS = ("fer_tutorial", "studies", "tools", "tests", "book/_extensions", "book/_static")
BOTH_SPELLINGS = ("test_spelling.py", "test_book_search.py", "book_search.py", "test_pages.py")
CODE_FILES = sorted(
    path
    for folder in FOLDERS
    for suffix in ("py", "js", "css", "toml")
    for path in (REPOSITORY / folder).rglob(f"*.{suffix}")
    if path.name not in BOTH_SPELLINGS
)

# Pieces of words that only British spelling has, wherever in a word they stand.
BRITISH = re.compile(
    r"""acknowledgement | ageing\b | aluminium | amongst | (?:an|par|cat)alys(?:e|ed|es|ing)\b | artefact | behaviour
    | cancell(?:ed|ing) | catalogue | cent(?:re|res|red|ring)\b | channell | cheque\b | colour | counsell | defence
    | enrol(?:ment)?\b | favour | fibre | flavour | focuss | fulfil(?:s|ment)?\b | fuell | grey | harbour
    | honour | humour | judgement | labell | labour | learnt | licence | litre | manoeuvre | marvell | metre\b | modell
    | mould | neighbour | offence | practis(?:e|ed|es|ing)\b | pretence | programme\b | rumour | sceptic | signall
    | skilful | spelt\b | theatre | travell | vigour | whilst
    | (?:author|capital|categor|character|critic|custom|digit|discret|equal|final|general|harmon|initial|italic|linear
        |local|maxim|memor|minim|neutral|normal|optim|organ|parametr|parameter|penal|polar|quant|random|real|recogn
        |regular|serial|special|stabil|standard|summar|symmetr|synthes|token|util|vector|visual)
      is(?:e|ed|er|ers|es|ing|able|ation|ations)\b""",
    re.VERBOSE | re.IGNORECASE,
)
# A listing, but not a directive such as ```{glossary}, whose text is prose; what stands in backticks, but not a role's.
CODE = re.compile(r"^[ >]*```(?!\{).*?^[ >]*```|(?<![}`])`[^`\n]+`", re.MULTILINE | re.DOTALL)


def british(text: str) -> list[str]:
    """The words of a text that are spelled the British way, its code left out."""
    return [word for word in re.findall(r"[A-Za-z]+", CODE.sub(" ", text)) if BRITISH.search(word)]


def texts(notebook):
    """All cells, and what the figures' metadata say in words."""
    for cell in notebook.cells:
        yield cell.source
        shown = cell.metadata.get("mystnb", {})
        yield from (shown.get("figure", {}).get("caption", ""), shown.get("image", {}).get("alt", ""))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_is_spelled_the_american_way(path):
    assert british(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", find(), ids=lambda path: path.name)
def test_a_chapter_is_spelled_the_american_way(path):
    notebook = nbformat.read(path, as_version=4)
    assert [word for text in texts(notebook) for word in british(text)] == []


def test_code_is_spelled_the_american_way():
    found = {
        f"{path.relative_to(REPOSITORY)}: {word}"
        for path in CODE_FILES
        for word in re.findall(r"[A-Za-z]+", path.read_text(encoding="utf-8"))
        if BRITISH.search(word)
    }
    assert found == set()


@pytest.mark.parametrize(
    "word",
    ["optimiser", "Normalisation", "licence", "coloured", "relabelling", "neighbours", "grey", "centred", "judgement"],
)
def test_a_british_word_is_found(word):
    assert british(f"Here is a {word}.") == [word]
    assert british(f"```{{glossary}}\n{word}\n  A word.\n```") == [word]


def test_code_and_american_words_pass():
    text = "`normalise`, licensed, modeled, analysis, synthesis, hypotheses, promise, precise, noise, exercise, realism"
    assert british(text + "\n```python\ncolour = 1\n```\nemphasis, optimism, parameter, program, metric") == []
