"""Of assignment A2: what usual mistakes lose, and that odd but right answers lose nothing."""

import pytest

from fer_tutorial.coursework.assignment import load
from tests.coursework.samples.mutants import changed, lost

A2 = load("a2")
# Of each task: the mistake, the properties that it loses, the pieces of the solution that it changes.
MISTAKES = {
    "a2.1": [
        ("the exponent left out", "1 2 3 5", ("** TAU ", "")),
        (
            "the exponent outside",
            "1 2 3 4 5 6",
            ("importance[:, None] ** TAU * logits", "(importance[:, None] * logits) ** 2"),
        ),
        (
            "importance in front of the loss",
            "1 2 3 4 5 6",
            ("importance[:, None] ** TAU * logits", "logits", "- own)", "- own) * importance**TAU"),
        ),
        ("a sum", "1 2 3 4 5", (".mean()", ".sum()")),
        ("no stable logarithm", "5", ("scaled.logsumexp(dim=1)", "scaled.exp().sum(dim=1).log()")),
        ("importance detached", "3", ("importance[:, None]", "importance.detach()[:, None]")),
        ("logits detached", "2", ("* logits", "* logits.detach()")),
        ("the own logit not scaled", "1 2 3 4 5 6", ("own = scaled", "own = logits")),
        ("no gradient at all", "2 3", (".mean()", ".mean().detach()")),
    ],
    "a2.2": [
        ("the derivative of the power left out", "1", ("TAU * importance ** (TAU - 1) * ", "")),
        ("the exponent's factor left out", "1", ("= TAU * importance", "= importance")),
        ("probabilities of the plain logits", "1 2 4", ("(scale * logits).softmax", "logits.softmax")),
        ("the sign turned", "1 2 4", ("(p - own)", "(own - p)")),
        (
            "of the mean",
            "1 2",
            ("return to_importance, scale * (p - own)", "return to_importance / len(p), scale * (p - own) / len(p)"),
        ),
        ("the scale left out in the logits", "2", ("to_importance, scale * (p - own)", "to_importance, p - own")),
        ("one-hot forgotten", "2 5", ("to_importance, scale * (p - own)", "to_importance, scale * p")),
        ("by autograd", "forbidden", ("return to_importance", "torch.autograd.grad\n    return to_importance")),
    ],
    "a2.3": [
        ("rounded", "1 2 7", ("round(100 * share_high) * m // 100", "round(share_high * m)")),
        ("not less than one", "3", ("max(1, min(round(100 * share_high)", "(min(round(100 * share_high)")),
        ("no room for the low group", "1 2 3 7", ("m - 1))", "m))", "m - high))", "m))")),
        ("the groups overlap", "1 2 3 7", ("m - high))", "m - 1))")),
        (
            "all the rest is low",
            "1 2 3 4 6 7",
            ("low = max(1, min(round(100 * share_low) * m // 100, m - high))", "low = m - high"),
        ),
        ("floor of the rounded product", "4", ("round(100 * share_high) * m // 100", "int(share_high * m)")),
        ("no hinge", "1 2 7", (".clamp(min=0)", "")),
        ("no case for one face", "5", ("if m == 1:", "if m == 0:")),
        (
            "not sorted",
            "1 2 3 4 6 7",
            (
                "importance.topk(high).values",
                "importance[:high]",
                "importance.topk(low, largest=False).values",
                "importance[-low:]",
            ),
        ),
        ("detached", "2 7", ("gap = importance", "gap = importance.detach()")),
        ("only the high group learns", "2 7", ("importance.topk(low", "importance.detach().topk(low")),
    ],
    "a2.4": [
        (
            "only the favorite may win",
            "1 4 6",
            (
                "winner = (best == best.max(dim=1, keepdim=True).values).int().argmax(dim=1)",
                "winner = probabilities.argmax(dim=1)\n    allowed = allowed.gather(1, winner[:, None])",
            ),
        ),
        ("the margin of the old class", "1 4 6", ("gains > margins", "gains > margins[labels][:, None]")),
        ("not strict", "3 4", ("gains > margins", "gains >= margins")),
        ("who ties with the border is low", "1 2 3 6", ("importance < border", "importance <= border")),
        ("the whole batch", "1 2 3 6", ("& (importance < border)[:, None]", "")),
        ("the high group instead", "1 2 3 4 6", ("importance < border", "importance >= border")),
        ("rounded up", "1 4 6", ("int(beta * m + 1e-9)", "-int(-beta * m // 1)")),
        ("one margin for all", "1 4 6", ("gains > margins", "gains > margins[0]")),
        (
            "the class above its margin by most",
            "1 4",
            ("torch.where(allowed, probabilities, -1.0)", "torch.where(allowed, gains - margins, -1.0)"),
        ),
        (
            "the last of those that tie",
            "6",
            (
                "winner = (best == best.max(dim=1, keepdim=True).values).int().argmax(dim=1)",
                "winner = len(margins) - 1 - best.flip(1).argmax(dim=1)",
            ),
        ),
        (
            "in place",
            "1 2 3 4 5 6",
            (
                "return torch.where(allowed.any(dim=1), winner, labels)",
                "labels[allowed.any(dim=1)] = winner[allowed.any(dim=1)]\n    return labels",
            ),
        ),
    ],
    "a2.5": [
        ("forward, so that the last change wins", "1 2 3", ("later.flip(0)", "later")),
        ("the epoch itself undone too", "1 3", ("> epoch", ">= epoch")),
        ("the label after", "1 2 3", ("for sample, _, before, _ in", "for sample, _, _, before in")),
        (
            "played forward from now",
            "1 2 3 4",
            (
                "[:, 1] > epoch",
                "[:, 1] <= epoch",
                "for sample, _, before, _ in later.flip(0)",
                "for sample, _, _, before in later",
            ),
        ),
        ("in place", "1 2 3 4", ("labels.clone()", "labels")),
        (
            "only one change a sample",
            "1 2 3",
            ("later.flip(0)", "{row[0]: row for row in later.tolist()}.values()", ".values().tolist()", ".values()"),
        ),
        ("all changes undone", "1 3 4", ("changes[changes[:, 1] > epoch]", "changes")),
        ("nothing undone", "1 2 3 4", ("changes[changes[:, 1] > epoch]", "changes[:0]")),
    ],
    "a2.6": [
        ("weights left out", "1 2 3", ("weights[wrong][:, None] * weights[~wrong]", "torch.ones_like(order)")),
        (
            "turned round",
            "1 2 3",
            ("importance[~wrong] - importance[wrong][:, None]", "importance[wrong][:, None] - importance[~wrong]"),
        ),
        (
            "ties count nothing",
            "2",
            (
                "0.5 * (1 + torch.sign(importance[~wrong] - importance[wrong][:, None]))",
                "(importance[~wrong] > importance[wrong][:, None]).to(weights.dtype)",
            ),
        ),
        (
            "ties count whole",
            "2",
            (
                "0.5 * (1 + torch.sign(importance[~wrong] - importance[wrong][:, None]))",
                "(importance[~wrong] >= importance[wrong][:, None]).to(weights.dtype)",
            ),
        ),
        ("only the weights of the wrong", "1 2 3", (" * weights[~wrong]", " * torch.ones_like(weights[~wrong])")),
        ("divided by the number of pairs", "1 2 3", ("pairs.sum()", "pairs.numel()")),
        ("weights added", "1 2 3", ("[:, None] * weights", "[:, None] + weights")),
    ],
    "a2.7": [
        (
            "the share of the low group that is of each group",
            "1 2 3",
            ("members.sum(dim=0)", "low.sum(dim=1, keepdim=True)"),
        ),
        ("the high group", "1 3", ("importance < border", "importance >= border")),
        (
            "all seeds as one",
            "1 2",
            (
                "importance.sort(dim=1, descending=True).values[:, high - 1 : high]",
                "importance.flatten().sort(descending=True).values[s * high - 1]",
            ),
        ),
        ("the spread, not that of the mean", "2", (" / s**0.5", "")),
        ("the normal quantile", "2", ("T_QUANTILES[s]", "1.96")),
        ("the spread over s", "2", (".std(dim=0)", ".std(dim=0, correction=0)")),
        ("rounded up", "1 2 3", ("int(beta * n + 1e-9)", "-int(-beta * n // 1)")),
        ("the border itself is low", "1 2 3", ("importance < border", "importance <= border")),
    ],
    "a2.8": [
        ("no runs", "1 2", ("results = [", "results = [][:0] and [")),
        ("four seeds", "1 2", ('\n    {"seed": 4,', "\n    #", '\n    {"seed": 5,', "\n    #")),
        ("a run left out", "1 2", ('\n    {"seed": 3, "start": 30', "\n    # {")),
        ("percents", "1 2", ('"accuracy": 0.', '"accuracy": 50.')),
        ("invented accuracies", "2", ('"accuracy": 0.5', '"accuracy": 0.8')),
        ("invented counts", "2", ('"right": 2', '"right": 12')),
        (
            "the gain turned round",
            "3",
            ("accuracy[seed, False] - accuracy[seed, True]", "accuracy[seed, True] - accuracy[seed, False]"),
        ),
        (
            "rows taken in pairs as they come",
            "3 4",
            (
                "[accuracy[seed, False] - accuracy[seed, True] for seed in seeds]",
                "[a['accuracy'] - b['accuracy'] for a, b in zip(results[::2], results[1::2])]",
            ),
        ),
        ("the quantile of twelve seeds", "4", ("[len(gains)]", "[12]")),
        ("not of the mean", "4", (" / len(gains) ** 0.5", "")),
        ("right over wrong", "5", ("right / (right + wrong)", "right / wrong")),
        (
            "a mean of shares",
            "5",
            (
                "right / (right + wrong)",
                "sum(r['right'] / (r['right'] + r['wrong']) for r in results if r['right'] + r['wrong']) / len(gains)",
            ),
        ),
    ],
}
ODD = {
    "a2.1": [
        "def powered_cross_entropy(z, a, y):\n    return F.cross_entropy((z.T * a.pow(TAU)).T, y)",
        "def powered_cross_entropy(z, a, y):\n    total = 0\n    for i in range(len(y)):\n"
        "        total = total - F.log_softmax(a[i] ** TAU * z[i], 0)[y[i]]\n    return total / len(y)",
    ],
    "a2.2": [
        "def powered_slopes(z, a, y):\n    p = F.softmax(a[:, None] ** TAU * z, 1)\n"
        "    q = p.clone()\n    q[range(len(y)), y] -= 1\n    s = (p * z).sum(1) - z[range(len(y)), y]\n"
        "    return [TAU / a ** (1 - TAU) * s, q * a[:, None] ** TAU]",
        "def powered_slopes(z, a, y):\n    rows, slopes = [], []\n    for i in range(len(y)):\n"
        "        e = torch.exp(a[i] ** TAU * (z[i] - z[i].max()))\n        p = e / e.sum()\n"
        "        slopes.append(TAU * a[i] ** TAU / a[i] * (p @ z[i] - z[i, y[i]]))\n"
        "        rows.append(a[i] ** TAU * (p - F.one_hot(y[i], z.shape[1])))\n"
        "    return torch.stack(slopes), torch.stack(rows)",
    ],
    "a2.3": [
        "from decimal import Decimal\ndef two_ends_rank_loss(a, h, b, margin):\n    m = len(a)\n    if m < 2:\n"
        "        return 0 * a.mean()\n    size = lambda share, most: max(1, min(int(Decimal(str(share)) * m), most))\n"
        "    H = size(h, m - 1)\n    B = size(b, m - H)\n    s, _ = a.sort()\n"
        "    return F.relu(margin - s[-H:].mean() + s[:B].mean())",
        "def two_ends_rank_loss(a, h, b, margin):\n    m = len(a)\n    if m == 1:\n        return a[0] - a[0]\n"
        "    H = min(max(int(h * m + 1e-6), 1), m - 1)\n    B = min(max(int(b * m + 1e-6), 1), m - H)\n"
        "    order = a.argsort(descending=True)\n    weights = torch.zeros_like(a)\n    weights[order[:H]] = 1 / H\n"
        "    weights[order[m - B:]] = -1 / B\n"
        "    return torch.maximum(margin - weights @ a, torch.zeros((), dtype=a.dtype))",
    ],
    "a2.4": [
        "def relabel_by_class(p, y, a, beta, d):\n    new = list(map(int, y))\n    m = len(new)\n"
        "    M = max(1, min(int(beta * m + 1e-9), m - 1))\n    for i in range(m):\n"
        "        if sum(bool(other > a[i]) for other in a) < M or m == 1:\n            continue\n        best = None\n"
        "        for k in range(len(d)):\n            if k != y[i] and p[i, k] - p[i, y[i]] > d[k]:\n"
        "                best = k if best is None or p[i, k] > p[i, best] else best\n"
        "        new[i] = new[i] if best is None else best\n    return torch.tensor(new)",
        "import numpy as np\ndef relabel_by_class(p, y, a, beta, d):\n"
        "    p, y, a, d = (t.numpy() for t in (p, y, a, d))\n"
        "    m = len(y)\n    M = max(1, min(int(beta * m + 1e-9), m - 1))\n    low = a < np.sort(a)[::-1][M - 1]\n"
        "    may = p - p[np.arange(m), y][:, None] > d\n"
        "    return np.where(low & may.any(1), np.where(may, p, -1).argmax(1), y)",
    ],
    "a2.5": [
        "def labels_after(now, changes, epoch):\n    first = {}\n    for sample, when, before, _ in changes.tolist():\n"
        "        if when > epoch:\n            first.setdefault(sample, before)\n"
        "    return torch.tensor([first.get(i, label) for i, label in enumerate(now.tolist())])",
        "def labels_after(now, changes, epoch):\n    then = now.numpy().copy()\n"
        "    for row in changes.numpy()[::-1]:\n        if row[1] > epoch:\n"
        "            then[row[0]] = row[2]\n    return then",
    ],
    "a2.6": [
        "def weighted_area(a, wrong, w):\n    found = total = 0.0\n    for i in range(len(a)):\n"
        "        for j in range(len(a)):\n            if wrong[i] and not wrong[j]:\n"
        "                pair = float(w[i] * w[j])\n"
        "                total += pair\n"
        "                found += pair * (1 if a[i] < a[j] else 0.5 if a[i] == a[j] else 0)\n"
        "    return found / total",
        "import numpy as np\ndef weighted_area(a, wrong, w):\n    a, wrong, w = a.numpy(), wrong.numpy(), w.numpy()\n"
        "    better = np.heaviside(a[~wrong] - a[wrong][:, None], 0.5)\n"
        "    return (w[wrong] @ better @ w[~wrong]) / (w[wrong].sum() * w[~wrong].sum())",
    ],
    "a2.7": [
        "def low_shares(a, g, beta):\n    s, n = a.shape\n"
        "    M = max(1, min(int(beta * n + 1e-9), n - 1))\n    rows = []\n    for row in a:\n"
        "        low = set(row.argsort(descending=True)[M:].tolist())\n"
        "        share = lambda k: sum(i in low for i in range(n) if g[i] == k) / int((g == k).sum())\n"
        "        rows.append([share(k) for k in range(g.max() + 1)])\n"
        "    rows = torch.tensor(rows)\n    return [rows.mean(0), T_QUANTILES[s] * (rows.var(0) / s).sqrt()]",
        "import numpy as np\ndef low_shares(a, g, beta):\n    a, g = a.numpy(), g.numpy()\n    s, n = a.shape\n"
        "    low = a.argsort(1).argsort(1) < n - max(1, min(int(beta * n + 1e-9), n - 1))\n"
        "    x = np.array([[low[t, g == k].mean() for k in range(g.max() + 1)] for t in range(s)])\n"
        "    return x.mean(0), T_QUANTILES[s] * x.std(0, ddof=1) / np.sqrt(s)",
    ],
}
SHOWN = [(name, *mistake) for name, mistakes in MISTAKES.items() for mistake in mistakes]


def test_every_task_has_mistakes_and_odd_answers():
    names = {task.name for task in A2.code_tasks}
    assert set(MISTAKES) == names
    assert set(ODD) == names - {"a2.8"}  # of which the table is the answer's larger part
    assert min(len(mistakes) for mistakes in MISTAKES.values()) >= 6
    assert min(len(answers) for answers in ODD.values()) >= 2


@pytest.mark.parametrize(("name", "words", "expected", "pieces"), SHOWN, ids=[f"{each[0]} {each[1]}" for each in SHOWN])
def test_a_mistake_loses_what_it_should(name, words, expected, pieces):
    assert expected
    assert lost(A2, name, changed(A2, name, pieces)) == expected


@pytest.mark.parametrize(("name", "source"), [(name, source) for name, sources in ODD.items() for source in sources])
def test_an_odd_but_right_answer_loses_nothing(name, source):
    assert lost(A2, name, source) == ""
