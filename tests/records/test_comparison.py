"""Verdicts over seeds, worked by hand."""

import math

import pandas as pd
import pytest

from fer_tutorial.errors import UserError
from fer_tutorial.records.comparison import Comparison, best, compare, comparison_table, seeds_needed, t_quantile


def table(**columns):
    return pd.DataFrame(columns)


def of(*differences, metric="accuracy", **options):
    return Comparison("a", "b", metric, differences, **options)


@pytest.mark.parametrize(
    ("probability", "degrees", "expected"),
    # Printed tables of Student's distribution.
    [(0.975, 1, 12.706), (0.975, 2, 4.303), (0.975, 4, 2.776), (0.975, 7, 2.365), (0.8, 2, 1.061), (0.975, 120, 1.980)],
)
def test_quantiles_are_those_of_the_tables(probability, degrees, expected):
    assert t_quantile(probability, degrees) == pytest.approx(expected, abs=6e-4)


def test_quantiles_are_those_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    for degrees in (1, 2, 3, 4, 5, 10, 37, 300):
        for probability in (0.6, 0.8, 0.975, 0.995):
            assert t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), rel=1e-9)


def test_interval_by_hand():
    # 1, 2, 3 points: mean 2, standard deviation 1, t(0.975, 2) = 4.3027, so 2 ± 4.3027 / √3 = 2 ± 2.4841.
    comparison = of(0.01, 0.02, 0.03)
    assert comparison.mean == pytest.approx(0.02)
    assert comparison.interval == pytest.approx((-0.004841, 0.044841), abs=1e-6)
    stats = pytest.importorskip("scipy.stats")
    expected = stats.ttest_1samp([0.01, 0.02, 0.03], 0).confidence_interval()
    assert comparison.interval == pytest.approx(tuple(expected))


@pytest.mark.parametrize(
    ("comparison", "matters", "verdict"),
    [
        (of(0.02, 0.03, 0.025, 0.02), 0.0, "better"),
        (of(-0.02, -0.03, -0.025, -0.02), 0.0, "worse"),
        (of(-0.2, -0.3, -0.25, metric="loss", lower_is_better=True, points=False), 0.0, "better"),
        (of(0.2, 0.3, 0.25, metric="loss", lower_is_better=True, points=False), 0.0, "worse"),
        (of(0.01, 0.02, 0.03), 0.01, "cannot be told by 3 seeds"),
        # mean 0, standard deviation 0.001, half width 4.3027 · 0.001 / √3 = 0.00248
        (of(-0.001, 0.0, 0.001), 0.005, "no difference of more than 0.25 points"),
        (of(-0.001, 0.0, 0.001), 0.002, "cannot be told by 3 seeds"),
        # One and two seeds say nothing, however alike they are, and neither do equal ones.
        (of(0.3), 1.0, "cannot be told by 1 seed"),
        (of(0.30, 0.301), 1.0, "cannot be told by 2 seeds"),
        (of(0.02, 0.02, 0.02), 1.0, "cannot be told by 3 seeds"),
        (of(0.0, 0.0, 0.0), 1.0, "cannot be told by 3 seeds"),
        (of(0.5 - 0.4, 0.4 - 0.3, 0.3 - 0.2), 1.0, "cannot be told by 3 seeds"),
    ],
)
def test_verdicts(comparison, matters, verdict):
    assert comparison.verdict(matters) == verdict
    assert comparison.sentence(matters).endswith(f": {verdict}.")


def test_sentences_hold_their_numbers():
    # mean 2.375, standard deviation 0.4787, t(0.975, 3) = 3.1824: half width 0.7617
    assert of(0.02, 0.03, 0.025, 0.02).sentence() == (
        "accuracy of a against b: +2.38 points (95 % interval +1.61 to +3.14 over 4 seeds): better."
    )
    assert of(0.02).sentence() == "accuracy of a against b: +2.00 points (one seed): cannot be told by 1 seed."
    assert "the same for every seed" in of(0.02, 0.02).sentence()
    assert "fewer than 3 seeds" in of(0.3, 0.301).sentence()
    assert "fewer than" not in of(-0.3, 0.3).sentence()
    assert (
        of(-0.2, -0.3, metric="macro_loss", points=False).sentence().startswith("macro loss of a against b: -0.25 (95")
    )


