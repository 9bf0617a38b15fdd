"""The committed plain notebooks: no MyST is left, links lead somewhere, no solution runs, numbers are the book's."""

import ast
import functools
import html
import re

import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from markdown_it import MarkdownIt
from mdit_py_plugins.anchors.index import slugify
from mdit_py_plugins.dollarmath import dollarmath_plugin

from fer_tutorial.course import check, checking, registry, score
from tools import plain
from tools.notebooks import REPOSITORY, SIZE_LIMIT
from tools.plain_index import build

INDEX = build(REPOSITORY)
CHAPTERS = [page.name for page in INDEX.pages.values() if page.notebook]
chapters = pytest.mark.parametrize("chapter", CHAPTERS)

# Markdown and formulas as the readers of notebooks have them, and nothing of MyST.
PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')


@functools.cache
def notebook(chapter, folder="notebooks"):
    return nbformat.read(REPOSITORY / folder / f"{chapter}.ipynb", as_version=4)


@functools.cache
def words(chapter):
    """The Markdown of a plain notebook, one text a cell."""
    return [cell.source for cell in notebook(chapter).cells if cell.cell_type == "markdown"]


def tokens(text):
    """Every token of a text, those within lines too."""
    for token in PARSER.parse(text):
        yield token
        yield from token.children or []


def code(chapter):
    return [cell for cell in notebook(chapter).cells if cell.cell_type == "code"]


def test_they_are_what_the_sources_give():
    assert plain.stale(REPOSITORY) == []
    assert sorted(path.stem for path in (REPOSITORY / "notebooks").glob("*.ipynb")) == sorted(CHAPTERS)


@chapters
def test_each_is_valid_and_small_enough(chapter):
    nbformat.validate(notebook(chapter))
    assert (REPOSITORY / "notebooks" / f"{chapter}.ipynb").stat().st_size <= SIZE_LIMIT


@chapters
def test_nothing_of_myst_is_left(chapter):
    for text in words(chapter):
        before = ""
        for token in tokens(text):
            if token.type == "fence":
                assert not token.info.startswith("{"), token.info
            elif token.type == "code_inline":
                assert not re.search(r"\{[\w:+-]+\}$", before), f"the role {before}`{token.content}`"
            elif token.type == "text":
                assert not re.match(r":[\w-]+:|:::|\([\w-]+\)=|%", token.content), token.content
                before = token.content


@chapters
def test_every_formula_is_whole_and_every_number_stands_once(chapter):
    typed = "\n\n".join(words(chapter))
    formulas = [token.content for text in words(chapter) for token in tokens(text) if token.type.startswith("math_")]
    assert not any("$" in formula for formula in formulas)
    assert not any("$$" in token.content for text in words(chapter) for token in tokens(text) if token.type == "text")
    numbers = re.findall(r"\\tag\{([\d.]+)\}", "\n".join(formulas))
    assert numbers == re.findall(r"\\tag\{(.+?)\}", typed)
    assert len(set(numbers)) == len(numbers)


@chapters
def test_every_link_leads_to_something_and_every_anchor_is_one(chapter):
    anchors = ANCHOR.findall("\n".join(words(chapter)))
    assert len(set(anchors)) == len(anchors)
    for text in words(chapter):
        for token in tokens(text):
            address = token.attrs.get("href") or token.attrs.get("src")
            if address is None or str(address).startswith("https://"):
                continue
            path, _, fragment = str(address).partition("#")
            there = (REPOSITORY / "notebooks" / path).resolve() if path else None
            assert there is None or there.is_file(), address
            if fragment and there is not None and there.suffix == ".md":
                assert fragment in {slugify(title) for title in re.findall(r"(?m)^#+ (.*)$", there.read_text())}
            elif fragment:
                there_anchors = ANCHOR.findall("\n".join(words(there.stem))) if there else anchors
                assert fragment in there_anchors, address


# --- exercises --------------------------------------------------------------------------------------------------------


