"""MyST and the book's tags become what JupyterLab, Colab and GitHub show: construct by construct, in a small book."""

import json

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fer_tutorial.course.registry import find, solution_of
from tools import notebooks, plain
from tools.notebooks import REPOSITORY
from tools.plain_citations import Citations
from tools.plain_index import PlainError, build
from tools.plain_text import PlainText

WORKS = """\
@article{one, author = {Li, Ann}, title = {A title}, journal = {J}, year = {2001}}
@article{two, author = {Li, Ann and {de Boer}, Jan}, title = {B title}, journal = {J}, year = {2002}}
@article{three, author = {Li, Ann and Wu, Bo and Xi, Cy}, title = {C title}, journal = {J}, year = {2003}}
"""
FIRST = """\
(first)=
# First chapter

```{math}
:label: eq-a
a
```

$$
b
$$ (eq-b)

```{figure} _static/face.png
:name: fig-face
A *face*.
```

```{list-table} Words
:name: tab-words
* - a
```

(first-part)=
## 1.1 A part
"""
SECOND = "(second)=\n# Second chapter\n\n```{math}\n:label: eq-c\nc\n```\n"
NOTES = "(notes)=\n# Notes\n\n(on-words)=\n## On words\n"


@pytest.fixture
def book(tmp_path):
    """A book of two numbered chapters and three pages, with the settings of this one."""
    folder = tmp_path / "book"
    (folder / "_static").mkdir(parents=True)
    (tmp_path / "_config.yml").write_text((REPOSITORY / "_config.yml").read_text())
    configure(tmp_path, math_numfig=True, numfig_secnum_depth=1)
    contents(tmp_path, numbered=True)
    (folder / "references.bib").write_text(WORKS)
    (folder / "_static" / "face.png").write_bytes(b"")
    for name, text in (("index", "# Book\n"), ("notes", NOTES), ("glossary", "(glossary)=\n# Glossary\n")):
        (folder / f"{name}.md").write_text(text)
    save(folder / "one.ipynb", new_markdown_cell(FIRST))
    save(folder / "two.ipynb", new_markdown_cell(SECOND))
    return tmp_path


def configure(book, **settings):
    config = yaml.safe_load((book / "_config.yml").read_text())
    config["sphinx"]["config"].update(settings)
    (book / "_config.yml").write_text(yaml.safe_dump(config))


def contents(book, numbered):
    number = {"numbered": 1} if numbered else {}
    parts = [
        {"caption": "Chapters", **number, "chapters": [{"file": "one"}]},
        {"caption": "More", **number, "chapters": [{"file": "two"}]},
        {"caption": "Pages", "chapters": [{"file": "notes"}, {"file": "glossary"}]},
    ]
    (book / "book" / "_toc.yml").write_text(yaml.safe_dump({"format": "jb-book", "root": "index", "parts": parts}))


def save(path, *cells):
    nbformat.write(notebooks.normalize(new_notebook(cells=list(cells))), path)


def made(book, *cells, name="two"):
    """The cells of the plain notebook of a chapter that has these below its title, as (type, source, metadata)."""
    save(book / "book" / f"{name}.ipynb", new_markdown_cell(SECOND if name == "two" else FIRST), *cells)
    plain.write(book)
    return nbformat.read(book / "notebooks" / f"{name}.ipynb", as_version=4).cells[1:]


@pytest.fixture
def text(book):
    return PlainText(build(book), "two", Citations(book / "book" / "references.bib"))


