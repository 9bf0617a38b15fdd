"""Formulas as MathML, made when the book is built: nothing to load, nothing to wait for, read aloud as it is.

``latex2mathml`` translates; the functions below give what TeX gives and it leaves out: limits under sums, thin spaces
around the names of functions, no space around operators in indices, delimiters that keep their size.
"""

import re
import unicodedata
from html import unescape
from xml.etree.ElementTree import Element, tostring

from docutils import nodes
from latex2mathml.converter import convert_to_element
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

# What the library does not know, in words that it does.
SPELLINGS = {
    r"\\arg\s*\\(max|min)(?![a-zA-Z])": r"\\arg\1",
    r"\\(begin|end)\{aligned\}": r"\\\1{split}",
    r"\\(begin|end)\{gathered\}": r"\\\1{matrix}",
    r"\\[lr]Vert(?![a-zA-Z])": r"\\|",
    r"\\mathrm\{(\w)\}": r"\\text{\1}",
}
OPERATORS = {";": ";", "~": "∼"}  # which it takes for letters
SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
WITH_LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
OPENING, CLOSING, BARS = set("([{⌊⌈⟨"), set(")]}⌋⌉⟩"), set("|‖")
SPACES = dict.fromkeys("×⋅·∘⊙", "0.2222em") | {"∼": "0.2778em"}
WITHOUT_SPACE = OPENING | CLOSING | BARS | set("/.…")
ACCENTS = {"^": "ˆ", "~": "˜", "¯": "¯", "→": "→"}  # the signs that are made to stand over a letter
THIN = "0.1667em"
ALPHABETS = {"double-struck": "DOUBLE-STRUCK", "bold": "BOLD", "bold-italic": "BOLD ITALIC", "script": "SCRIPT"}


def mathml(latex: str, display: bool) -> str:
    """The ``<math>`` element of a formula; ``ValueError`` where a command is unknown."""
    gathered = r"\begin{gathered}" in latex
    for spelling, known in SPELLINGS.items():
        latex = re.sub(spelling, known, latex)
    if r"\\" in re.sub(r"\\begin\{(\w+)\}.*?\\end\{\1\}", "", latex, flags=re.DOTALL):
        latex = rf"\begin{{split}}{latex}\end{{split}}"
    math = convert_to_element(latex, display="block" if display else "inline")
    del math.attrib["xmlns"]
    for element in math.iter():
        element.text = unescape(element.text or "") or None
        if element.tag == "mi" and element.text in OPERATORS:
            element.tag, element.text = "mo", OPERATORS[element.text]
        if element.tag == "mtable" and gathered:
            element.set("displaystyle", "true")
        if element.text and ("\\" in element.text or element.text == "&"):
            raise ValueError(f"{element.text} in {latex!r} is not known to latex2mathml; write it in other words")
    _as_tex(math, in_script=False)
    return tostring(math, encoding="unicode", short_empty_elements=False)


def _as_tex(element: Element, in_script: bool) -> None:
    _one_word(element)
    _prime(element)
    _limits(element)
    _letter(element)
    for position, child in enumerate(list(element)):
        if element.tag == "mover" and position == 1 and child.text in ACCENTS:
            element.set("accent", "true")
            child.set("stretchy", "false")
            child.text = ACCENTS[child.text]
        _as_tex(child, in_script or (element.tag in SCRIPTS and position > 0))
    if element.tag not in SCRIPTS:
        _space_operators(element, in_script)


def _one_word(row: Element) -> None:
    r"""``\mathrm{softmax}`` is one name, not seven letters."""
    if len(row) > 1 and all(part.tag == "mi" and part.get("mathvariant") == "normal" for part in row):
        word = "".join(part.text or "" for part in row)
        row[:] = []
        row.tag, row.text = "mi", word


def _prime(element: Element) -> None:
    """The sign ′ is small and raised by itself; as an exponent it would be a dot."""
    if element.tag in ("msup", "msubsup") and element[-1].text == "′":
        primed = Element("mrow")
        primed.extend([element[0], element[-1]])
        element[:] = [primed, *element[1:-1]]
        element.tag = "msub" if len(element) == 2 else "mrow"


