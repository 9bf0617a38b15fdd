"""The program in the sandbox, run as it is: it answers messages, and forgets between tasks."""

import os
import subprocess
import sys
import time

import pytest
import torch

from fer_tutorial.coursework import wire

TASK = {"helpers": [], "megabytes": 1000, "seconds": 20}


@pytest.fixture(scope="module")
def child():
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "fer_tutorial.coursework.child"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=0
    ) as process:

        def ask(request):
            wire.send(process.stdin.fileno(), request)
            return wire.receive(process.stdout.fileno(), time.monotonic() + 600)

        assert ask({"given": ["import torch\nSCALE = 2.0"]}) == {"ready": True}
        yield ask
        process.stdin.close()
        assert process.wait(600) == 0


def test_values_and_gradients_come_back(child):
    ready = child({**TASK, "cells": ["def f(x):\n    print(x)\n    return SCALE * x"]})
    assert ready["error"] is None
    assert "f" in ready["defines"]
    reply = child({"call": "f", "inputs": {"x": torch.tensor([1.0, 3.0])}, "live": ["x"]})
    assert (reply["error"], reply["live"]) == (None, True)
    assert reply["value"].tolist() == [2, 6]
    assert reply["inputs"]["x"].tolist() == [1, 3]
    assert child({"weights": torch.tensor([1.0, 10.0])})["value"][0].tolist() == [2, 20]
    assert child({"get": "SCALE"})["value"] == 2
    assert child({"end": True})["ended"] == 0


def test_errors_come_back_in_words_and_the_next_task_starts_afresh(child):
    spoiled = "torch.set_default_dtype(torch.float64)\nSCALE = 7\nraise ValueError('no')"
    assert child({**TASK, "cells": [spoiled]})["error"] == {"kind": "ValueError", "message": "no"}
    assert child({"end": True})["ended"] == 0
    child({**TASK, "cells": ["def f():\n    return SCALE * torch.ones(1)"]})
    value = child({"call": "f", "inputs": {}, "live": []})["value"]
    assert (value.item(), value.dtype) == (2, torch.float32)
    assert child({"call": "g", "inputs": {}, "live": []})["error"]["kind"] == "TypeError"
    assert child({"end": True})["ended"] == 0


def test_an_answer_that_ends_itself_is_told(child):
    ended = child({**TASK, "cells": ["import os\nos._exit(3)"]})
    assert ended["ended"] == 3
    assert ended["computed"] >= 0
