"""The search: finds both spellings of a word, and shows where on the page it stands.

Sphinx would fetch the pages to quote from them, which a page opened from disk may not do; so the words lie beside it.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.search.en import SearchEnglish

ENDING = "(e|es|ed|er|ers|ing|ation|ations)$"
# Words in -ise on both sides of the ocean: surprise, noise, precise, otherwise, supervise, raise, promise ...
ALWAYS_ISE = f"(?:a|sun|)ris{ENDING}|.*(?:pris|ois|cis|wis|vis|rais|guis|rtis|promis|premis|treatis|paradis){ENDING}"
# What one side writes, and the other; applied to the words of the pages and to those that are asked for.
SPELLINGS = (
    (f"^(?!{ALWAYS_ISE})([a-z]+)is{ENDING}", "$3iz$4"),
    ("lys(e|ed|er|ers|ing)$", "lyz$1"),
    ("^([a-z]{3,})our(s|ed|ing|ful|less|able|hood)?$", "$1or$2"),
    ("([tb])re(s)?$", "$1er$2"),
    ("([tb])red$", "$1ered"),
    ("(label|model|travel|signal|cancel|level)l(ed|ing|er|ers)$", "$1$2"),
    ("ogue(s)?$", "og$1"),
    ("^grey", "gray"),
)
SCRIPT = Path(__file__).with_name("search_excerpts.js")


def one_spelling(word: str) -> str:
    for pattern, other in SPELLINGS:
        word = re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", other), word)
    return word


class EitherSpelling(SearchEnglish):
    js_stemmer_code = f"""{SearchEnglish.js_stemmer_code}
const PorterStemmer = Stemmer;
Stemmer = function () {{
  const porter = new PorterStemmer();
  this.stemWord = (word) => porter.stemWord(oneSpelling(word));
}};
const spellings = {json.dumps(SPELLINGS)}.map(([pattern, other]) => [new RegExp(pattern), other]);
const oneSpelling = (word) => spellings.reduce((changed, [from, to]) => changed.replace(from, to), word.toLowerCase());
"""

    def stem(self, word: str) -> str:
        return super().stem(one_spelling(word.lower()))


def words(doctree: nodes.document) -> str:
    """What a reader sees on a page, without formulas and pictures, in one line."""
    unseen = (nodes.raw, nodes.math, nodes.math_block, nodes.comment)
    seen = (text.astext() for text in doctree.findall(nodes.Text) if not isinstance(text.parent, unseen))
    return " ".join(" ".join(seen).split())


def collect(app, pagename, templatename, context, doctree) -> None:
    if doctree is not None:
        app.env.book_words[pagename] = words(doctree)
    elif pagename == "search":
        app.add_js_file("search_excerpts.js", loading_method="defer")


def start(app, env, docnames) -> None:
    if not hasattr(env, "book_words"):
        env.book_words = {}


def write(app, error) -> None:
    if error is None and app.builder.format == "html":
        quotes = json.dumps(app.env.book_words, ensure_ascii=False)
        code = f"const pageWords = {quotes};\n{SCRIPT.read_text(encoding='utf-8')}"
        (Path(app.outdir) / "_static" / "search_excerpts.js").write_text(code, encoding="utf-8")


def setup(app):
    app.add_search_language(EitherSpelling)
    app.connect("env-before-read-docs", start)
    app.connect("html-page-context", collect)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