def _limits(element: Element) -> None:
    """An index of a sum or of a maximum stands under it, where the line has room."""
    if element.tag in WITH_LIMITS and element[0].tag == "mo" and _takes_limits(element[0]):
        element.tag = WITH_LIMITS[element.tag]
        element[0].set("movablelimits", "true")


def _takes_limits(operator: Element) -> bool:
    return operator.text in {"∑", "∏", "max", "min", "lim", "sup", "inf", "arg\u2009max", "arg\u2009min"}


def _letter(element: Element) -> None:
    """Browsers know no other ``mathvariant`` than "normal"; Unicode has the letters."""
    alphabet = ALPHABETS.get(element.get("mathvariant", ""))
    if alphabet and element.text:
        element.text = "".join(_in_alphabet(letter, alphabet) for letter in element.text)
        del element.attrib["mathvariant"]
    elif element.tag == "mi" and element.text and len(element.text) == 1 and element.text in "ΓΔΘΛΞΠΣΦΨΩ":
        element.set("mathvariant", "normal")


def _in_alphabet(letter: str, alphabet: str) -> str:
    name = re.sub("LATIN |GREEK |LETTER ", "", unicodedata.name(letter))
    for kind in (f"MATHEMATICAL {alphabet}", alphabet):  # ℝ is older than its neighbors, and is named without the word
        try:
            return unicodedata.lookup(f"{kind} {name}")
        except KeyError:
            continue
    return letter


def _core(element: Element) -> Element:
    """The operator that an index or an exponent hangs on."""
    return _core(element[0]) if element.tag in SCRIPTS else element


def _is_function(element: Element) -> bool:
    core = _core(element)
    if core.get("mathvariant") == "normal" or core.tag not in ("mi", "mo"):
        return False
    return len(core.text or "") > 1 and (core.text or "").replace("\u2009", "").isalpha()


def _space_operators(row: Element, in_script: bool) -> None:
    before = None
    for child in list(row):
        core = _core(child)
        text = core.text or ""
        if core.tag == "mo":
            if text in BARS:
                core.attrib.setdefault("stretchy", "false")
            elif text in OPENING | CLOSING:
                core.set("form", "prefix" if text in OPENING else "postfix")
            elif text in "+−" and (before is None or _leaves_open(before)):
                core.set("form", "prefix")
            lonely = row.tag == "mrow" and len(row) == 1  # in braces, as the comma of 25{,}088
            close = in_script or lonely or text in WITHOUT_SPACE or _is_function(child)
            space = "0" if close else SPACES.get(text)
            if space:
                core.set("lspace", space)
                core.set("rspace", space)
        if before is not None and not in_script:
            thin = _is_function(before) and not (
                core.tag == "mo" and (text in OPENING or (text not in BARS and not _is_function(child)))
            )
            thin |= _is_function(child) and _ends_a_factor(before)
            if thin:
                row.insert(list(row).index(child), Element("mspace", width=THIN))
        before = child


def _leaves_open(element: Element) -> bool:
    """After it a minus is a sign: after a relation, a comma, an opening parenthesis."""
    core = _core(element)
    return core.tag == "mo" and core.text not in CLOSING | BARS and not _is_function(element)


def _ends_a_factor(element: Element) -> bool:
    core = _core(element)
    return core.tag in ("mi", "mn", "mfrac", "mrow") or (core.tag == "mo" and core.text in CLOSING)


def visit_math(self, node: nodes.math) -> None:
    self.body.append(f'<span class="math notranslate">{_typeset(node, display=False)}</span>')
    raise nodes.SkipNode


def visit_math_block(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f'<div class="formula">{_typeset(node, display=True)}</div></div>\n')
    raise nodes.SkipNode


def _typeset(node: nodes.Element, display: bool) -> str:
    try:
        return mathml(node.astext(), display)
    except Exception as error:  # the library raises its own kinds, and Python's where it is lost
        logger.warning("a formula could not be typeset: %s", error or type(error).__name__, location=node)
        return ""


def setup(app):
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
