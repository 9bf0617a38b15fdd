import json
import os
import threading
import time
from fractions import Fraction

import numpy as np
import pytest
import torch

from fer_tutorial.coursework import wire

VALUES = {
    "nothing": None,
    "numbers": [1, 2.5, True, float("inf"), -(10**30)],
    "words": "ein Wort Ω",
    "nested": {"a": (1, [2, (3.0,)]), "b": []},
    "fraction": Fraction(1, 3),
}
ARRAYS = {
    "tensor": torch.arange(6.0).reshape(2, 3),
    "double": torch.tensor(1.5, dtype=torch.float64),
    "labels": torch.tensor([1, 2]),
    "flags": torch.tensor([True, False]),
    "turned": torch.arange(6.0).reshape(2, 3).T,
    "empty": torch.zeros(0, 3),
    "array": np.arange(3.0),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_values_come_as_they_went(value):
    found = wire.unpack(wire.pack(value))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("value", ARRAYS.values(), ids=ARRAYS)
def test_arrays_come_as_they_went(value):
    found = wire.unpack(wire.pack([value]))[0]
    assert type(found) is type(value)
    assert found.dtype == value.dtype
    assert torch.equal(torch.as_tensor(found), torch.as_tensor(value))


def test_not_a_number_stays_one():
    assert np.isnan(wire.unpack(wire.pack(float("nan"))))
    assert wire.unpack(wire.pack(np.float32(2.0))) == 2


class Liar(torch.Tensor):
    pass


endless = []
endless.append(endless)
OTHERS = {
    "an object": (object(), "object"),
    "a class": (int, "type"),
    "complex": (1j, "complex"),
    "a complex tensor": (torch.ones(1, dtype=torch.complex64), "tensor of 1 numbers of type torch.complex64"),
    "a sparse tensor": (torch.eye(2).to_sparse(), "tensor of"),
    "a tensor without numbers": (torch.ones(1, device="meta"), "tensor of 1 numbers"),
    "a subclass": (torch.ones(1).as_subclass(Liar), "Liar"),
    "strings in an array": (np.array(["a"]), "ndarray"),
    "too much": (torch.zeros(1, dtype=torch.float64).expand(10**8), "tensor of 100000000 numbers"),
    "other keys": ({1: 2}, "dict"),
}


@pytest.mark.parametrize(("value", "kind"), OTHERS.values(), ids=OTHERS)
def test_what_cannot_pass_is_named(value, kind):
    found = wire.unpack(wire.pack(value))
    assert isinstance(found, wire.Other)
    assert found.kind.startswith(kind)


def test_a_list_in_itself_ends():
    found = wire.unpack(wire.pack(endless))
    assert wire.anywhere(found, lambda part: isinstance(part, wire.Other)).kind == "list"


def test_a_stub_stays_one():
    assert wire.unpack(wire.pack((..., NotImplemented))) == (NotImplemented, NotImplemented)


def message(tree, tensors=b""):
    content = json.dumps(tree).encode() if not isinstance(tree, bytes) else tree
    return wire.HEAD.pack(len(content), len(tensors)) + content + tensors


EMPTY = wire.pack({})[-wire.HEAD.unpack(wire.pack({})[: wire.HEAD.size])[1] :]
BROKEN = {
    "short": b"abc",
    "no JSON": message(b"{", EMPTY),
    "a bare list": message([1], EMPTY),
    "no array": message({"tensor": "0"}, EMPTY),
    "two kinds": message({"list": [], "tuple": []}, EMPTY),
    "no tensors": message(1, b"xx"),
    "a long number": message(b"9" * 5000, EMPTY),
    "nested": message(b'{"list": [' * 5000, EMPTY),
    "divided by zero": message({"fraction": [1, 0]}, EMPTY),
    "a pickle": message(b"\x80\x04K\x01.", EMPTY),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_message_is_broken(content):
    with pytest.raises(wire.Broken):
        wire.unpack(content)


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_messages_pass_through_a_pipe(pipe):
    big = torch.arange(10**6)  # more than a pipe holds
    thread = threading.Thread(target=wire.send, args=(pipe[1], [big]))
    thread.start()
    assert torch.equal(wire.receive(pipe[0], time.monotonic() + 100)[0], big)
    thread.join()


def test_nothing_in_time(pipe):
    with pytest.raises(TimeoutError):
        wire.receive(pipe[0], time.monotonic() + 0.01)
    os.write(pipe[1], b"half")
    with pytest.raises(TimeoutError):
        wire.receive(pipe[0], time.monotonic() + 0.01)


def test_a_message_that_claims_to_be_endless_is_not_waited_for(pipe):
    os.write(pipe[1], wire.HEAD.pack(10**18, 1))
    with pytest.raises(wire.Broken):
        wire.receive(pipe[0])
