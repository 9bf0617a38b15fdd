"""Replies are believed in nothing: a scripted process stands in for the sandbox."""

import signal

import pytest
import torch

from fer_tutorial.course import Wrong
from fer_tutorial.course.trying import Unanswered
from fer_tutorial.coursework import wire
from fer_tutorial.coursework.remote import RemoteAnswer, Session, Stopped


class Scripted:
    """A session whose replies are written down."""

    def __init__(self, *replies):
        self.replies, self.asked = list(replies), []

    def ask(self, request, seconds):
        self.asked.append(request)
        return wire.unpack(wire.pack(self.replies.pop(0)))


def answer(*replies, parameters=("x",)):
    return RemoteAnswer(Scripted(*replies), "f", 10.0, parameters)


X = torch.ones(2)


def value(given, **more):
    return {"error": None, "value": given, "live": False, "inputs": {"x": X}, **more}


def test_inputs_go_in_the_order_of_the_parameters():
    f = answer({**value(1.0), "inputs": {"b": X, "a": X}}, parameters=("b", "a"))
    assert f(a=X, b=X) == 1
    assert list(f.session.asked[0]["inputs"]) == ["b", "a"]


def test_gradients_pass_through():
    f = answer(value(3 * X, live=True), {"error": None, "value": (torch.tensor([3.0, 6.0]),)})
    live = X.clone().requires_grad_()
    (torch.tensor([1.0, 2.0]) * f(x=live)).sum().backward()
    assert live.grad.tolist() == [3, 6]
    assert f.session.asked[1]["weights"].tolist() == [1, 2]


@pytest.mark.parametrize("found", [None, (), (torch.ones(3),), ("x",), [torch.ones(2)]])
def test_a_gradient_that_is_none_is_wrong(found):
    f = answer(value(3 * X, live=True), {"error": None, "value": found})
    live = X.clone().requires_grad_()
    with pytest.raises(Wrong, match="the gradient cannot be computed"):
        f(x=live).sum().backward()


@pytest.mark.parametrize(("reply", "sentence"), [
    (value(object()), "expected numbers, got object"),
    (value([1.0, 1j]), "expected numbers, got complex"),
    (value(1.0, inputs={"x": 2 * X}), "your answer changes the x it is given"),
    (value(1.0, inputs={}), "changes the x"),
    (value(1.0, inputs=3), "changes the x"),
    ({"error": {"kind": "ValueError", "message": "no\nmore"}}, "your answer raised ValueError: no"),
])  # fmt: skip
def test_what_is_wrong_with_a_reply(reply, sentence):
    with pytest.raises(Wrong, match=sentence):
        answer(reply)(x=X)


def test_stubs_memory_and_nonsense():
    for reply in (value(NotImplemented), value((1.0, ...)), {"error": {"kind": "NotImplementedError", "message": ""}}):
        with pytest.raises(Unanswered):
            answer(reply)(x=X)
    memory = {"error": {"kind": "RuntimeError", "message": "DefaultCPUAllocator: can't allocate memory: you tried"}}
    for reply, status in ((memory, "memory"), ({"error": {"kind": "MemoryError"}}, "memory"), ({"error": 3}, "error")):
        with pytest.raises(Stopped) as caught:
            answer(reply)(x=X)
        assert caught.value.status == status


@pytest.mark.parametrize(("code", "computed", "status"), [
    (-signal.SIGXCPU, 1.2, "timeout"),  # the system's ticks may run ahead of what was computed
    (-signal.SIGKILL, 3.0, "timeout"),
    (-signal.SIGKILL, 1.2, "memory"),
    (-signal.SIGSEGV, 0.1, "error"),
    (3, 0.1, "error"),
    ("nonsense", None, "error"),
])  # fmt: skip
def test_why_a_process_ended(code, computed, status):
    class Ending(Session):
        def _exchange(self, request, seconds):
            return {"ended": code, "computed": computed}

    session = Ending(None, [])
    session._process, session._seconds = object(), 2
    with pytest.raises(Stopped) as caught:
        session.ask({}, 1.0)
    assert caught.value.status == status


def test_a_process_that_does_not_answer_is_given_up(sandbox):
    from fer_tutorial.coursework.sandbox import Sandbox

    silent = Sandbox("silent", lambda name: ["sleep", "600"])
    gone = Sandbox("gone", lambda name: ["true"])
    noisy = Sandbox("noisy", lambda name: ["yes"])
    for made in (gone, noisy):
        with Session(made, []) as session, pytest.raises(Stopped) as caught:
            session.begin([], [], 1.0)
        assert caught.value.status == "error"
    with Session(silent, []) as session:
        import subprocess

        session._process = subprocess.Popen(
            silent.command(""), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        with pytest.raises(Stopped) as caught:
            session.ask({"given": []}, 0.05)
        assert caught.value.status == "timeout"
        with pytest.raises(Stopped):
            session.ask({"given": []}, 0.05)


def test_a_container_is_stopped_by_its_own_command(tmp_path):
    from fer_tutorial.coursework.sandbox import Sandbox

    made = Sandbox("container", lambda name: ["true"], lambda name: ["touch", str(tmp_path / name)])
    with Session(made, []) as session, pytest.raises(Stopped):
        session.begin([], [], 1.0)
    assert [path.name.startswith("fer-tutorial-") for path in tmp_path.iterdir()] == [True]
