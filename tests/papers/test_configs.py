"""Hyper-parameters: every preset holds, and a value out of range is named with what was expected."""

from dataclasses import FrozenInstanceError, asdict, replace

import pytest

from fer_tutorial.papers import configs

PRESETS = {
    f"{name}.{preset}": config
    for name, presets in vars(configs).items()
    if name.endswith("_PRESETS")
    for preset, config in presets.items()
}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_value_that_cannot_be_changed(name):
    config = PRESETS[name]
    assert type(config)(**asdict(config)) == config  # its own checks let it pass
    with pytest.raises(FrozenInstanceError):
        setattr(config, next(iter(asdict(config))), None)


@pytest.mark.parametrize(
    ("presets", "changes", "message"),
    [
        ("SOFTMAX", {"dropout": 1.0}, r"dropout is 1\.0; expected from 0 to below 1"),
        ("CENTER_LOSS", {"lambda_": -0.1}, r"lambda_ is -0\.1; expected 0 or more"),
        ("CENTER_LOSS", {"alpha": 1.5}, r"alpha is 1\.5; expected 0 to 1"),
        ("CENTER_LOSS", {"reduction": "max"}, "reduction is 'max'; expected one of 'sum', "),
        ("CENTER_LOSS", {"embedding_dim": 0}, "embedding_dim is 0; expected 1 or more, or None"),
        ("CENTER_LOSS", {"center_momentum": 1}, "center_momentum is 1; expected from 0 to below 1"),
        ("DACL", {"lambda_": -1}, "lambda_ is -1; expected 0 or more"),
        ("DACL", {"alpha": 2}, "alpha is 2; expected 0 to 1"),
        ("DACL", {"attention": "none"}, "attention is 'none'; expected one of 'learned', 'one'"),
        ("SCN", {"beta": 1.0}, r"beta is 1\.0; expected a share strictly between 0 and 1"),
        ("SCN", {"delta_1": -0.1}, r"delta_1 is -0\.1; expected a margin of 0 or more"),
        ("SCN", {"delta_2": 1.0}, r"delta_2 is 1\.0; expected a difference of probabilities"),
        ("SCN", {"relabel_epoch": 0}, "relabel_epoch is 0; epochs are counted from 1"),
        ("TCL", {"margin": 0}, "margin is 0; expected a distance above 0"),
        ("TCL", {"select_fraction": 1.2}, r"select_fraction is 1\.2; expected a share from 0 to 1"),
        ("MGLN", {"fusion_weight": 2}, "fusion_weight is 2; expected a share of the decision"),
        ("MGLN", {"lstm_hidden": 60}, "lstm_hidden is 60; expected a square number"),
        ("G2RL", {"lambda_": 1.5}, r"lambda_ is 1\.5; expected a share from 0"),
        ("G2RL", {"emphasis": -1}, "emphasis is -1; expected 0 or more"),
    ],
)
def test_a_value_out_of_range_is_named(presets, changes, message):
    config = next(iter(getattr(configs, f"{presets}_PRESETS").values()))
    with pytest.raises(ValueError, match=message):
        replace(config, **changes)
