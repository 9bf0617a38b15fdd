"""The same outcomes one after the other and side by side."""

import pytest
import torch

from fer_tutorial.records.processes import Failure, one_thread, outcomes


def halved(number):
    if number == 0:
        raise ZeroDivisionError("nothing to halve")
    return number / 2


@pytest.mark.parametrize("processes", [1, 2])
def test_every_argument_gets_its_value_or_its_traceback(processes):
    found = {argument: value for argument, value, _ in outcomes(abs, [-3, 4, -5], processes)}
    assert found == {-3: 3, 4: 4, -5: 5}


def test_a_call_that_fails_is_told_and_the_others_go_on():
    (first, value, seconds), (second, failure, _), (third, last, _) = outcomes(halved, [4, 0, 6], processes=1)
    assert (first, value, second, third, last) == (4, 2.0, 0, 6, 3.0)
    assert isinstance(failure, Failure)
    assert "ZeroDivisionError: nothing to halve" in failure
    assert not isinstance(value, Failure)
    assert seconds >= 0


def test_one_thread_and_then_as_many_as_before():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError), one_thread():
        halved(0)
    assert torch.get_num_threads() == before