TEXTS = {
    "an equation": (
        "See\n\n```{math}\n:label: eq-c\nx\n= 1\n+ y\n```\n\nso.",
        'See\n\n<a id="eq-c"></a>\n\n$$\nx = 1 + y \\tag{2.1}\n$$\n\nso.',
    ),
    "an equation in dollars": ("$$\nx\n$$ (eq-c)", '<a id="eq-c"></a>\n\n$$\nx \\tag{2.1}\n$$'),
    "an equation without a number": ("```{math}\nx\n```", "$$\nx\n$$"),
    "lines of an equation": ("$$\na \\\\ b\n$$", "$$\n\\begin{split}\na \\\\ b\n\\end{split}\n$$"),
    "lines in an environment": (
        "$$\n\\begin{aligned}a \\\\ b\\end{aligned}\n$$",
        "$$\n\\begin{aligned}a \\\\ b\\end{aligned}\n$$",
    ),
    "an equation in a list": ("* a\n\n  ```{math}\n  x\n  ```\n* b", "* a\n\n  $$\n  x\n  $$\n\n* b"),
    "an equation in a paragraph": ("so\n```{math}\nx\n```\nand", "so\n\n$$\nx\n$$\n\nand"),
    "{eq} here": ("By {eq}`eq-c`.", "By [equation (2.1)](#eq-c)."),
    "{eq} elsewhere": ("By {eq}`eq-b`.", "By [equation (1.2)](one.ipynb#eq-b)."),
    "{ref} to a chapter": ("{ref}`first`", "[First chapter](one.ipynb)"),
    "{ref} to a part": ("{ref}`first-part`", "[1.1 A part](one.ipynb#first-part)"),
    "{ref} with words": ("{ref}`the part <first-part>`", "[the part](one.ipynb#first-part)"),
    "{ref} to a page": ("{ref}`notes`", "[Notes](../book/notes.md)"),
    "{ref} to a part of a page": ("{ref}`on-words`", "[On words](../book/notes.md#on-words)"),
    "{ref} to a figure": ("{ref}`fig-face`", "[A *face*.](one.ipynb#fig-face)"),
    "{numref} of a figure": ("{numref}`fig-face`", "[Fig. 1.1](one.ipynb#fig-face)"),
    "{numref} of a table": ("{numref}`Tab. {number}, {name} <tab-words>`", "[Tab. 1.1, Words](one.ipynb#tab-words)"),
    "{numref} of a chapter": ("{numref}`first`", "[Section 1](one.ipynb)"),
    "{doc}": ("{doc}`one` and {doc}`it <notes>`", "[First chapter](one.ipynb) and [it](../book/notes.md)"),
    "{term}": (
        "{term}`center`, {term}`Centers <center>`",
        "[center](../book/glossary.md), [Centers](../book/glossary.md)",
    ),
    "{cite} of one author": ("{cite}`one`", "[[Li, 2001](#one)]"),
    "{cite} of more authors": ("{cite}`two,three`", "[[Li and de Boer, 2002](#two), [Li et al., 2003](#three)]"),
    "{cite:t}": ("{cite:t}`one` say", "Li [[2001](#one)] say"),
    "{download}": ("{download}`it <_static/face.png>`", "[it](../book/_static/face.png)"),
    "{octicon}": ("Go {octicon}`rocket;1em` on", "Go  on"),
    "small roles": ("{math}`x` {kbd}`Tab` {sup}`2`", "$x$ <kbd>Tab</kbd> <sup>2</sup>"),
    "a link": ("[a](notes.md#on-words) [b](https://x.org)", "[a](../book/notes.md#on-words) [b](https://x.org)"),
    "a link to a label": ("[a](#eq-b)", "[a](one.ipynb#eq-b)"),
    "a picture": ("![A face](_static/face.png){width=3em}", "![A face](../book/_static/face.png)"),
    "code": ("`` {eq}`eq-c` `` and `[a](b.md)`", "`` {eq}`eq-c` `` and `[a](b.md)`"),
    "a fence": ("```python\n{eq}`eq-c`\n\n\nx\n```", "```python\n{eq}`eq-c`\n\n\nx\n```"),
    "a role in a table": (
        "| a | {eq}`eq-c` |\n|---|---|\n| b | c |",
        "| a | [equation (2.1)](#eq-c) |\n|---|---|\n| b | c |",
    ),
    "a target": ("(second)=\n## Part", '<a id="second"></a>\n\n## Part'),
    "a comment": ("% not for readers\nWords", "Words"),
    "attributes": ("{.wide}\nWords", "Words"),
    "an admonition": (
        "```{note}\nSee {eq}`eq-c`.\n\n$$\nx\n$$\n```",
        "> **Note**\n>\n> See [equation (2.1)](#eq-c).\n>\n> $$x$$",
    ),
    "an admonition with a title": ("```{admonition} Mind *this*\nWords\n```", "> **Mind *this***\n>\n> Words"),
    "an admonition of colons": (":::{tip}\n* a\n* b\n:::", "> **Tip**\n>\n> * a\n> * b"),
    "a folded admonition": (
        "```{admonition} More\n:class: tip, dropdown\nWords\n```",
        "<details><summary>More</summary>\n\nWords\n\n</details>",
    ),
    "a dropdown": (":::{dropdown} More\nWords\n:::", "<details><summary>More</summary>\n\nWords\n\n</details>"),
    "tabs": (
        "::::{tab-set}\n:::{tab-item} Linux\none\n:::\n:::{tab-item} macOS\ntwo\n:::\n::::",
        "**Linux**\n\none\n\n**macOS**\n\ntwo",
    ),
    "code in a directive": ("```{code-block} bash\n:linenos:\nls\n```", "```bash\nls\n```"),
    "an image": ("```{image} _static/face.png\n:alt: A face\n```", "![A face](../book/_static/face.png)"),
    "a list-table": (
        "```{list-table}\n* - a {eq}`eq-c`\n  - `x|y` $|x|$\n* - c\n  - two\n    lines\n```",
        "|   |   |\n| --- | --- |\n| a [equation (2.1)](#eq-c) | `x\\|y` $\\vert x\\vert $ |\n| c | two lines |",
    ),
    "a list-table with a head": (
        "```{list-table}\n:header-rows: 1\n* - A\n  - B\n* - c\n  - d\n```",
        "| A | B |\n| --- | --- |\n| c | d |",
    ),
    "a list-table with lists": (
        "```{list-table}\n* - a\n  - * b\n    * c\n```",
        "<table>\n<tr>\n<td>\n\na\n\n</td>\n<td>\n\n* b\n* c\n\n</td>\n</tr>\n</table>",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_myst_becomes_plain_markdown(text, name):
    source, expected = TEXTS[name]
    assert text(source) == expected


def test_figures_and_tables_have_the_numbers_and_captions_of_the_book(book):
    cells = made(book, name="one")
    words = nbformat.read(book / "notebooks" / "one.ipynb", as_version=4).cells[0].source
    assert '<a id="fig-face"></a>\n\n![](../book/_static/face.png)\n\n**Fig. 1.1** A *face*.' in words
    assert '<a id="tab-words"></a>\n\n**Table 1.1** Words\n\n|   |' in words
    assert cells == []


def test_without_chapter_numbers_equations_count_in_a_chapter_and_figures_through_the_book(book):
    contents(book, numbered=False)
    configure(book, math_numfig=False)
    figure = {"figure": {"caption": "A curve.", "name": "fig-curve"}}
    caption, references = made(book, tagged("plot()", mystnb=figure), new_markdown_cell("{eq}`eq-b` {eq}`eq-c`"))[1:]
    assert "**Fig. 2** A curve." in caption.source
    assert references.source == "[equation (2)](one.ipynb#eq-b) [equation (1)](#eq-c)"
    title = nbformat.read(book / "notebooks" / "two.ipynb", as_version=4).cells[0].source
    assert "\n# Second chapter\n" in title
    assert "\\tag{1}" in title


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("```{mermaid}\nx\n```", "two has the directive {mermaid}, which has no plain form"),
        ("{abc}`x`", "two has the role {abc}, which has no plain form"),
        ("{ref}`nowhere`", "two refers to 'nowhere', which nothing in the book is called"),
        ("{doc}`nowhere`", "two refers to the page 'nowhere', which is not in book/_toc.yml"),
        ("{numref}`notes`", "two asks for the number of 'notes', which has none"),
        ("{cite}`nobody`", "'nobody' is cited, but book/references.bib has no such work"),
        ("word\n: meaning", "two has a definition list, which has no plain form"),
    ],
)
def test_what_has_no_plain_form_is_refused_by_name(text, source, said):
    with pytest.raises(PlainError, match=said.replace("{", r"\{")):
        text(source)


