"""Of assignment A3: what usual mistakes lose, and that odd but right answers lose nothing."""

import pytest

from fer_tutorial.coursework.assignment import load
from tests.coursework.samples.mutants import changed, lost

A3 = load("a3")
# Of each task: the mistake, the properties that it loses, the pieces of the solution that it changes.
MISTAKES = {
    "a3.1": [
        ("no hinge", "1 2 3 4 5", (".clamp(min=0)", ".abs()")),
        (
            "the hinge after the mean",
            "1 2 3 4",
            (".clamp(min=0)", "", "missing.pow(POWER).mean()", "missing.mean().clamp(min=0).pow(POWER)"),
        ),
        ("the power left out", "1 2 3 4", (".pow(POWER)", "")),
        ("no half", "1 2 3 4", (" / 2", "")),
        ("a sum", "1 2 3 4", (".mean()", ".sum()")),
        ("attention left out", "1 2 3 4", ("(attention * (features - negatives)", "(1 * (features - negatives)")),
        ("attention detached", "4", ("(attention *", "(attention.detach() *")),
        ("negatives detached", "3", ("features - negatives", "features - negatives.detach()")),
        ("centers detached", "3", ("features - centers[labels]", "features - centers.detach()[labels]")),
        ("plain distances", "1 2 3 4", (".sum(dim=1) / 2", ".sum(dim=1).sqrt()")),
        ("one margin for all", "1 2 3 4", ("margins[labels]", "margins.mean()")),
        ("the margin on the wrong side", "1 2 3 4 5 6", ("+ margins[labels]", "- margins[labels]")),
        ("the closed hinge raised from zero", "1 2 3 4", (".pow(POWER)", ".add(1e-3).pow(POWER)")),
    ],
    "a3.2": [
        ("the sign turned", "1 3", ("negatives - centers)", "centers - negatives)")),
        ("no half", "2 3", ("0.5 * ", "")),
        ("attention left out of w", "1 3", ("attention * (negatives", "(negatives")),
        ("attention left out of b", "2 3", ("@ attention", "@ torch.ones_like(attention)")),
        ("b of the negative alone", "2 3 4", ("(centers.square() - negatives.square())", "(-negatives.square())")),
        ("b forgotten", "2 3 4", ("return w, b", "return w, 0 * b")),
        (
            "w without its sign",
            "1 3 4",
            ("w = attention * (negatives - centers)", "w = attention * (negatives - centers).abs()"),
        ),
        ("one number for all faces", "2 3", ("return w, b", "return w, b.mean()")),
    ],
    "a3.3": [
        ("attention left out", "1 2 4", ("attention[:, None] * ", "")),
        ("the own class too", "1 2 3 4", ("distances[torch.arange(len(labels)), labels] = torch.inf\n", "\n")),
        (
            "the nearest of all dropped instead",
            "1 3 4",
            ("distances[torch.arange(len(labels)), labels] = torch.inf\n", "\n", "[:, :count]", "[:, 1 : count + 1]"),
        ),
        (
            "the farthest",
            "1 2 3 4",
            (
                "distances.argsort(dim=1, stable=True)",
                "distances.nan_to_num(posinf=-1.0).argsort(dim=1, descending=True, stable=True)",
            ),
        ),
        ("sums of differences", "1 2 4", (".square()", ".abs()")),
        (
            "ties to the highest number",
            "3",
            (
                "distances.argsort(dim=1, stable=True)",
                "(len(centers) - 1 - distances.flip(1).argsort(dim=1, stable=True))",
            ),
        ),
        (
            "the nearest alone, repeated",
            "1 2 3 4",
            (".argsort(dim=1, stable=True)[:, :count]", ".argmin(dim=1, keepdim=True).repeat(1, count)"),
        ),
        (
            "unordered",
            "1 2 3 4",
            (
                "return distances.argsort(dim=1, stable=True)[:, :count]",
                "return distances.argsort(dim=1, stable=True)[:, :count].sort(dim=1).values",
            ),
        ),
        ("attention of the first face for all", "1 2 4", ("attention[:, None]", "attention[0]")),
    ],
    "a3.4": [
        ("every dimension for itself", "1 2 3 5 7", (".split(size, dim=1)", ".split(1, dim=1)")),
        ("all dimensions together", "1 2 3 7", (".split(size, dim=1)", ".split(features.shape[1], dim=1)")),
        (
            "the last block left out",
            "1 2 3 4",
            (
                "    for x, c in zip(features",
                "    size = min(size, features.shape[1])\n    n = features.shape[1] // size * size\n"
                "    for x, c in zip(features[:, :n]",
                "return torch.cat(parts, dim=1)",
                "return torch.cat([*parts, features[:, n:]], dim=1)",
            ),
        ),
        (
            "so many blocks instead of so large ones",
            "1 2 3 4 5 7",
            ("features.split(size", "features.chunk(size", "centers.split(size", "centers.chunk(size"),
        ),
        ("the own center too", "1 2 3 5 7", (".masked_fill(own, torch.inf)", "")),
        ("the own center as a large number", "1 2 3 4 5 7", ("torch.inf", "1.0")),
        ("the farthest", "1 2 3 4 5 7", (".masked_fill(own, torch.inf).argmin", ".masked_fill(own, -1.0).argmax")),
        ("no gradient", "2", ("return torch.cat(parts, dim=1)", "return torch.cat(parts, dim=1).detach()")),
        (
            "a mean of all wrong centers",
            "1 2 4 7",
            (
                "c[distances.masked_fill(own, torch.inf).argmin(dim=1)]",
                "(-1e3 * distances.masked_fill(own, torch.inf)).softmax(dim=1) @ c",
            ),
        ),
        (
            "too slow, or too large, for many faces",
            "7",
            (
                "parts.append(",
                "distances = distances / (len(x) < 10_000)\n        parts.append(",
            ),
        ),
    ],
    "a3.5": [
        ("the parents changed for each other", "1 2 3 4", ("synthetic, real)", "real, synthetic)")),
        ("the least attention", "1 3 4", ("descending=True, ", "")),
        ("one too many", "1 2 3 4", ("ranks < counts", "ranks <= counts")),
        ("places in the order taken for ranks", "1 3 4", (".argsort(dim=1)\n", "\n")),
        ("half of the dimensions", "1 2 3 4", ("counts[:, None]", "ranks.shape[1] // 2")),
        ("the first face's count for all", "1 3 4", ("counts[:, None]", "counts[0]")),
        (
            "ties to the higher dimension",
            "3",
            (
                "attention.argsort(dim=1, descending=True, stable=True).argsort(dim=1)",
                "attention.flip(1).argsort(dim=1, descending=True, stable=True).argsort(dim=1).flip(1)",
            ),
        ),
        (
            "all that tie with the last",
            "1 2 3 4",
            (
                "ranks < counts[:, None]",
                "attention >= -(-attention).sort(dim=1).values.gather(1, (counts - 1).clamp(min=0)[:, None])",
            ),
        ),
        ("the real parent detached", "4", ("synthetic, real)", "synthetic, real.detach())")),
        ("detached", "4", ("synthetic, real)", "synthetic, real).detach()")),
    ],
    "a3.6": [
        ("no half", "1 2 3", (".square() / 2", ".square()")),
        ("plain distances", "1 3 4", ("squares.sum(dim=2)", "squares.sum(dim=2).sqrt()")),
        (
            "the face at the middle",
            "1 2 3",
            ("x = torch.randn(n, 1, dimensions, generator=numbers)", "x = torch.zeros(n, 1, dimensions)"),
        ),
        ("a face for each center", "1 2", ("torch.randn(n, 1,", "torch.randn(n, wrong,")),
        ("one center too many", "1 2 3", ("torch.randn(n, wrong,", "torch.randn(n, wrong + 1,")),
        ("a mean over dimensions", "2 3", (".sum(dim=1).mean()", ".mean()")),
        ("six wrong classes always", "1 2 3 4", ("torch.randn(n, wrong,", "torch.randn(n, 6,")),
        (
            "the two changed for each other",
            "1 2",
            ("return nearest.item(), synthesized.item()", "return synthesized.item(), nearest.item()"),
        ),
        ("the nearest not nearest", "1 4", ("squares.sum(dim=2).amin(dim=1)", "squares.sum(dim=2)")),
    ],
    "a3.8": [
        ("no runs", "1 2", ("results = [", "results = [][:0] and [")),
        ("four seeds", "1 2", ('\n    {"seed": 4,', "\n    # {")),
        ("no softmax", "1 2", ('"loss": "softmax"', '"loss": "plain"')),
        (
            "weights that differ from seed to seed",
            "1 2",
            ('{"seed": 1, "loss": "nearest", "weight": 0.1', '{"seed": 1, "loss": "nearest", "weight": 0.2'),
        ),
        ("percents", "1 2", ('"recalls": [0.', '"recalls": [90.')),
        ("invented recalls", "2", ('"recalls": [0.7', '"recalls": [0.1')),
        ("the mean over all classes", "3 4", ("for k in RARE) / len(RARE)", "for k in range(7)) / 7")),
        ("a sum", "3 4", (" / len(RARE)", "")),
        (
            "the gain turned round",
            "3",
            ('rare[seed, loss] - rare[seed, "softmax"]', 'rare[seed, "softmax"] - rare[seed, loss]'),
        ),
        ("always nearest", "3 4", ("rare[seed, loss]", 'rare[seed, "nearest"]')),
        ("quantiles of one comparison", "4", ("3.4954", "2.7764")),
        ("not of the mean", "4", (" / len(gains) ** 0.5", "")),
        (
            "the spread of the loss alone",
            "4",
            ("gains.std()", "torch.tensor([rare[seed, loss] for seed in seeds]).std()"),
        ),
    ],
}
ODD = {
    "a3.1": [
        "def powered_triplet_loss(x, y, c, n, a, mu):\n    total = 0 * x.sum()\n    for i in range(len(y)):\n"
        "        h = 0.5 * a[i] @ (x[i] - c[y[i]]) ** 2 + mu[y[i]] - 0.5 * a[i] @ (x[i] - n[i]) ** 2\n"
        "        if h > 0:\n            total = total + h**POWER\n    return total / len(y)",
        "def powered_triplet_loss(x, y, c, n, a, mu):\n    own = c[y]\n"
        "    h = torch.einsum('md,md->m', a * (n - own), x) + (a * (own**2 - n**2)).sum(1) / 2 + mu[y]\n"
        "    return torch.where(h > 0, torch.where(h > 0, h, 1.0) ** POWER, 0.0).mean()",
    ],
    "a3.2": [
        "def linear_form(c, n, a):\n    middle = (c + n) / 2\n    w = a * (n - c)\n"
        "    return [w, -(w * middle).sum(1)]",
        "def linear_form(c, n, a):\n"
        "    A = torch.diag(a)\n    w = torch.stack([A @ (n[i] - c[i]) for i in range(len(c))])\n"
        "    return w, torch.stack([(c[i] @ A @ c[i] - n[i] @ A @ n[i]) / 2 for i in range(len(c))])",
    ],
    "a3.3": [
        "import numpy as np\ndef nearest_wrong_classes(x, y, c, a, count):\n"
        "    x, y, c, a = (t.numpy() for t in (x, y, c, a))\n"
        "    d = (a[:, None] * (x[:, None] - c) ** 2).sum(2)\n    d[np.arange(len(y)), y] = np.inf\n"
        "    return d.argsort(1, kind='stable')[:, :count]",
        "def nearest_wrong_classes(x, y, c, a, count):\n    rows = []\n    for i in range(len(y)):\n"
        "        far = lambda k: float((a[i] * (x[i] - c[k]) ** 2).sum())\n"
        "        rows.append(sorted((k for k in range(len(c)) if k != y[i]), key=far)[:count])\n"
        "    return torch.tensor(rows)",
    ],
    "a3.4": [
        "def block_negatives(x, y, c, size):\n    m, d = x.shape\n    gaps = ((x[:, None] - c) ** 2).detach()\n"
        "    starts = range(0, d, size)\n    choice = []\n    for s in starts:\n"
        "        sums = gaps[:, :, s : s + size].sum(2)\n        sums[torch.arange(m), y] = float('inf')\n"
        "        choice += [sums.argmin(1)] * min(size, d - s)\n"
        "    return c[torch.stack(choice, 1), torch.arange(d)]",
        "def block_negatives(x, y, c, size):\n    n = torch.zeros_like(x)\n    for s in range(0, x.shape[1], size):\n"
        "        b = slice(s, s + size)\n        best = torch.full((len(x),), torch.inf, dtype=x.dtype)\n"
        "        part = torch.zeros_like(x[:, b])\n        for k in range(len(c)):\n"
        "            far = (x[:, b] - c[k, b]).pow(2).sum(1)\n            wins = (y != k) & (far < best)\n"
        "            best = torch.where(wins, far, best)\n"
        "            part = torch.where(wins[:, None], c[k, b], part)\n"
        "        n = torch.cat([n[:, :s], part, n[:, s + size :]], 1)\n    return n",
    ],
    "a3.5": [
        "def put_together(s, r, a, counts):\n    rows = []\n    for i in range(len(s)):\n"
        "        order = sorted(range(s.shape[1]), key=lambda j: -float(a[i, j]))[: counts[i]]\n"
        "        mask = torch.zeros(s.shape[1], dtype=s.dtype)\n        mask[order] = 1\n"
        "        rows.append(mask * s[i] + (1 - mask) * r[i])\n    return torch.stack(rows)",
        "def put_together(s, r, a, counts):\n    d = s.shape[1]\n    j = torch.arange(d)\n"
        "    before = (a[:, None] > a[:, :, None]) | ((a[:, None] == a[:, :, None]) & (j < j[:, None]))\n"
        "    take = (before.sum(2) < counts[:, None]).to(s.dtype)\n    return r + take * (s - r)",
    ],
    "a3.6": [
        "import numpy as np\ndef expected_distances(d, k):\n    g = np.random.default_rng(0)\n    near, full = [], []\n"
        "    for _ in range(40):\n        n = max(4000, 40000 // d)\n"
        "        q = 0.5 * (g.normal(size=(n, 1, d)) - g.normal(size=(n, k, d))) ** 2\n"
        "        near.append(q.sum(2).min(1).mean())\n        full.append(q.min(1).sum(1).mean())\n"
        "    return np.mean(near), np.mean(full)",
        "def expected_distances(d, k):\n    x = torch.linspace(-7, 7, 1401, dtype=torch.float64)[:, None]\n"
        "    t = torch.linspace(0, 12, 2401, dtype=torch.float64)\n    N = torch.distributions.Normal(0.0, 1.0)\n"
        "    q = (1 - N.cdf(x + t) + N.cdf(x - t)) ** k\n"
        "    e = (N.log_prob(x).exp()[:, 0] * (t * q).sum(1) * 0.005).sum() * 0.01\n"
        "    torch.manual_seed(0)\n    n = 300_000 // d\n"
        "    near = torch.cdist(torch.randn(n, 1, d), torch.randn(n, k, d)).min(2).values.square().mean() / 2\n"
        "    return float(near), d * float(e)",
    ],
}
SHOWN = [(name, *mistake) for name, mistakes in MISTAKES.items() for mistake in mistakes]


def test_every_task_has_mistakes_and_odd_answers():
    names = {task.name for task in A3.code_tasks}
    assert set(MISTAKES) == names
    assert set(ODD) == names - {"a3.8"}  # of which the table is the answer's larger part
    assert min(len(mistakes) for mistakes in MISTAKES.values()) >= 6
    assert min(len(answers) for answers in ODD.values()) >= 2


@pytest.mark.parametrize(("name", "words", "expected", "pieces"), SHOWN, ids=[f"{each[0]} {each[1]}" for each in SHOWN])
def test_a_mistake_loses_what_it_should(name, words, expected, pieces):
    assert expected
    assert lost(A3, name, changed(A3, name, pieces)) == expected


@pytest.mark.parametrize(("name", "source"), [(name, source) for name, sources in ODD.items() for source in sources])
def test_an_odd_but_right_answer_loses_nothing(name, source):
    assert lost(A3, name, source) == ""
