"""Wrong answers to the exercise on intervals, and what some of them are told."""


def interval(differences, t, correction=1, power=0.5):
    d = differences.mean(1)
    return d.mean(), t * d.std(correction=correction) / len(d) ** power


def centers(differences, t):
    differences -= differences.mean()
    return interval(differences, t)


WRONG = {
    "worth.interval": {
        "every condition a seed": lambda d, t: (d.mean(), t * d.flatten().std() / d.numel() ** 0.5),
        "conditions as seeds": lambda d, t: interval(d.T, t),
        "by n": lambda d, t: interval(d, t, correction=0),
        "of a single difference": lambda d, t: interval(d, t, power=0),
        "by n, not its root": lambda d, t: interval(d, t, power=1),
        "the whole width": lambda d, t: (d.mean(), 2 * interval(d, t)[1]),
        "ends": lambda d, t: (d.mean() - interval(d, t)[1], d.mean() + interval(d, t)[1]),
        "two instead of t": lambda d, t: interval(d, 1.96),
        "no t": lambda d, t: interval(d, 1.0),
        "the variance": lambda d, t: (d.mean(), t * d.mean(1).var() / len(d)),
        "the first condition": lambda d, t: interval(d[:, :1], t),
        "the sum of a row": lambda d, t: (d.mean(), t * d.sum(1).std() / len(d) ** 0.5),
        "mean alone": lambda d, t: d.mean(),
        "absolute": lambda d, t: interval(d.abs(), t),
        "changes what it is given": centers,
    },
}

TOLD = {
    ("worth.interval", "every condition a seed"): "counts every condition as a seed",
    ("worth.interval", "by n"): "not by n",
    ("worth.interval", "of a single difference"): "root of n",
    ("worth.interval", "mean alone"): "expected 2 values, the mean and half the width",
}