@chapters
def test_no_line_of_a_solution_stands_unfolded(chapter):
    """Nor in a cell to fill in; what the chapter itself teaches with the same line may stay."""
    stubs = [cell.source for cell in code(chapter) if asked(cell.source)]
    lines = {line for source in stubs for name in asked(source) for line in registry.solution_of(name).splitlines()}
    answers = {line for line in lines if re.search(r"^(    |\w+ = )", line)}
    assert answers
    shown = "\n".join(stubs) + unfolded("\n\n".join(words(chapter)))
    assert not {line for line in answers if line in shown.splitlines()}


def unfolded(text):
    """What is seen while everything is folded."""
    while (shorter := re.sub(r"<details>(?:(?!<details>).)*?</details>", "", text, flags=re.DOTALL)) != text:
        text = shorter
    return text


def asked(source):
    """The exercises that a cell has checked."""
    return [call.args[0].value for call in calls(source) if call.func.id == "check"]


def calls(source):
    """The functions that a cell calls by their names at its top level."""
    calls = [node.value for node in ast.parse(source).body if isinstance(node, ast.Expr)]
    return [call for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)]


@chapters
def test_running_all_answers_no_exercise(chapter, capsys, monkeypatch):
    monkeypatch.setattr(checking, "_session", {})
    known = {"check": check, "score": score, "torch": torch, "np": np, "pd": pd}
    cells = [cell for cell in code(chapter) if {call.func.id for call in calls(cell.source)} & {"check", "score"}]
    for cell in cells:
        exec(cell.source, known)
    names = [name for cell in cells for name in asked(cell.source)]
    assert names == registry.exercise_names(names[0].partition(".")[0])
    assert capsys.readouterr().out.splitlines() == [f"{name}: not answered yet" for name in names]
    assert set(score()["verdict"]) == {"not answered yet"}
    assert not any("correct" in str(output) for cell in cells for output in cell.outputs)


@chapters
def test_every_exercise_has_its_hints(chapter):
    names = [name for cell in code(chapter) for name in asked(cell.source)]
    hints = [f"<p>{html.escape(hint, quote=False)}</p>" for name in names for hint in registry.find(name).hints]
    assert re.findall(r"<p>.*</p>", "\n".join(words(chapter))) == hints


# --- numbers ----------------------------------------------------------------------------------------------------------


def article(pages, chapter):
    return re.search(r"<article.*</article>", (pages / f"{chapter}.html").read_text(), re.DOTALL)[0]


def without_tags(text):
    return html.unescape(re.sub(r"<[^>]+>", "", text)).replace("’", "'").replace("“", '"').replace("”", '"')


@chapters
def test_equations_figures_and_the_chapter_have_the_numbers_of_the_built_page(pages, chapter):
    page, typed = article(pages, chapter), "\n\n".join(words(chapter))
    label = re.compile(r'id="equation-([^"]+)">\s*<span class="eqno">\(([\d.]+)\)')
    assert label.findall(page) == re.findall(
        r'<a id="([^"]+)"></a>\s+\$\$(?:(?!\$\$).)*\\tag\{([\d.]+)\}', typed, re.DOTALL
    )
    captions = re.findall(r'<span class="caption-number">Fig\. ([\d.]+) ', page)
    assert captions == re.findall(r"(?m)^\*\*Fig\. ([\d.]+)\*\*", typed)
    assert captions
    (title,) = re.findall(r"<h1>(.*?)<a ", page)
    assert f"\n# {without_tags(title)}\n" in typed


@chapters
def test_references_and_citations_read_as_on_the_built_page(pages, chapter):
    # The page alone links what stands under a listing, and where the cell of an exercise can be run.
    page = re.sub(r'<p class="fer-whence">.*?</p>', "", article(pages, chapter), flags=re.DOTALL)
    page = re.sub(r"<p>Fill in the cell above and run it.*?</p>", "", page, flags=re.DOTALL)
    on_page = re.findall(r'<a class="reference internal" href="[^"]+"[^>]*>(.*?)</a>', page, re.DOTALL)
    here = re.findall(r'<a href="(?!https:)[^"]+">(.*?)</a>', PARSER.render("\n\n".join(words(chapter))), re.DOTALL)
    assert [without_tags(text) for text in here] == [without_tags(text) for text in on_page if "<img" not in text]