# --- cells ------------------------------------------------------------------------------------------------------------


def printed(*lines):
    return [new_output("stream", text="".join(f"{line}\n" for line in lines))]


def tagged(source, *tags, outputs=(), **metadata):
    return new_code_cell(source, metadata={"tags": list(tags), **metadata}, outputs=list(outputs))


def test_hints_and_solution_are_folded_text(book):
    (cell,) = made(book, new_markdown_cell("```{exercise-help} center_loss.by_hand\n```"))
    first, second, third = (hint.replace("<", "&lt;") for hint in find("center_loss.by_hand").hints)
    assert cell.source == (
        f"<details><summary>Hint 1</summary>\n<p>{first}</p>\n"
        f"<details><summary>Hint 2</summary>\n<p>{second}</p>\n"
        f"<details><summary>Hint 3</summary>\n<p>{third}</p>\n</details>\n</details>\n</details>\n\n"
        f"<details><summary>Solution</summary>\n\n```python\n{solution_of('center_loss.by_hand')}\n```\n\n</details>"
    )


def test_a_cell_to_fill_in_stays_as_it_is(book):
    stub = tagged('answer = ...\ncheck("a.b", answer)', "exercise", outputs=printed("a.b: not answered yet"))
    (cell,) = made(book, stub)
    assert (cell.cell_type, cell.source, cell.outputs) == ("code", stub.source, stub.outputs)


