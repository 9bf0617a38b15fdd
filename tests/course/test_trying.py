"""Running an answer: what it raises, how long it may take, what it may change, and whose functions it calls."""

import contextlib
import functools
import random
import signal
import sys
import threading
import time

import numpy as np
import pytest
import torch

from fer_tutorial.course import Wrong, trying
from fer_tutorial.course.trying import Answer, OutOfTime, Unanswered, as_before, within
from fer_tutorial.papers import scn
from fer_tutorial.papers.center_loss import center_loss
from fer_tutorial.papers.dacl import MeanOne


def raising(error):
    def answer(x):
        raise error

    return answer


# --- what an answer gives -----------------------------------------------------------------------------------------


def test_an_answer_gets_its_inputs_by_position():
    assert Answer(lambda a, b: (a, b))(x=1, y=2) == (1, 2)


@pytest.mark.parametrize("stub", [..., NotImplemented])
def test_a_stub_is_unanswered(stub):
    with pytest.raises(Unanswered):
        Answer(stub)
    for answer in (lambda x: stub, lambda x: (stub, 1), lambda x: [1, stub], functools.partial(lambda y, x: stub, 1)):
        with pytest.raises(Unanswered):
            Answer(answer)(x=1)


def test_an_answer_that_is_not_implemented_is_unanswered():
    for error in (NotImplementedError, NotImplementedError("later")):
        with pytest.raises(Unanswered):
            Answer(raising(error))(x=1)


def test_what_torch_has_not_implemented_is_an_error_of_the_answer():
    with pytest.raises(Wrong, match=r"for x = \[1, 2\]: your answer raised .*not implemented for 'Long'"):
        Answer(lambda x: x.softmax(0))(x=torch.tensor([1, 2]))


@pytest.mark.parametrize("value", [7, None, torch.ones(2)])
def test_a_value_is_no_function(value):
    with pytest.raises(Wrong, match=f"expected a function, got {type(value).__name__}; give its name without calling"):
        Answer(value)(x=1)


# --- what it raises -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("no"), SystemExit("no"), GeneratorExit("no"), BaseException("no")])
def test_an_error_is_a_sentence_with_its_input(error):
    with pytest.raises(Wrong, match=f"^for x = 1: your answer raised {type(error).__name__}: no$") as caught:
        Answer(raising(error))(x=1)
    assert caught.value.inputs == {"x": 1}


def test_the_sentence_is_the_first_line_without_addresses():
    with pytest.raises(Wrong, match=r"raised ValueError: cannot use <object object>$"):
        Answer(raising(ValueError(f"cannot use {object()}\nsecond line")))(x=1)


def test_the_readers_interrupt_is_not_caught():
    with pytest.raises(KeyboardInterrupt):
        Answer(raising(KeyboardInterrupt()))(x=1)


# --- what it changes ----------------------------------------------------------------------------------------------


def clear(x):
    x[0] = 0


@pytest.mark.parametrize("value", [torch.ones(2), np.ones(2), [1, 2], torch.tensor([1, 2])])
def test_an_input_that_is_changed_is_named(value):
    with pytest.raises(Wrong, match=r"^your answer changes the values it is given; work on a copy$"):
        Answer(lambda other, values: clear(values))(other=torch.ones(2), values=value)


def test_networks_and_lists_of_tensors_are_watched_too():
    network = torch.nn.Linear(2, 1)
    with pytest.raises(Wrong, match="changes the network"):
        Answer(lambda network: clear(network.weight.data))(network=network)
    with pytest.raises(Wrong, match="changes the pair"):
        Answer(lambda pair: clear(pair[1]))(pair=(torch.ones(2), torch.ones(2)))


def test_zero_that_changes_its_sign_has_changed():
    with pytest.raises(Wrong, match="changes the x"):
        Answer(lambda x: x.neg_())(x=torch.zeros(1))


def test_random_numbers_and_gradients_are_as_before():
    def numbers():
        return torch.rand(1).item(), random.random(), np.random.rand()  # noqa: NPY002

    def seed(number):
        torch.manual_seed(number)
        random.seed(number)
        np.random.seed(number)  # noqa: NPY002

    seed(5)
    expected = numbers()
    seed(5)
    with torch.no_grad():
        with as_before():
            assert torch.is_grad_enabled()
            inside = numbers()
            seed(9)
            torch.set_grad_enabled(False)
        assert not torch.is_grad_enabled()
    assert numbers() == expected != inside


