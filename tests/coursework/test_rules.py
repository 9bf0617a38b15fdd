import pytest

from fer_tutorial.coursework.rules import forbidden_in

NAMES = ("backward", "autograd")
FOUND = {
    "a method": ("def f(x):\n    x.sum().backward()", []),
    "a module": ("def f(x):\n    return torch.autograd.grad(x, x)", []),
    "an import": ("from torch.autograd import grad\ndef f(x):\n    return grad(x, x)", []),
    "another name": ("from torch import autograd as a\ndef f(x):\n    return a.grad(x, x)", []),
    "a helper": ("def f(x):\n    return g(x)", ["def h(x):\n    x.backward()\ndef g(x):\n    return h(x)"]),
    "an import of a helper": ("def f(x):\n    return g(x, x)", ["from torch.autograd import grad as g"]),
    "a name of a helper": ("def f(x):\n    return g(x)", ["import torch\ng = torch.autograd.grad"]),
    "everything": ("from torch.autograd import *\ndef f(x):\n    return grad(x, x)", []),
    "an attribute by its name": ("def f(x):\n    return getattr(x, 'back' + 'ward')()", []),
    "text that is executed": ("def f(x):\n    exec('x.back' 'ward()')", []),
    "an import by its name": ("def f(x):\n    return __import__('torch')", []),
}
ALLOWED = {
    "nothing of it": ("def f(x):\n    return x + 1", []),
    "a helper that is not used": ("def f(x):\n    return x", ["def g(x):\n    x.backward()"]),
    "words": ("def f(x):\n    '''no backward'''\n    return x  # backward", []),
    "no Python": ("def f(", []),
}


@pytest.mark.parametrize(("answer", "helpers"), FOUND.values(), ids=FOUND)
def test_what_is_forbidden_is_found(answer, helpers):
    assert forbidden_in(answer, helpers, NAMES)


@pytest.mark.parametrize(("answer", "helpers"), ALLOWED.values(), ids=ALLOWED)
def test_what_is_not_is_not(answer, helpers):
    assert forbidden_in(answer, helpers, NAMES) == ""


def test_without_rules_everything_is_allowed():
    assert forbidden_in("exec('x')", [], ()) == ""