def test_pairs_are_made_by_seed_not_by_row():
    runs = table(variant=["x", "x", "y", "y"], seed=[0, 1, 1, 0], mean_class_accuracy=[0.5, 0.6, 0.8, 0.6])
    comparison = compare(runs, {"variant": "y"}, {"variant": "x"}, "mean_class_accuracy")
    assert comparison.differences == pytest.approx((0.1, 0.2))  # seed 0, seed 1
    assert comparison.points
    assert not comparison.lower_is_better
    assert (comparison.a, comparison.b) == ("y", "x")


def test_conditions_under_one_seed_are_one_repetition():
    runs = table(noise=[0.1, 0.2] * 2, rule=["on"] * 2 + ["off"] * 2, seed=[0] * 4, test_loss=[1.0, 2.0, 3.0, 5.0])
    comparison = compare(runs, {"rule": "on"}, {"rule": "off"}, "test_loss", over=["noise"])
    assert comparison.differences == (-2.5,)  # the mean of -2 and -3
    assert comparison.lower_is_better
    with pytest.raises(UserError, match="several runs have rule = on and seed 0"):
        compare(runs, {"rule": "on"}, {"rule": "off"}, "test_loss")
    with pytest.raises(UserError, match="only one of the two"):
        compare(runs.iloc[:3], {"rule": "on"}, {"rule": "off"}, "test_loss", over=["noise"])


def test_an_unfinished_study_is_compared_by_the_seeds_that_both_have_whole():
    runs = table(
        noise=[0.1, 0.2, 0.1, 0.2, 0.1] * 2,
        rule=["on"] * 5 + ["off"] * 5,
        seed=[0, 0, 1, 1, 2] * 2,
        accuracy=[0.5, 0.6, 0.5, 0.7, 0.9, 0.4, 0.4, 0.4, 0.4, 0.1],
    )
    settings = ({"rule": "on"}, {"rule": "off"}, "accuracy")
    whole = compare(runs, *settings, over=["noise"], unfinished=True)
    assert whole.differences == pytest.approx((0.15, 0.2))  # seed 2 has one of two noises
    less = compare(runs.iloc[:-2], *settings, over=["noise"], unfinished=True)
    assert less.differences == pytest.approx((0.15,))
    runs["seed"] = range(10)  # no seed in common
    with pytest.raises(UserError, match="only one of the two has"):
        compare(runs, *settings, unfinished=True)


def test_a_table_of_comparisons_says_what_each_says():
    one, two = of(0.01, 0.02, 0.03), of(0.05, 0.06, 0.05)
    table = comparison_table([one, two], matters=0.01)
    assert table["mean"].tolist() == pytest.approx([2, 100 * two.mean], abs=1e-5)
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx([-0.4841, 4.4841], abs=1e-4)
    assert (
        table["verdict"].tolist() == [one.verdict(0.01), two.verdict(0.01)] == ["cannot be told by 3 seeds", "better"]
    )
    icc = of(0.01, 0.02, 0.03, metric="icc", points=False)
    assert comparison_table([icc])["mean"].tolist() == [0.02]
    assert comparison_table([of(0.01)])[["low", "high"]].isna().all(axis=None)
    with pytest.raises(UserError, match="one table of each kind"):
        comparison_table([one, icc])


