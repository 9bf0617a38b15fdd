"""Of assignment A1: what usual mistakes cost."""

import pytest

from fer_tutorial.coursework.assignment import load
from tests.coursework.submissions import code, line, notebook

A1 = load("a1")
# Of each task an answer with a usual mistake, what it earns, and of how many marks.
MISTAKES = {
    "squares in place of the exponent": (
        "a1.1",
        "def weighted_center_loss(f, y, c, w):\n    return (w[y] * (f - c[y]).square().sum(1)).sum() / w[y].sum()",
        range(1, 4),  # a face on its center, the order and the weights are right
    ),
    "a mean in place of the weights": (
        "a1.1",
        "def weighted_center_loss(f, y, c, w):\n    return (w[y] * (f - c[y]).norm(dim=1)**EXPONENT).mean()",
        range(1, 5),
    ),
    "no gradient": (
        "a1.1",
        "def weighted_center_loss(f, y, c, w):\n"
        "    return ((w[y] * (f - c[y]).norm(dim=1)**EXPONENT).sum() / w[y].sum()).detach()",
        range(7, 8),
    ),
    "one batch for all": (
        "a1.2",
        "def centers_after(c, sums, counts, alpha):\n    n = counts.sum(0)[:, None]\n"
        "    return c - alpha * (n * c - sums.sum(0)) / (1 + n)",
        range(3, 8),
    ),
    "by autograd": (
        "a1.3",
        "def weighted_center_loss_gradients(f, y, c, w):\n    return torch.autograd.grad(f.sum(), f)",
        range(1),
    ),
    "always the paper": (
        "a1.4",
        "def which_implementation(f, y, c, loss, gradient, move):\n    return 'paper', 1.0, 0.5",
        range(1),
    ),
    "the chapter's mean over a face": (
        "a1.5",
        "from fer_tutorial.papers.dacl import MeanOne, sparse_center_loss\n"
        "def unfading_center_loss(f, a, y, c):\n    return sparse_center_loss(f, MeanOne()(a), y, c)",
        range(4, 7),
    ),
    "center loss": (
        "a1.5",
        "from fer_tutorial.papers.center_loss import center_loss\n"
        "def unfading_center_loss(f, a, y, c):\n    return center_loss(f, y, c, 'mean')",
        range(3),
    ),
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_costs_marks(words, marked):
    name, answer, expected = MISTAKES[words]
    marks = marked("a1", notebook(code(line(name, 1) + answer)))[name]
    assert marks.marks in expected, [(each.words, each.marks) for each in marks.properties]


def test_the_stub_with_its_faults_earns_nothing(marked):
    (mend,) = [task for task in A1.code_tasks if task.name == "a1.6"]
    faulty = A1.stub(mend).replace("projection, classifier]\n", "projection, classifier]  # mine\n") + "\nx = 1"
    assert marked("a1", notebook(code(faulty)))["a1.6"].marks == 0
