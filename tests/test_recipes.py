"""Recipes belong to presets that exist and can be built."""

import pytest

from fer_tutorial.backbones import BACKBONES
from fer_tutorial.methods import NORMALIZATIONS, preset
from fer_tutorial.recipes import RECIPES
from fer_tutorial.training.schedule import rate_factor


@pytest.mark.parametrize(("name", "which"), RECIPES)
def test_a_recipe_fits_the_package(name, which):
    recipe = RECIPES[name, which]
    preset(name, which)  # raises a UserError where there is none
    assert recipe.backbone in BACKBONES
    assert recipe.normalization in NORMALIZATIONS
    assert recipe.size >= 48


def test_the_rates_of_the_official_codes():
    """Of a step in the epochs where the codes change it; 10 batches an epoch, learning rate 1."""
    rates = {name: RECIPES[name, "official"].train for name in ("center_loss", "dacl", "scn", "mgln")}
    assert [round(rate_factor(rates["center_loss"], 10 * epoch, 10), 6) for epoch in (15, 16, 27)] == [1, 0.1, 0.1]
    assert [round(rate_factor(rates["dacl"], 10 * epoch, 10), 6) for epoch in (0, 19, 20, 40)] == [1, 1, 0.1, 0.01]
    assert [round(rate_factor(rates["scn"], 10 * epoch, 10), 6) for epoch in (0, 1, 2)] == [1, 0.9, 0.81]
    assert [round(rate_factor(rates["mgln"], 10 * epoch, 10), 6) for epoch in (79, 80, 150)] == [1, 0.1, 0.1]