@pytest.mark.parametrize(
    ("tags", "prompt", "title", "hidden"),
    [
        (["hide-input"], "Show the imports", "The imports", {"source_hidden": True}),
        (["hide-cell", "setup"], "", "Set-up", {"source_hidden": True, "outputs_hidden": True}),
        (["remove-input"], "", "Code", {"source_hidden": True}),
    ],
)
def test_what_the_book_folds_is_folded_in_jupyterlab_and_on_colab(book, tags, prompt, title, hidden):
    (cell,) = made(book, tagged("print()", *tags, mystnb={"code_prompt_show": prompt} if prompt else {}))
    assert cell.source == f"#@title {title}\nprint()"
    assert cell.metadata == {"cellView": "form", "jupyter": hidden}


def test_long_outputs_that_the_book_folds_are_folded_in_jupyterlab(book):
    (cell,) = made(book, tagged("print()", "hide-output", "nbval-ignore-output"))
    assert (cell.source, cell.metadata.jupyter) == ("print()", {"outputs_hidden": True})
    assert cell.metadata.tags == ["nbval-ignore-output"]


def test_a_plot_has_its_caption_below_and_its_description(book):
    figure = {"figure": {"caption": "A curve of {eq}`eq-c`.", "name": "fig-curve"}, "image": {"alt": "It falls."}}
    picture = new_output("display_data", {"image/png": "aGk=", "text/plain": "<Figure>"})
    plot, caption, reference = made(
        book, tagged("plot()", "hide-input", mystnb=figure, outputs=[picture]), new_markdown_cell("{numref}`fig-curve`")
    )
    assert plot.source == "#@title Code of Fig. 2.1\nplot()"
    assert plot.outputs[0].metadata == {"image/png": {"alt": "It falls."}}
    assert plot.outputs[0].data == picture.data
    assert caption.source == (
        '<a id="fig-curve"></a>\n\n**Fig. 2.1** A curve of [equation (2.1)](#eq-c).\n\n'
        "<details><summary>Description in words</summary>\n\nIt falls.\n\n</details>"
    )
    assert reference.source == "[Fig. 2.1](#fig-curve)"


