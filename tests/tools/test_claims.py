"""Asserts that are recorded instead of raised: what each compares, and how near it came."""

import ast

import numpy as np
import pandas as pd
import pytest
import torch

from tools.claims import RECORDER, Claims, watched


def claimed(code, **names):
    """The claims of a cell of code."""
    recorder = Claims()
    exec(watched(code, cell=3), {RECORDER: recorder, "np": np, "pd": pd, "torch": torch, **names})
    return recorder.found


@pytest.mark.parametrize(
    ("code", "passed", "margin"),
    [
        ("assert 2 > 1", True, 0.5),
        ("assert 1 > 2", False, -0.5),
        ("assert 3 >= 3", True, 0.0),
        ("assert 0 < 4", True, 1.0),
        ("assert 0 <= 0", True, 0.0),
        ("assert 0.4 < 0.5 < 2", True, 0.2),
        ("assert 3 < 2 < 4", False, -1 / 3),
        ("assert (np.array([1.0, 3.0]) < 4).all()", True, 0.25),
        ("assert (torch.tensor([1.0, 5.0]) < 4).all()", False, -0.2),
        ("assert (pd.Series([2.0, 8.0]) > 1).all()", True, 0.5),
        ("assert all(x > 1 for x in (2, 4))", True, 0.5),
        ("assert 2 > 1 and 4 > 3", True, 0.25),
        ("assert 2 == 2", True, None),
        ("assert 'a' != 'b'", True, None),
        ("assert not 1 > 2", True, None),
        ("assert pd.Series([1, 9])[pd.Series([1, 9]) > 1].sum() > 3", True, 2 / 3),
        ("assert 2 in (1, 2)", True, None),
        ("assert np.isclose(1, 1)", True, None),
    ],
)
def test_a_claim_passes_as_python_says_and_has_the_margin_of_its_nearest_comparison(code, passed, margin):
    (claim,) = claimed(code)
    assert claim["passed"] is passed
    assert claim["margin"] == pytest.approx(margin)
    assert claim["cell"] == 3
    assert claim["claim"] == ast.unparse(ast.parse(code).body[0].test)


def test_execution_goes_on_after_a_failure_and_the_rest_of_the_cell_is_as_it_was():
    names = {"seen": []}
    code = "for k in range(2):\n    assert k > 0, 'words'\n    seen.append(k)\nassert 1 / 0 > 1\nseen.append('end')"
    claims = claimed(code, **names)
    assert [claim["passed"] for claim in claims] == [False, True, False]
    assert claims[2]["error"] == "ZeroDivisionError: division by zero"
    assert names["seen"] == [0, 1, "end"]


def test_the_sides_are_told_apart_to_the_last_bit():
    one, same, other = (claimed("assert x > 0", x=x)[0]["sides"] for x in (0.5, 0.5, 0.5 + 1e-16))
    assert one == same != other


def test_a_cell_without_claims_and_a_magic_stay_as_they_are():
    for code in ("x = 1  # a comment\nx", "%matplotlib inline\nassert False"):
        assert watched(code, cell=0) is code