def test_the_name_says_what_differs():
    runs = table(noise=[0.1, 0.2] * 2, rule=["on"] * 2 + ["off"] * 2, seed=[0] * 4, test_loss=[1.0, 2.0, 3.0, 5.0])
    one = compare(runs, {"rule": "on", "noise": 0.2}, {"rule": "on", "noise": 0.1}, "test_loss")
    assert (one.a, one.b, one.given) == ("noise 0.2", "noise 0.1", "rule on")
    assert one.sentence().startswith("test loss of noise 0.2 against noise 0.1, rule on: +1 (one seed)")


@pytest.mark.parametrize(
    ("a", "b", "metric", "expected"),
    [
        ({"variant": "y"}, {"variant": "x"}, "icc", "no column 'icc'"),
        ({"method": "y"}, {"variant": "x"}, "accuracy", "no column 'method'"),
        ({"variant": "z"}, {"variant": "x"}, "accuracy", "no run has variant = z; choose one of w, x, y"),
        ({"variant": "y"}, {"variant": "x"}, "accuracy", "only one of the two has 1"),
        ({"variant": "w"}, {"variant": "x"}, "accuracy", "several runs have variant = w and seed 0"),
        ({"variant": "y"}, {"variant": "x"}, "f1", "f1 is missing in some run with variant = y"),
    ],
)
def test_what_cannot_be_paired_is_said(a, b, metric, expected):
    runs = table(
        variant=["x", "x", "y", "w", "w"], seed=[0, 1, 0, 0, 0], accuracy=[0.1] * 5, f1=[0.1, 0.1, math.nan, 1, 1]
    )
    with pytest.raises(UserError, match=expected):
        compare(runs, a, b, metric)


def test_seeds_needed_by_hand():
    # σ = 0.01, difference 0.01: n = (t(0.975, n-1) + t(0.8, n-1))²; n = 9: (2.306 + 0.889)² = 10.2, too few;
    # n = 10: (2.262 + 0.883)² = 9.89, enough.
    assert seeds_needed(of(-0.01, 0.0, 0.01), 0.01) == 10
    assert seeds_needed(of(-0.01, 0.0, 0.01), 0.1) == 3
    # Half the difference takes four times the seeds, a little less because Student's quantiles fall.
    assert 30 < seeds_needed(of(-0.01, 0.0, 0.01), 0.005) <= 40


@pytest.mark.parametrize(("comparison", "difference"), [(of(0.1), 0.01), (of(0.1, 0.1), 0.01), (of(0.1, 0.2), 0.0)])
def test_seeds_needed_needs_a_spread_and_a_difference(comparison, difference):
    with pytest.raises(UserError, match=r"run at least two seeds|give a size above 0"):
        seeds_needed(comparison, difference)


def test_the_best_setting():
    runs = table(
        margin=[1, 1, 2, 2], kind=["p", "q"] * 2, accuracy=[0.5, 0.7, 0.6, 0.7], loss=[3, 2, 4, 1.0], gap=[1, 2, 3, 4]
    )
    assert best(runs, "accuracy", ["margin", "kind"]) == {"margin": 1, "kind": "q"}  # of equal ones the first
    assert best(runs, "accuracy", "margin") == {"margin": 2}
    assert best(runs, "loss", ["margin"]) == {"margin": 1}  # equal means
    assert best(runs, "loss", ["margin", "kind"]) == {"margin": 2, "kind": "q"}
    assert best(runs, "gap", "margin", lower_is_better=True) == {"margin": 1}


@pytest.mark.parametrize(
    ("runs", "metric"),
    [
        (table(margin=[1, 1, 2], accuracy=[0.1, 0.2, 0.3]), "accuracy"),
        (table(margin=[1, 2], accuracy=[0.1, math.nan]), "accuracy"),
        (table(margin=[], accuracy=[]), "accuracy"),
        (table(margin=[1], accuracy=[0.1]), "val_accuracy"),
    ],
)
def test_no_choice_from_an_unfinished_table(runs, metric):
    with pytest.raises(UserError):
        best(runs, metric, "margin")
