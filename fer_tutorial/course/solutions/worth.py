"""Solutions of the exercises, one section each, as ``solution`` shows them."""


# %% worth.interval
def interval(differences, t):
    d = differences.mean(1)  # (n, C) -> (n,), a number a seed
    return d.mean(), t * d.std() / len(d) ** 0.5
