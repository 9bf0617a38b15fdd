"""From expressions to action units and to votes."""

import pytest
import torch

from fer_tutorial.faces.expressions import AU_INDEX, AU_NAMES, CONFUSIONS, VARIANTS, sample_action_units, sample_votes
from fer_tutorial.vocabulary import ACTION_UNITS, EXPRESSIONS


def units_of(name, n=400, **options):
    labels = torch.full((n,), EXPRESSIONS.index(name))
    return sample_action_units(labels, torch.arange(n), 0, **options)


def test_every_expression_has_variants_that_sum_to_one():
    assert tuple(VARIANTS) == EXPRESSIONS == tuple(CONFUSIONS)
    for name, variants in VARIANTS.items():
        assert sum(weight for weight, _ in variants) == pytest.approx(1), name
        for _, units in variants:
            assert set(units) <= set(ACTION_UNITS), name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("happiness", [12]),
        ("surprise", [1, 2]),
        ("sadness", [15]),
        ("anger", [4]),
        ("fear", [1, 5]),
        ("contempt", [14]),
    ],
)
def test_expressions_show_their_action_units(name, expected):
    values, _, _ = units_of(name, intensity=(4, 5), mixed=0.0)
    neutral, _, _ = units_of("neutral", intensity=(4, 5))
    for unit in expected:
        assert values[:, AU_INDEX[unit]].mean() > neutral[:, AU_INDEX[unit]].mean() + 1.5


def test_intensities_lie_between_0_and_5_and_follow_the_range():
    weak, _, _ = units_of("happiness", intensity=(1, 2), mixed=0.0)
    strong, _, _ = units_of("happiness", intensity=(4, 5), mixed=0.0)
    for values in (weak, strong):
        assert values.min() >= 0
        assert values.max() <= 5
    assert weak[:, AU_INDEX[12]].mean() < 2 < 3 < strong[:, AU_INDEX[12]].mean()


def test_mixed_expressions_add_foreign_action_units():
    pure, _, _ = units_of("happiness", mixed=0.0)
    mixed, _, _ = units_of("happiness", mixed=1.0)
    foreign = [AU_INDEX[unit] for unit in (4, 15, 20)]
    assert mixed[:, foreign].mean() > pure[:, foreign].mean() + 0.1


def test_contempt_is_one_sided_and_both_sides_occur():
    _, asymmetry, _ = units_of("contempt")
    dimple = asymmetry[:, AU_INDEX[14]]
    assert dimple.abs().min() > 0.7
    assert 0.4 < (dimple > 0).float().mean() < 0.6
    _, asymmetry, _ = units_of("happiness")
    assert asymmetry.abs().max() < 0.5


def test_votes_sum_to_the_number_of_annotators_and_favor_the_truth():
    labels = torch.arange(7).repeat(60)
    samples = torch.arange(len(labels))
    _, _, level = sample_action_units(labels, samples, 0, (4, 5))
    votes = sample_votes(labels, level, samples, 0, 10, 7)
    assert votes.shape == (420, 7)
    assert torch.equal(votes.sum(1), torch.full((420,), 10.0))
    assert (votes.argmax(1) == labels).float().mean() > 0.95
    _, _, level = sample_action_units(labels, samples, 0, (0.5, 1.0))
    weak = sample_votes(labels, level, samples, 0, 10, 7)
    shown = labels > 0
    assert weak[shown, labels[shown]].mean() < votes[shown, labels[shown]].mean() - 2


def test_order_of_action_units_is_the_vocabularys():
    assert tuple(ACTION_UNITS) == AU_NAMES