def test_the_title_has_its_number_and_says_where_else_to_read_and_the_end_lists_what_is_cited(book):
    (_, works) = made(book, new_markdown_cell("See {cite}`two`, {cite}`one` and {cite}`two`."))
    title = nbformat.read(book / "notebooks" / "two.ipynb", as_version=4).cells[0].source
    assert title.startswith(
        '<a id="second"></a>\n\n# 2. Second chapter\n\n[Open in Colab](https://colab.research.google.com/github/'
        "fer-tutorial/fer-tutorial/blob/main/notebooks/two.ipynb) · this chapter as a page"
    )
    assert "open `_build/html/two.html`" in title
    assert works.source == (
        '## References\n\n* <a id="one"></a>Ann Li. A title. *J*, 2001.\n'
        '* <a id="two"></a>Ann Li and Jan de Boer. B title. *J*, 2002.'
    )


def test_the_page_is_linked_where_the_book_has_an_address(book):
    config = yaml.safe_load((book / "_config.yml").read_text())
    config["html"]["baseurl"] = "https://example.org/book/"
    (book / "_config.yml").write_text(yaml.safe_dump(config))
    plain.write(book)
    title = nbformat.read(book / "notebooks" / "two.ipynb", as_version=4).cells[0].source
    assert "[this chapter as a page of the book](https://example.org/book/two.html)" in title


# --- the commands -----------------------------------------------------------------------------------------------------


def test_what_was_written_is_fresh_until_a_source_changes(book, capsys):
    assert plain.main(["stale"], book) == 1
    assert "notebooks/one.ipynb is not what book/one.ipynb gives" in capsys.readouterr().out
    assert plain.main(["write"], book) == 0
    first = (book / "notebooks" / "two.ipynb").read_bytes()
    assert plain.main(["stale"], book) == 0
    assert capsys.readouterr().out == ""
    save(book / "book" / "one.ipynb", new_markdown_cell(FIRST.replace("First", "Another")))
    assert plain.main(["stale"], book) == 1
    assert "notebooks/one.ipynb is not" in capsys.readouterr().out
    assert plain.main(["write"], book) == 0
    assert (book / "notebooks" / "two.ipynb").read_bytes() == first


def test_a_number_that_changes_elsewhere_makes_a_notebook_stale(book, capsys):
    save(book / "book" / "two.ipynb", new_markdown_cell(SECOND), new_markdown_cell("{eq}`eq-b`"))
    plain.write(book)
    save(book / "book" / "one.ipynb", new_markdown_cell(FIRST.replace(":label: eq-a\n", "")))
    assert plain.stale(book)[1] == (
        "notebooks/two.ipynb is not what book/two.ipynb gives (run: python tools/plain.py write)"
    )


def test_a_notebook_whose_source_is_gone_is_stale_and_removed(book):
    plain.write(book)
    (book / "notebooks" / "old.ipynb").write_text("{}")
    assert plain.stale(book) == ["notebooks/old.ipynb has no source in the book (run: python tools/plain.py write)"]
    plain.write(book)
    assert not (book / "notebooks" / "old.ipynb").exists()


def test_a_notebook_that_is_too_large_is_refused(book, capsys):
    save(book / "book" / "one.ipynb", new_markdown_cell(FIRST + "x" * notebooks.SIZE_LIMIT))
    assert plain.main(["write"], book) == 2
    assert "notebooks/one.ipynb would have 1,00" in capsys.readouterr().err


def test_what_is_written_is_a_notebook_of_the_current_format(book):
    made(book, new_code_cell("1"), new_code_cell("1"))
    notebook = json.loads((book / "notebooks" / "two.ipynb").read_text())
    nbformat.validate(notebook)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["made_from"] == "book/two.ipynb"
