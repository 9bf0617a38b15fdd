"""What two settings of a study, run with the same seeds, say about each other: differences, interval, verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from fer_tutorial.errors import UserError

# Metrics whose last word is one of these are better when they are lower.
LOWER_IS_BETTER = ("loss", "mae", "mse", "rmse", "error", "pixels", "seconds", "wrong", "missed", "spoiled")
# Metrics whose last word is one of these are shares, and their differences are told in points (hundredths).
SHARES = ("accuracy", "f1", "recall", "precision", "global", "local", "fused")
# With fewer seeds no interval is believed, whatever it says.
FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Comparison:
    r"""Paired differences of a metric between two settings, one difference a seed.

    .. math:: d_s = m_s(a) - m_s(b), \qquad \bar d \pm t_{0.975, n-1} \, \frac{\sigma_d}{\sqrt n}

    Where:
        m_s: the metric of the run with seed s.
        n: number of seeds.
        σ_d: standard deviation of the differences, with n − 1 in the denominator.
        t: quantile of Student's distribution, :func:`t_quantile`.

    Args:
        a: name of the first setting.
        b: name of the second, which the first is compared with.
        metric: name of what is compared.
        differences: d, one for each seed, in the metric's own unit.
        lower_is_better: whether a negative difference speaks for ``a``.
        points: whether the metric is a share, so that sentences tell differences in points.
        given: what the two settings have in common, for the sentence.

    >>> Comparison("DACL", "softmax", "accuracy", (0.01, 0.02, 0.03)).sentence()
    'accuracy of DACL against softmax: +2.00 points (95 % interval -0.48 to +4.48): cannot be told by 3 seeds.'
    """

    a: str
    b: str
    metric: str
    differences: tuple[float, ...]
    lower_is_better: bool = False
    points: bool = True
    given: str = ""

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.differences)

    @property
    def mean(self) -> float:
        """Mean of the differences."""
        return math.fsum(self.differences) / self.n

    @property
    def spread(self) -> float:
        """Standard deviation of the differences; NaN for one seed, 0 where all differences are the same."""
        if self.n < 2:
            return math.nan
        if max(self.differences) - min(self.differences) < 1e-12:  # equal but for the rounding of a subtraction
            return 0.0
        return math.sqrt(math.fsum((d - self.mean) ** 2 for d in self.differences) / (self.n - 1))

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval of the mean; NaN where the spread is unknown: one seed, or equal differences."""
        if not self.spread > 0:
            return math.nan, math.nan
        half = t_quantile(0.975, self.n - 1) * self.spread / math.sqrt(self.n)
        return self.mean - half, self.mean + half  # eq-worth-interval

    def verdict(self, matters: float = 0.0) -> str:
        """``better``, ``worse``, ``no difference of more than X`` or ``cannot be told by N seeds``.

        Args:
            matters: the smallest difference one would care about, in the metric's own unit.  An interval that holds
                zero and lies within ``matters`` on both sides shows that there is no larger difference; X is then the
                interval's far end.
        """
        low, high = self.interval
        if self.n >= FEWEST_SEEDS:
            if low > 0 or high < 0:
                return "better" if (low > 0) != self.lower_is_better else "worse"
            if max(-low, high) <= matters:
                return f"no difference of more than {self._amount(max(-low, high))}"
        return f"cannot be told by {self.n} seed{'s' if self.n > 1 else ''}"

    def sentence(self, matters: float = 0.0) -> str:
        """The comparison in words, with its numbers; see :meth:`verdict`."""
        low, high = self.interval
        if self.n < 2:
            doubt = "one seed"
        elif math.isnan(low):
            doubt = "the same for every seed, which tells nothing about the spread"
        else:
            doubt = f"95 % interval {self._number(low)} to {self._number(high)}"
            if self.verdict(matters) in ("better", "worse"):
                doubt += f" over {self.n} seeds"
            elif low > 0 or high < 0:
                doubt += f", which from fewer than {FEWEST_SEEDS} seeds is not to be trusted"
        return (
            f"{self.metric.replace('_', ' ')} of {self.a} against {self.b}"
            f"{self.given and f', {self.given}'}: "
            f"{self._amount(self.mean, sign='+')} ({doubt}): {self.verdict(matters)}."
        )

    def _number(self, value: float, sign: str = "+") -> str:
        return f"{100 * value:{sign}.2f}" if self.points else f"{value:{sign}.3g}"

    def _amount(self, value: float, sign: str = "") -> str:
        return self._number(value, sign) + (" points" if self.points else "")


