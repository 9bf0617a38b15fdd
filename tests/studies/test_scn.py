"""What the study of SCN compares: arms that differ in one thing, with a margin that fits the batch."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from fer_tutorial.papers.scn import PRESETS
from studies.scn import CHANGED, NOISES, PARTS, RULES, Settings, one_run, plan, variants

SETTINGS = Settings()


def changed(name: str) -> set[str]:
    """The settings in which a variant differs from the paper's rule."""
    config, base = variants(SETTINGS)[name], variants(SETTINGS)["scn"]
    assert config is not None
    assert base is not None
    return {key for key, value in asdict(config).items() if value != asdict(base)[key]}


def test_the_margin_is_the_one_advised_for_the_batch() -> None:
    assert SETTINGS.batch_size == 64
    assert PRESETS["paper_batch_64"].delta_1 == SETTINGS.delta_1 == 0.07


@pytest.mark.parametrize("name", [*RULES[1:], *CHANGED])
def test_variants_differ_in_one_setting(name: str) -> None:
    if name == "official":
        assert changed(name) == {"loss_rule", "relabel_group", "bias"}
    else:
        assert len(changed(name)) == (name != "scn")


def test_every_variant_is_planned_and_starts_before_the_end() -> None:
    assert {*RULES, *CHANGED} == set(variants(SETTINGS))
    for name in {*RULES, *CHANGED} - {"softmax", "scn_never"}:
        config = variants(SETTINGS)[name]
        assert config is not None
        assert 2 <= config.relabel_epoch <= SETTINGS.epochs


def test_the_plan_goes_seed_by_seed_the_most_important_noise_first() -> None:
    arms = plan(NOISES, RULES, seeds=2)
    assert [arm["seed"] for arm in arms] == [0] * 20 + [1] * 20
    assert [arm["noise"] for arm in arms[:20:4]] == ["0.2", "annotator", "0", "0.3", "0.1"]
    assert [arm["variant"] for arm in arms[:4]] == list(RULES)


def test_a_run_without_relabeling_keeps_the_labels_that_all_rules_start_from() -> None:
    quick = Settings(**PARTS["noise"].quick)
    arms = [{"noise": "0.3", "variant": name, "seed": 0} for name in RULES]
    runs = {arm["variant"]: one_run(quick, arm).metrics for arm in arms}
    before = {run["given_label_accuracy"] for run in runs.values()}
    assert len(before) == 1
    assert before == {runs["scn_never"]["label_accuracy"]} == {runs["softmax"]["label_accuracy"]}
