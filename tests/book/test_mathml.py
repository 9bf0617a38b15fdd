"""Formulas as MathML: what TeX would space, stack and stretch, and what the translator does not know."""

import re
from pathlib import Path
from xml.etree.ElementTree import fromstring

import mathml
import pytest
from fontTools.ttLib import TTFont

FONT = Path(__file__).resolve().parents[2] / "book" / "_static" / "formulas" / "formulas.woff"


def formula(latex, display=True):
    return fromstring(mathml.mathml(latex, display))


def words(element):
    return "".join(element.itertext())


def operator(latex, sign):
    return next(mo for mo in formula(latex).iter("mo") if mo.text == sign)


@pytest.mark.parametrize("latex", [r"\sum_{i=1}^m x_i", r"\underbrace{\sum_{i=1}^m x_i}_{\text{all}}"])
def test_a_sum_has_its_limits_above_and_below(latex):
    assert [words(limits) for limits in formula(latex).iter("munderover")] == ["∑i=1m"]


def test_the_index_of_a_maximum_stands_below():
    (limits,) = formula(r"\arg\max_k p_k").iter("munder")
    assert words(limits) == "arg\u2009maxk"


@pytest.mark.parametrize(
    ("latex", "spaces"),
    [
        (r"\log x", 1),
        (r"s \cos\theta", 2),
        (r"\exp(x)", 0),
        (r"\exp(-x)", 0),
        (r"\min_k |x|", 1),
        (r"\max\{0, x\}", 0),
    ],
)
def test_functions_keep_a_thin_distance_except_to_parentheses(latex, spaces):
    assert len(list(formula(latex).iter("mspace"))) == spaces


@pytest.mark.parametrize(
    ("latex", "form"), [("a = -b", "prefix"), ("(-b)", "prefix"), ("a - b", None), ("(a) - b", None)]
)
def test_a_minus_is_a_sign_or_a_difference(latex, form):
    assert operator(latex, "−").get("form") == form


def test_operators_stand_close_in_an_index():
    assert operator("x_{i=1}", "=").get("lspace") == "0"
    assert operator("x = 1", "=").get("lspace") is None


def test_a_comma_in_braces_is_part_of_a_number():
    assert operator("25{,}088", ",").get("rspace") == "0"


def test_norms_do_not_grow_but_big_brackets_do():
    assert operator(r"\lVert x \rVert^2", "‖").get("stretchy") == "false"
    assert operator(r"\begin{pmatrix} a \\ b \end{pmatrix}", "(").get("stretchy") != "false"


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\mathbb{1}", "𝟙"),
        (r"\mathbb{R}", "ℝ"),
        (r"\boldsymbol{x}", "𝒙"),
        (r"\mathrm{softmax}", "softmax"),
        (r"t \sim q", "t∼q"),
        (r"\hat x \bar y \tilde z", "xˆy¯z˜"),
    ],
)
def test_letters_and_signs(latex, text):
    assert words(formula(latex)) == text


def test_capital_greek_and_the_differential_are_upright():
    assert next(formula(r"\Delta").iter("mi")).get("mathvariant") == "normal"
    assert [text.text for text in formula(r"\frac{\mathrm{d} L}{\mathrm{d} x}").iter("mtext")] == ["d", "d"]


def test_a_prime_is_not_an_exponent():
    assert [words(index) for index in formula("y'_i").iter("msub")] == ["y′i"]
    assert not list(formula("F'").iter("msup"))


@pytest.mark.parametrize("name", ["aligned", "split"])
def test_aligned_equations_meet_at_the_ampersand(name):
    table = next(formula(rf"\begin{{{name}}} a &= b \\ cc &= d \end{{{name}}}").iter("mtable"))
    assert [cell.get("columnalign") for cell in table.iter("mtd")] == ["right", "left"] * 2
    assert table.get("displaystyle") == "true"


def test_gathered_equations_are_displayed():
    table = next(formula(r"\begin{gathered} \sum_i a \\ b \end{gathered}").iter("mtable"))
    assert len(list(table.iter("mtr"))) == 2
    assert table.get("displaystyle") == "true"


@pytest.mark.parametrize("latex", [r"\nosuchcommand x", r"a & b"])
def test_what_is_not_known_is_refused(latex):
    with pytest.raises(ValueError, match="not known"):
        mathml.mathml(latex, display=True)


def test_the_font_has_every_letter_and_sign_of_the_book(pages):
    known = {chr(code) for code in TTFont(FONT).getBestCmap()}
    missing, seen = set(), 0
    for path in pages.glob("*.html"):
        for math in re.findall(r"<math.*?</math>", path.read_text(encoding="utf-8"), flags=re.DOTALL):
            seen += 1
            for element in fromstring(math).iter():
                shown = (element.text or "").strip()
                if element.tag == "mi" and len(shown) == 1 and element.get("mathvariant") != "normal":
                    shown = italic(shown)
                missing |= {(path.name, sign) for sign in shown if sign not in known and not sign.isspace()}
    assert missing == set()
    assert seen > 300


def italic(letter):
    """How a browser shows a name of one letter."""
    return "ℎ" if letter == "h" else mathml._in_alphabet(letter, "ITALIC")