def compare(
    runs: pd.DataFrame,
    a: dict[str, Any],
    b: dict[str, Any],
    metric: str,
    by: str = "seed",
    over: Sequence[str] = (),
    lower_is_better: bool | None = None,
    unfinished: bool = False,
) -> Comparison:
    """The runs of setting ``a`` minus those of setting ``b``, paired by seed.

    Args:
        runs: a row a run.
        a, b: column -> value, as much as it takes to leave one run a seed.
        metric: the column to compare.
        by: what two runs of a pair have in common.
        over: further columns that the two have in common; the differences of a seed are averaged over these, because
            conditions under one seed are no independent repetitions.
        lower_is_better: where the name does not say so, see ``LOWER_IS_BETTER``.
        unfinished: the study is still being run: leave out what only one of the two has so far, instead of refusing.

    Raises:
        UserError: no such column or setting, several runs of a seed, seeds that only one of the two has, no seed that
            both have, or a metric that is missing.

    >>> runs = pd.DataFrame({"variant": ["x", "y"] * 2, "seed": [0, 0, 1, 1], "loss": [1.0, 2.0, 3.0, 5.0]})
    >>> compare(runs, {"variant": "y"}, {"variant": "x"}, "loss").differences
    (1.0, 2.0)
    """
    columns = [by, *over]
    first, second = (_chosen(runs, setting, metric, columns) for setting in (a, b))
    alone = first.index.symmetric_difference(second.index)
    both = first.index.intersection(second.index)
    if unfinished and len(both):
        conditions = both.to_frame().groupby(level=0).size()  # of each seed; a seed that lacks some is not done yet
        both = both[both.get_level_values(0).isin(conditions.index[conditions == conditions.max()])]
        first, second = first[both], second[both]
    elif len(alone):
        raise UserError(
            f"{_name(a, b)} and {_name(b, a)} cannot be paired by {', '.join(columns)}, because only one of the two "
            f"has {', '.join(map(str, alone))}; run both with the same"
        )
    differences = (first - second).groupby(level=0).mean()
    last = metric.rsplit("_", 1)[-1]
    return Comparison(
        a=_name(a, b),
        b=_name(b, a),
        metric=metric,
        differences=tuple(float(d) for d in differences),
        lower_is_better=last in LOWER_IS_BETTER if lower_is_better is None else lower_is_better,
        points=last in SHARES,
        given=", ".join(f"{key} {value}" for key, value in a.items() if b.get(key) == value),
    )


def comparison_table(comparisons: Sequence[Comparison], matters: float = 0.0) -> pd.DataFrame:
    """Comparisons as a table, a row each: what is compared, in points where the metric is a share, and the verdict.

    Args:
        comparisons: of one kind of metric, so that the numbers of the rows belong together.
        matters: see :meth:`Comparison.verdict`.

    Returns:
        The columns ``compared``, ``given``, ``metric``, ``seeds``, ``mean``, ``low``, ``high`` (ends of the 95 %
        interval) and ``verdict``.

    Raises:
        UserError: shares together with what is no share.

    >>> table = comparison_table([Comparison("DACL", "softmax", "accuracy", (0.01, 0.02, 0.03))])
    >>> print(table.loc[0, "compared"], table.loc[0, "mean"], table.loc[0, "verdict"])
    DACL against softmax 2.0 cannot be told by 3 seeds
    """
    if len({comparison.points for comparison in comparisons}) > 1:
        raise UserError("some of the metrics are shares and some are not; make one table of each kind")
    rows = []
    for comparison in comparisons:
        unit = 100 if comparison.points else 1
        low, high = comparison.interval
        rows.append(
            {
                "compared": f"{comparison.a} against {comparison.b}",
                "given": comparison.given,
                "metric": comparison.metric,
                "seeds": comparison.n,
                "mean": round(unit * comparison.mean, 6),
                "low": round(unit * low, 6),
                "high": round(unit * high, 6),
                "verdict": comparison.verdict(matters),
            }
        )
    return pd.DataFrame(rows, columns=["compared", "given", "metric", "seeds", "mean", "low", "high", "verdict"])


def seeds_needed(comparison: Comparison, difference: float, power: float = 0.8) -> int:
    r"""How many seeds would show a true difference of this size, if they scatter as those of ``comparison`` do.

    .. math:: n \ge \Bigl( \frac{(t_{0.975, n-1} + t_{power, n-1}) \, \sigma_d}{difference} \Bigr)^2

    Where:
        power: the chance that the 95 % interval of such a study excludes zero.

    Raises:
        UserError: the comparison has no spread (one seed, or equal differences), or ``difference`` is not above 0.

    >>> seeds_needed(Comparison("a", "b", "accuracy", (-0.01, 0.0, 0.01)), difference=0.01)
    10
    """
    if not comparison.spread > 0:
        raise UserError(
            f"{comparison.n} difference(s) without spread cannot say how many seeds are needed; "
            "run at least two seeds whose differences are not the same"
        )
    if not difference > 0:
        raise UserError(f"the difference to be seen is {difference}; give a size above 0 in the metric's own unit")
    ratio = (comparison.spread / difference) ** 2
    quantiles = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(power)
    n = max(FEWEST_SEEDS, math.floor(ratio * quantiles**2))  # Student's quantiles are larger: it takes no fewer
    while n < ratio * (t_quantile(0.975, n - 1) + t_quantile(power, n - 1)) ** 2:
        n += 1
    return n


