"""What is drawn: short numbers, the same in every session."""

import torch

from fer_tutorial.course import Draw


def test_the_same_seed_draws_the_same_whatever_the_global_one():
    first = Draw().numbers(3, 4)
    torch.manual_seed(7)
    assert torch.equal(Draw().numbers(3, 4), first)
    assert not torch.equal(Draw(seed=1).numbers(3, 4), first)


def test_drawing_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    Draw().order(5)
    assert torch.equal(torch.get_rng_state(), state)


def test_numbers_are_short_and_within_their_bounds():
    numbers = Draw().numbers(200, low=-1, high=2)
    assert torch.allclose(numbers * 100, (numbers * 100).round(), atol=1e-4)
    assert -1 <= numbers.min() < -0.8
    assert 1.8 < numbers.max() <= 2


def test_shares_lie_strictly_between_0_and_1():
    shares = Draw().shares(300)
    assert 0 < shares.min() < 0.1
    assert 0.9 < shares.max() < 1


def test_labels_are_all_classes_and_no_others():
    assert Draw().labels(100, 4).unique().tolist() == [0, 1, 2, 3]
    assert Draw().integers(100, low=5, high=6).unique().tolist() == [5, 6]


def test_an_order_has_each_number_once():
    order = Draw().order(30)
    assert order.sort().values.tolist() == list(range(30))
    assert order.tolist() != list(range(30))


def test_probabilities_sum_to_one_up_to_their_decimals():
    assert torch.allclose(Draw().probabilities(9, 4).sum(1), torch.ones(9), atol=0.003)