# --- how long it takes --------------------------------------------------------------------------------------------


def endless():
    while True:
        pass


def deaf():
    """Catches what it can."""
    while True:
        with contextlib.suppress(Exception):
            time.sleep(60)


@pytest.mark.parametrize("work", [endless, deaf, functools.partial(time.sleep, 600)])
def test_in_the_main_thread_whatever_runs_too_long_is_stopped(work):
    with pytest.raises(OutOfTime):
        within(0.05, work)


def test_the_alarm_is_put_back():
    handler = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        signal.setitimer(signal.ITIMER_REAL, 500)
        assert within(5, lambda: 3) == 3
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_IGN
        assert 5 < signal.getitimer(signal.ITIMER_REAL)[0] <= 500
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def in_a_thread(work):
    """What ``work`` gives or raises in another thread."""
    found = []

    def run():
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def test_in_another_thread_it_is_left_to_itself():
    assert in_a_thread(lambda: within(5, lambda: 3)) == 3
    assert isinstance(in_a_thread(lambda: within(5, lambda: 1 / 0)), ZeroDivisionError)
    done = threading.Event()
    assert isinstance(in_a_thread(lambda: within(0.05, done.wait)), OutOfTime)
    done.set()


def test_without_alarms_the_main_thread_is_like_another_one(monkeypatch):
    monkeypatch.delattr(signal, "setitimer")  # as on Windows
    done = threading.Event()
    with pytest.raises(OutOfTime):
        within(0.05, done.wait)
    done.set()


def test_an_endless_answer_is_a_sentence_with_its_input(monkeypatch):
    monkeypatch.setattr(trying, "SECONDS", 0.05)
    with pytest.raises(
        Wrong, match=r"^for x = 1: your answer is still running after 0\.05 seconds; does its loop end\?$"
    ):
        Answer(lambda x: endless())(x=1)


def test_the_time_is_for_all_calls_together(monkeypatch):
    monkeypatch.setattr(trying, "SECONDS", 0.5)
    answer = Answer(time.sleep)
    answer(x=0.3)
    with pytest.raises(Wrong, match="still running"):
        answer(x=0.3)


# --- whose functions it calls -------------------------------------------------------------------------------------

BATCH = {
    "features": torch.ones(2, 3),
    "labels": torch.tensor([0, 1]),
    "centers": torch.zeros(2, 3),
}


@pytest.mark.parametrize(
    "answer", [center_loss, lambda *batch: center_loss(*batch), functools.partial(center_loss, reduction="sum")]
)
def test_a_function_of_the_package_is_named(answer):
    guarded = Answer(answer)
    guarded(**BATCH)
    assert guarded.borrowed == ["center_loss"]  # and not check_embeddings, which it calls in turn


def test_a_method_and_a_decorated_function_are_named():
    guarded = Answer(lambda p, y, a: scn.relabel(p, y, a).labels)
    guarded(p=torch.eye(2), y=torch.tensor([0, 1]), a=torch.rand(2))
    assert guarded.borrowed == ["relabel"]
    mean_one = Answer(MeanOne())
    mean_one(a=torch.ones(2, 2))
    assert mean_one.borrowed == ["MeanOne.forward"]


def test_a_function_that_fails_does_not_hide_the_next():
    def answer(features, labels, centers):
        try:
            center_loss(features[0], labels, centers)
        except ValueError:
            return scn.high_group_size(4, 0.7)

    guarded = Answer(answer)
    guarded(**BATCH)
    assert guarded.borrowed == ["center_loss", "high_group_size"]


def test_an_import_is_no_call(monkeypatch):
    monkeypatch.delitem(sys.modules, "fer_tutorial.vocabulary", raising=False)  # it may not have been imported yet

    def answer(x):
        from fer_tutorial.vocabulary import MIRRORED_LANDMARKS

        return len(MIRRORED_LANDMARKS)

    guarded = Answer(answer)
    assert guarded(x=1) == 68
    assert guarded.borrowed == []


def test_a_profiler_is_put_back():
    def mine(frame, event, argument):
        pass

    before = sys.getprofile()
    sys.setprofile(mine)
    try:
        Answer(lambda x: x)(x=1)
        assert sys.getprofile() is mine
    finally:
        sys.setprofile(before)