def best(
    runs: pd.DataFrame, metric: str, over: str | Sequence[str], lower_is_better: bool | None = None
) -> dict[str, Any]:
    """The setting whose mean of ``metric`` over its runs is best; of equal ones, that which comes first.

    Meant for choosing a method's own settings (its λ, its margin) by a metric measured on *validation* people, with
    few seeds; what is chosen is then compared with further seeds and on other people.

    Args:
        runs: a row a run, of one method.
        metric: the column to choose by.
        over: the columns that make a setting.
        lower_is_better: where the name does not say so, see ``LOWER_IS_BETTER``.

    Raises:
        UserError: no such column, no run, a missing metric, or settings that were not run equally often.

    >>> runs = pd.DataFrame({"lambda": [0.1, 0.1, 1.0, 1.0], "accuracy": [0.5, 0.6, 0.6, 0.7]})
    >>> best(runs, "accuracy", "lambda")
    {'lambda': 1.0}
    """
    columns = [over] if isinstance(over, str) else list(over)
    _check_columns(runs, [metric, *columns])
    if runs.empty or runs[metric].isna().any():
        raise UserError(
            f"{metric} is missing in some run, or there is no run at all; choose by what every run measured"
        )
    groups = runs.groupby(columns, sort=False, dropna=False)[metric]
    if groups.size().nunique() > 1:
        raise UserError(f"the settings of {', '.join(columns)} were not run equally often; finish the study first")
    means = groups.mean()
    lower = metric.rsplit("_", 1)[-1] in LOWER_IS_BETTER if lower_is_better is None else lower_is_better
    found = means.idxmin() if lower else means.idxmax()
    values = found if isinstance(found, tuple) else (found,)
    plain = (value.item() if isinstance(value, np.generic) else value for value in values)
    return dict(zip(columns, plain, strict=True))


def t_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t distribution for ``probability`` in (0.5, 1) and ``degrees`` of freedom >= 1.

    By bisection of the distribution's closed form for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and
    26.7.4).

    >>> round(t_quantile(0.975, 2), 4)
    4.3027
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        if _share_within(middle, degrees) < 2 * probability - 1:
            low = middle
        else:
            high = middle
    return math.sqrt(degrees) * math.tan(low)


def _share_within(angle: float, degrees: int) -> float:
    """P(|T| < √degrees · tan(angle))."""
    odd = degrees % 2
    term = total = math.cos(angle) if odd else 1.0
    for k in range(3 if odd else 2, degrees, 2):
        term *= math.cos(angle) ** 2 * (k - 1) / k
        total += term
    if not odd:
        return math.sin(angle) * total
    return 2 / math.pi * (angle + (math.sin(angle) * total if degrees > 1 else 0.0))


def _chosen(runs: pd.DataFrame, setting: dict[str, Any], metric: str, by: list[str]) -> pd.Series:
    """The metric of the runs of one setting, indexed by ``by``."""
    _check_columns(runs, [metric, *setting, *by])
    name = ", ".join(f"{key} = {value}" for key, value in setting.items())
    rows = runs
    for key, value in setting.items():
        rows = rows[rows[key] == value]
    if rows.empty:
        raise UserError(f"no run has {name}; choose one of {', '.join(sorted({str(v) for v in runs[key]}))}")
    found = rows.set_index(by)[metric]
    if found.index.has_duplicates:
        twice = found.index[found.index.duplicated()][0]
        raise UserError(f"several runs have {name} and {', '.join(by)} {twice}; name more columns, or pair by more")
    if found.isna().any():
        raise UserError(f"{metric} is missing in some run with {name}; compare what every run measured")
    return found


def _check_columns(runs: pd.DataFrame, names: list[str]) -> None:
    missing = [name for name in names if name not in runs]
    if missing:
        raise UserError(f"there is no column {missing[0]!r}; choose among {', '.join(map(str, runs.columns))}")


def _name(setting: dict[str, Any], other: dict[str, Any]) -> str:
    """A setting by what it does not share with the other one: values of text alone, others with their column."""
    own = {key: value for key, value in setting.items() if other.get(key) != value} or setting
    return ", ".join(str(value) if isinstance(value, str) else f"{key} {value}" for key, value in own.items())
