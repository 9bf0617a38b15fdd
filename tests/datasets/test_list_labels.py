from pathlib import Path

import pandas as pd
import pytest

from fer_tutorial.datasets.list_labels import meaning_of, plain_label, some_of, with_expressions
from tests.helpers.refusals import refused


def rows(*labels):
    names = [f"{number}.png" for number in range(len(labels))]
    return pd.DataFrame({"picture": names, "index": range(len(labels)), "label": labels})


def test_names_of_expressions_need_no_explanation():
    named = with_expressions(Path("list"), rows("Happy", " sorrow"), None, {})
    assert named["expression"].tolist() == ["happiness", "sadness"]


def test_numbers_need_one():
    with refused("has numbers as labels (3)"):
        with_expressions(Path("list"), rows("3.0"), None, {})
    left_out: dict[str, int] = {}
    kept = with_expressions(Path("list"), rows("3.0", "9", "9"), {"3": "anger"}, left_out)
    assert kept["expression"].tolist() == ["anger"]
    assert left_out == {"lines with other labels than those explained (9: 2)": 2}


@pytest.mark.parametrize("text", ["1 happy\n2 sad\n", "label,expression\n1,happy\n2,sad\n", "happy;1\nsad;2\n"])
def test_a_file_says_what_labels_mean(text, tmp_path):
    (tmp_path / "meaning.txt").write_text(text)
    assert meaning_of("meaning.txt", tmp_path) == {"1": "happiness", "2": "sadness"}


def test_an_expression_that_is_none(tmp_path):
    with refused("says that 1 is 'zebra', which is no expression"):
        meaning_of("1:zebra", tmp_path)


def test_what_programs_add_to_a_label():
    assert [plain_label(label) for label in ("2.50", " 2.0 ", "2e0", "Sad")] == ["2.50", "2", "2", "sad"]


def test_a_few_are_named():
    assert some_of(["a", ""]) == "a, an empty one"
    assert some_of([*"abcdefg"]) == "a, b, c, d, e, and so on"
