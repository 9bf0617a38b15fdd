"""Who is drawn: balance, constancy, ranges."""

import torch

from fer_tutorial.faces.identity import AGE_GROUPS, TRAIT_INDEX, TRAITS, sample_identity


def test_sex_age_and_tone_are_crossed_exactly():
    _, attributes = sample_identity(torch.arange(480, 480 + 96))
    cells = attributes["sex"] * 24 + attributes["age_group"] * 6 + attributes["skin_tone"]
    assert torch.equal(cells.bincount(minlength=48), torch.full((48,), 2))


def test_a_subject_is_the_same_person_in_any_company():
    many, _ = sample_identity(torch.arange(100))
    one, _ = sample_identity(torch.tensor([42]))
    assert torch.equal(many[42:43], one)


def test_shares_are_as_documented():
    _, attributes = sample_identity(torch.arange(9600))
    adult = attributes["age_group"] > 0
    male = attributes["sex"] == 1
    bearded = attributes["beard"] > 0
    assert not bearded[~(male & adult)].any()
    assert abs(bearded[male & adult].float().mean() - 0.5) < 0.03
    assert abs(attributes["glasses"][adult].float().mean() - 0.2) < 0.02
    assert abs((attributes["hair_style"][adult & male] == 0).float().mean() - 0.20) < 0.02
    assert abs((attributes["hair_style"][adult & ~male] == 3).float().mean() - 0.42) < 0.02
    assert not (attributes["hair_style"][~adult] == 0).any()


def test_traits_keep_to_their_ranges():
    traits, _ = sample_identity(torch.arange(2000))
    for name, meaning in TRAITS.items():
        column = traits[:, TRAIT_INDEX[name]]
        assert torch.isfinite(column).all(), name
        if meaning.startswith("01"):
            assert column.min() >= 0, name
            assert column.max() <= 1, name


def test_old_people_have_more_wrinkles_and_children_none_to_speak_of():
    traits, attributes = sample_identity(torch.arange(2000))
    wrinkles = traits[:, TRAIT_INDEX["wrinkles"]]
    means = [wrinkles[attributes["age_group"] == k].mean() for k in range(len(AGE_GROUPS))]
    assert means[0] < means[1] < means[2] < means[3]
