import pytest
import torch

from fer_tutorial.coursework.public import PASSED, UNANSWERED, public_check


@pytest.mark.parametrize(("function", "said"), [
    (lambda x: 2 * x, PASSED),
    (lambda x: NotImplemented, UNANSWERED),
    (lambda x: 3 * x, "not yet right (this example: entry [0] should be 2 but is 3)"),
    (lambda x: x.mul_(2), "not yet right (your answer changes the input 1 it is given; work on a copy)"),
    (lambda x: 1 / 0, "not yet right (for input 1 = [1]: your answer raised ZeroDivisionError: division by zero)"),
])  # fmt: skip
def test_what_is_printed(function, said, capsys):
    public_check(function, torch.ones(1), expected=torch.tensor([2.0]))
    assert capsys.readouterr().out == said + "\n"


def test_several_values(capsys):
    public_check(lambda: (1.0, 2.0), expected=(1.0, 2.0))
    public_check(lambda: (1.0, 3.0), expected=(1.0, 2.0))
    public_check(lambda: 1.0, expected=(1.0, 2.0))
    public_check(lambda: ("a", 2.0), expected=("a", 2.0))
    public_check(lambda: ("b", 2.0), expected=("a", 2.0))
    assert capsys.readouterr().out.split("\n")[:5] == [
        PASSED,
        "not yet right (value 2: expected 2, got 3)",
        "not yet right (expected 2 values)",
        PASSED,
        "not yet right (value 1: expected 'a', got 'b')",
    ]
